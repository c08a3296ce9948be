"""Create what every installation starts with."""

from django.db import transaction

from monitoring.models import MonitoringConfig, RuleSetting, Source, Step
from monitoring.rules.catalogue import KINDS
from monitoring.workflow import SEEDED


@transaction.atomic
def seed_workflow() -> None:
    """Create the six steps, the monitoring settings and each rule's where they are missing."""
    MonitoringConfig.objects.get_or_create(pk=1)
    Source.objects.get_or_create(pk=1)
    if not Step.objects.exists():
        for order, step in enumerate(SEEDED, 1):
            Step.objects.create(sequence_order=order, **step)
    have = set(RuleSetting.objects.filter(step=None).values_list("rule", flat=True))
    missing = [kind for kind in KINDS.values() if kind.code not in have]
    RuleSetting.objects.bulk_create(
        (RuleSetting(rule=kind.code, thresholds=kind.defaults) for kind in missing),
        ignore_conflicts=True,
    )
