"""Say what people know beforehand of business days: of which kind they are, when nothing works."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.conf import settings

from batchops.calendar import business_date
from monitoring.models import CalendarDay, DayKind, MonitoringConfig, PlannedOutage

DAY = timedelta(days=1)
ALL_STEPS = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """A planned time in which one step, or all of CC&B (`batch_code` empty), does not work."""

    batch_code: str
    begins_at: datetime
    ends_at: datetime
    reason: str = ""

    def concerns(self, code: str) -> bool:
        """Whether this step is out then."""
        return self.batch_code in (ALL_STEPS, code)

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.begins_at <= at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCalendar:
    """What is known beforehand of the site's business days.

    `dated` and `yearly` (by month and day) are what people wrote; of other days the place in the
    month decides. `out` names the business days that outages touch, with the step's code.
    """

    dated: Mapping[date, DayKind] = field(default_factory=dict)
    yearly: Mapping[tuple[int, int], DayKind] = field(default_factory=dict)
    last_days: int = 1
    first_days: int = 0
    outages: Sequence[Outage] = ()
    out: frozenset[tuple[str, date]] = frozenset()

    def kind_of(self, day: date) -> DayKind:
        """Return the day's class: as a row for it says, else one for every year, else its place."""
        said = self.dated.get(day) or self.yearly.get((day.month, day.day))
        return said or (DayKind.MONTH_END if self._ends_month(day) else DayKind.ORDINARY)

    def comparable(self, day: date, *, within: timedelta) -> list[date]:
        """Return the days before `day` of its class, newest first; those of an outage too."""
        kind = self.kind_of(day)
        days = (day - n * DAY for n in range(1, within.days + 1))
        return [past for past in days if self.kind_of(past) is kind]

    def is_out(self, code: str, day: date) -> bool:
        """Whether an outage touches the step on that business day."""
        return (ALL_STEPS, day) in self.out or (code, day) in self.out

    def works_from(self, code: str, at: datetime) -> datetime:
        """Return the first moment from `at` on in which no outage holds the step."""
        for outage in self.outages:  # by their beginnings, so one may lead into the next
            if outage.concerns(code) and outage.holds(at):
                at = outage.ends_at
        return at

    def silent(self, first: datetime, last: datetime) -> bool:
        """Whether all of CC&B is out from the one moment to the other."""
        return any(
            each.batch_code == ALL_STEPS and each.begins_at <= first and last < each.ends_at
            for each in self.outages
        )

    def _ends_month(self, day: date) -> bool:
        is_last = (day + self.last_days * DAY).month != day.month
        return is_last or day.day <= self.first_days


def day_calendar(config: MonitoringConfig) -> DayCalendar:
    """Return the calendar as people keep it; two queries."""
    days = list(CalendarDay.objects.all())
    outages = [_outage(row) for row in PlannedOutage.objects.select_related("step")]
    outages.sort(key=lambda outage: outage.begins_at)
    return DayCalendar(
        dated={row.business_date: DayKind(row.kind) for row in days},
        yearly={
            (row.business_date.month, row.business_date.day): DayKind(row.kind)
            for row in days
            if row.yearly
        },
        last_days=config.month_end_last_days,
        first_days=config.month_end_first_days,
        outages=outages,
        out=frozenset(_touched(outages, config.day_start)),
    )


def _outage(row: PlannedOutage) -> Outage:
    code = row.step.batch_code if row.step else ALL_STEPS
    return Outage(code, row.begins_at, row.ends_at, row.reason)


def _touched(outages: Sequence[Outage], day_start: time) -> Iterable[tuple[str, date]]:
    for outage in outages:
        last = outage.ends_at - timedelta(microseconds=1)
        first_day, last_day = (
            business_date(at, zone=settings.SITE_ZONE, day_start=day_start)
            for at in (outage.begins_at, last)
        )
        for n in range((last_day - first_day).days + 1):
            yield outage.batch_code, first_day + n * DAY
