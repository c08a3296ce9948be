"""Say how fast runs go and pending measurements drain, from one reading to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from monitoring.models import Poll, Run, RunSample
from monitoring.queries import Freshness

# CC&B's times have whole seconds: over less than this a speed would be noise.
LEAST_INTERVAL = timedelta(seconds=60)
Reading = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class ImdCourse:
    """How many initial measurements (IMDs) were pending over a business day.

    `last` is None when no reading saw the day; `drain_rps` is how many went per second over the
    last interval, 0 when they did not get fewer.
    """

    last: int | None = None
    peak: int = 0
    drain_rps: float | None = None


def imd_courses(days: Iterable[date]) -> dict[date, ImdCourse]:
    """Return the course of each of the days that a reading saw, in one query."""
    readings: dict[date, list[Reading]] = {}
    polls = Poll.objects.filter(
        business_date__in=days, succeeded=True, pending_imd__isnull=False
    ).order_by("source_at", "id")
    rows: Any = polls.values_list("business_date", "source_at", "pending_imd")
    for day, at, pending in rows:
        readings.setdefault(day, []).append((at, pending))
    return {day: _course(course) for day, course in readings.items()}


def rps_lately(runs: Sequence[Run], fresh: Freshness) -> dict[int, float]:
    """Return the records per second of running runs over the last interval, by the run's id.

    A run that did not move has 0; one of which too little is known is left out.
    """
    read_at = fresh.source_at
    if read_at is None or not runs:
        return {}
    began_at = _reading_before(read_at)
    if began_at is None:
        return {}
    newest = RunSample.objects.filter(run__in=runs, at__lte=began_at).order_by("run", "-at")
    known = dict(newest.distinct("run").values_list("run_id", "records_processed"))
    speeds = {run.pk: _speed(run, known.get(run.pk), began_at, read_at) for run in runs}
    return {pk: speed for pk, speed in speeds.items() if speed is not None}


def _speed(run: Run, records: int | None, began_at: datetime, read_at: datetime) -> float | None:
    if records is None and run.started_at < began_at:
        return None
    seconds = (read_at - max(began_at, run.started_at)).total_seconds()
    gained: int = run.records_processed - (records or 0)
    return round(max(gained, 0) / seconds, 2) if seconds > 0 else None


def _reading_before(read_at: datetime) -> datetime | None:
    earlier = Poll.objects.filter(succeeded=True, source_at__lte=read_at - LEAST_INTERVAL)
    return earlier.order_by("-started_at").values_list("source_at", flat=True).first()


def _course(readings: list[Reading]) -> ImdCourse:
    last_at, last = readings[-1]
    return ImdCourse(last, max(pending for _, pending in readings), _drain(readings, last_at))


def _drain(readings: list[Reading], last_at: datetime) -> float | None:
    before = [one for one in readings if one[0] <= last_at - LEAST_INTERVAL]
    if not before:
        return None
    began_at, pending = before[-1]
    gone = pending - readings[-1][1]
    return round(max(gone, 0) / (last_at - began_at).total_seconds(), 2)
