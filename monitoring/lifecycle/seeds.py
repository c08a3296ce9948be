"""Create what every installation starts with."""

from collections.abc import Iterable
from datetime import date

from django.apps import apps
from django.db import transaction

from monitoring.models import CalendarDay, DayKind, MonitoringConfig, RuleSetting, Source, Step
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


@transaction.atomic
def seed_calendar(holidays: Iterable[date], *, last_days: int, first_days: int) -> None:
    """Keep a site's yearly holidays and month ends where nobody has kept any calendar yet.

    `last_days` of a month and `first_days` of the next count as its end. Once a row was written
    people decide, and this changes nothing.
    """
    if _calendar_was_kept():
        return
    MonitoringConfig.objects.filter(pk=1).update(
        month_end_last_days=last_days, month_end_first_days=first_days
    )
    CalendarDay.objects.bulk_create(
        CalendarDay(business_date=day, kind=DayKind.HOLIDAY, yearly=True) for day in holidays
    )


def _calendar_was_kept() -> bool:
    """Whether there ever was a row: its versions outlive it."""
    versions = apps.get_model("monitoring", "CalendarDayEvent")
    return CalendarDay.objects.exists() or bool(versions.objects.exists())
