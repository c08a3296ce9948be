"""Read what the jobs of all days came to, and what is open now; for monitoring systems."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Greatest

from jobs import states
from jobs.models import SECONDS_BOUNDS, Job, JobDay
from jobs.queries.days import ALL_TYPES

# In the order of Totals.
SUMMED = ("started", *states.ENDED, "items_succeeded", "items_failed")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a type's jobs came to since the first day; `within`: how many within each bound."""

    type: str
    started: int
    completed: int
    completed_with_errors: int
    failed: int
    cancelled: int
    items_succeeded: int
    items_failed: int
    seconds_sum: float
    within: Sequence[int]


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """How many jobs of a type are open in one state, and how many known items they have left."""

    type: str
    state: str
    jobs: int
    items_left: int


def totals() -> list[Totals]:
    """Return what all counted days together came to, by type; counted anew every minute.

    They have a row for each type and day for ever, some ten thousand in years. Durations are of
    the days that were counted with bounds.
    """
    timed = Q(seconds_within__isnull=False)
    sums = [Sum(name, default=0) for name in SUMMED]
    within = [Sum(f"seconds_within__{n}", default=0) for n, _ in enumerate(SECONDS_BOUNDS)]
    days = JobDay.objects.exclude(type=ALL_TYPES).order_by("type").values_list("type")
    rows = days.annotate(
        **{f"sum{n}": each for n, each in enumerate(sums)},
        seconds=Sum("seconds_sum", filter=timed, default=0.0),
        **{f"within{n}": each for n, each in enumerate(within)},
    )
    return [_totals(row) for row in rows]


def open_jobs() -> list[OpenJobs]:
    """Count the open jobs by type and state."""
    left = F("items_total") - F("succeeded") - F("failed") - F("cancelled")
    rows = Job.objects.open().order_by("type", "state").values_list("type", "state")
    counted = rows.annotate(Count("pk"), left=Sum(Greatest(left, 0), default=0))
    return [OpenJobs(*row) for row in counted]


def _totals(row: Sequence[Any]) -> Totals:
    figures = len(row) - len(SECONDS_BOUNDS)
    values: list[Any] = [*row[:figures], row[figures:]]
    return Totals(*values)
