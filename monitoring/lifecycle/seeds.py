"""Create what every installation starts with."""

from django.db import transaction

from monitoring.models import MonitoringConfig, Source, Step
from monitoring.workflow import SEEDED


@transaction.atomic
def seed_workflow() -> None:
    """Create the six steps and the monitoring settings where they are missing."""
    MonitoringConfig.objects.get_or_create(pk=1)
    Source.objects.get_or_create(pk=1)
    if not Step.objects.exists():
        for order, step in enumerate(SEEDED, 1):
            Step.objects.create(sequence_order=order, **step)
