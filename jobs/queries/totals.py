"""Read what the jobs of all days came to, and what is open now; for monitoring systems."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Sum
from django.db.models.functions import Greatest

from jobs.models import Job

# A row for each type and day, for ever: some ten thousand in years, read in milliseconds.
TOTALS_SQL = """
    SELECT type, sum(started), sum(completed), sum(completed_with_errors), sum(failed),
           sum(cancelled), sum(items_succeeded), sum(items_failed),
           coalesce(sum(seconds_sum) FILTER (WHERE seconds_within IS NOT NULL), 0),
           coalesce(sum(completed + completed_with_errors + failed + cancelled)
                    FILTER (WHERE seconds_within IS NOT NULL), 0),
           ARRAY(SELECT sum(n)::bigint FROM jobs_jobday AS d,
                        unnest(d.seconds_within) WITH ORDINALITY AS within (n, bound)
                  WHERE d.type = jobs_jobday.type GROUP BY bound ORDER BY bound)
      FROM jobs_jobday
     WHERE type <> ''
     GROUP BY type
     ORDER BY type
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a type's jobs came to since the first day; `timed` of them are in `within`."""

    type: str
    started: int
    completed: int
    completed_with_errors: int
    failed: int
    cancelled: int
    items_succeeded: int
    items_failed: int
    seconds_sum: float
    timed: int
    within: Sequence[int]


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """How many jobs of a type are open in one state, and how many known items they have left."""

    type: str
    state: str
    jobs: int
    items_left: int


def totals() -> list[Totals]:
    """Return what all counted days together came to, by type; counted anew every minute."""
    with connection.cursor() as cursor:
        cursor.execute(TOTALS_SQL)
        return [Totals(*row) for row in cursor.fetchall()]


def open_jobs() -> list[OpenJobs]:
    """Count the open jobs by type and state."""
    left = F("items_total") - F("succeeded") - F("failed") - F("cancelled")
    rows = Job.objects.open().order_by("type", "state").values_list("type", "state")
    counted = rows.annotate(Count("pk"), left=Sum(Greatest(left, 0), default=0))
    return [OpenJobs(*row) for row in counted]
