"""Say within which hours of the week somebody is to be told, on the site's clock; plain Python."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `begin` to `end` on each of `days`; an end that is not later lies on the next day."""

    begin: time
    end: time
    days: frozenset[int]
    zone: ZoneInfo

    def earliest(self, at: datetime) -> datetime:
        """Return the first moment within these hours that is not before `at`.

        An hour that the clocks leave out or give twice counts as it passes. Without days
        nothing is within, and it is `at`.
        """
        today = at.astimezone(self.zone).date()
        for ahead in range(-1, 9):
            day = today + ahead * ONE_DAY
            begins_at, ends_at = self._span(day)
            if day.weekday() in self.days and at < ends_at:
                return max(at, begins_at)
        return at

    def _span(self, day: date) -> tuple[datetime, datetime]:
        last = day if self.end > self.begin else day + ONE_DAY
        begins_at = datetime.combine(day, self.begin, self.zone)
        ends_at = datetime.combine(last, self.end, self.zone)
        return begins_at.astimezone(UTC), ends_at.astimezone(UTC)
