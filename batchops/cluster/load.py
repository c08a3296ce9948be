"""Keep what there was to do for workers and how many were busy, a row a minute, for a week."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from batchops.models import LoadSample

KEPT = timedelta(days=7)
SHOWN = timedelta(hours=24)
SPAN = timedelta(minutes=15)
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
COURSE_SQL = """
    SELECT span.begins_at, max(s.items_waiting), max(s.jobs_waiting), max(s.jobs_running),
           max(s.workers_busy), max(s.workers)
      FROM generate_series(%(since)s::timestamptz, %(last)s, %(span)s) AS span (begins_at)
      LEFT JOIN batchops_loadsample AS s
        ON s.at >= span.begins_at AND s.at < span.begins_at + %(span)s
     GROUP BY span.begins_at ORDER BY span.begins_at
"""


@dataclass(frozen=True, slots=True)
class Span:
    """The most of each figure in a quarter of an hour; None where no sample was taken."""

    begins_at: datetime
    items_waiting: int | None
    jobs_waiting: int | None
    jobs_running: int | None
    workers_busy: int | None
    workers: int | None


def note(sample: LoadSample) -> None:
    """Keep a sample; of two of one minute, the first."""
    LoadSample.objects.bulk_create([sample], ignore_conflicts=True)


def course(at: datetime) -> list[Span]:
    """Return the quarters of an hour of the last day, the oldest first, the one of `at` last."""
    last = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    asked: dict[str, Any] = {"since": last - SHOWN + SPAN, "last": last, "span": SPAN}
    with connection.cursor() as cursor:
        cursor.execute(COURSE_SQL, asked)
        return [Span(*row) for row in cursor.fetchall()]


def last_look() -> datetime | None:
    """Return when the newest sample was taken, None before there is any."""
    return LoadSample.objects.order_by("-at").values_list("at", flat=True).first()


def waiting_since() -> datetime | None:
    """Return the first of the samples since when each saw work; None if the last saw none.

    It is as old as the oldest sample if nothing else is known.
    """
    idle = LoadSample.objects.filter(items_waiting=0, jobs_waiting=0).order_by("-at").values("at")
    last_idle = Coalesce(Subquery(idle[:1]), Value(BEFORE_ALL))
    since = LoadSample.objects.filter(at__gt=last_idle).order_by("at")
    return since.values_list("at", flat=True).first()


def forget(*, before: datetime) -> int:
    """Remove the samples taken before a moment; return how many."""
    return LoadSample.objects.filter(at__lt=before).delete()[0]
