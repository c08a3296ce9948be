"""Say what the jobs of a day came to."""

from typing import TypedDict

from batchops.shapes import Day
from jobs.bodies.writing import rounded
from jobs.models import JobDay


class JobDayBody(TypedDict):
    """What the jobs of one business day came to; the type is null where it stands for all."""

    date: Day
    type: str | None
    started: int
    completed: int
    completedWithErrors: int
    failed: int
    cancelled: int
    itemsSucceeded: int
    itemsFailed: int
    secondsSum: float
    secondsP50: float | None
    secondsP95: float | None


class StatisticsBody(TypedDict):
    """The days from the first to the last asked for that have figures, newest first."""

    first: Day
    last: Day
    days: list[JobDayBody]


def day_body(day: JobDay) -> JobDayBody:
    """Return what the jobs of one day came to; the type is null where it stands for all."""
    return {
        "date": day.date.isoformat(),
        "type": day.type or None,
        "started": day.started,
        "completed": day.completed,
        "completedWithErrors": day.completed_with_errors,
        "failed": day.failed,
        "cancelled": day.cancelled,
        "itemsSucceeded": day.items_succeeded,
        "itemsFailed": day.items_failed,
        "secondsSum": round(day.seconds_sum, 1),
        "secondsP50": rounded(day.seconds_p50),
        "secondsP95": rounded(day.seconds_p95),
    }
