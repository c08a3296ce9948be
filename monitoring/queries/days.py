"""Read business days: their bounds, when steps are expected on them, what was left."""

from datetime import date, datetime

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery

from batchops.calendar import business_day, moment_in_day
from monitoring.calendar import DayCalendar
from monitoring.models import WHOLE_DAY, MonitoringConfig, Run, Step, StepDay


def first_day() -> date | None:
    """Return the first business day of which a run is held, None before there is one."""
    return Run.objects.order_by("business_date").values_list("business_date", flat=True).first()


def left_pending() -> set[tuple[str, date]]:
    """Return the codes of steps that work off measurements with the days that left some pending.

    A day did when measurements were pending at its last reading. One query.
    """
    drains = Step.objects.filter(drains_imd=True).order_by()
    left = StepDay.objects.filter(batch_code=WHOLE_DAY, imd_left__gt=0)
    days = left.annotate(codes=ArraySubquery(drains.values("batch_code")))
    found = days.values_list("business_date", "codes")
    return {(code, day) for day, codes in found for code in codes}


def expected_at(step: Step, day: date, *, config: MonitoringConfig, known: DayCalendar) -> datetime:
    """Return when the step should start on a business day; after an outage planned for then."""
    begins_at, _ = day_bounds(day, config)
    hour = moment_in_day(begins_at, step.expected_start, zone=settings.SITE_ZONE)
    return known.works_from(step.batch_code, hour)


def day_bounds(day: date, config: MonitoringConfig) -> tuple[datetime, datetime]:
    """Return the first moment of business day `day` and of the next."""
    return business_day(day, zone=settings.SITE_ZONE, day_start=config.day_start)
