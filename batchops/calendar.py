"""Place moments in the site's business days, whatever its zone does at a clock change."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def business_date(at: datetime, *, zone: ZoneInfo, day_start: time) -> date:
    """Return the business day that the aware moment `at` belongs to.

    Day D runs from `day_start` of D to `day_start` of D + 1 on the site's wall clock.
    """
    local = at.astimezone(zone)
    return local.date() if local.time() >= day_start else local.date() - timedelta(days=1)


def business_day(day: date, *, zone: ZoneInfo, day_start: time) -> tuple[datetime, datetime]:
    """Return the first moment of business day `day` and of the next one, both in UTC."""
    return (
        _moment(day, zone=zone, day_start=day_start),
        _moment(day + timedelta(days=1), zone=zone, day_start=day_start),
    )


def moment_in_day(begins_at: datetime, hour: time, *, zone: ZoneInfo) -> datetime:
    """Return when a site's clock shows `hour` in the business day that begins at `begins_at`."""
    local = begins_at.astimezone(zone)
    day = local.date() + timedelta(days=int(hour < local.time()))
    return on_the_wall(datetime.combine(day, hour), zone=zone)


def on_the_wall(wall: datetime, *, zone: ZoneInfo) -> datetime:
    """Return in UTC when a zone's clock shows the naive `wall` first.

    A time that spring leaves out comes at the end of the gap.
    """
    while True:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
        wall += timedelta(minutes=1)


def _moment(day: date, *, zone: ZoneInfo, day_start: time) -> datetime:
    return on_the_wall(datetime.combine(day, day_start), zone=zone)


# Whoever keeps the site's day start says how to read it; until then the day starts at five.
_day_starts: list[Callable[[], time]] = [lambda: time(5)]


def tell_day_start(read: Callable[[], time]) -> None:
    """Let `read` say from now on when the site's business day starts."""
    _day_starts.append(read)


def site_day_start() -> time:
    """Return when the site's business day starts, on its wall clock."""
    return _day_starts[-1]()
