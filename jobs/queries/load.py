"""Read what workers have in hand, what waits for them, and how much they get done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from jobs import states
from jobs.models import Claim
from jobs.queries.figures import recent_rate
from jobs.queries.finding import COUNTED, jobs

IN_HAND_SHOWN = 50
IN_HAND_SQL = """
    SELECT c.job_id, j.title, c.kind, c.worker, c.created_at, c.first_position, c.last_position,
           c.progress_note, c.expires_at < clock_timestamp()
      FROM jobs_claim AS c JOIN jobs_job AS j ON j.id = c.job_id
     ORDER BY c.created_at, c.id LIMIT %s
"""
# Open jobs are few; were they very many, so many rows are read and no more.
WAITING_SQL = """
    SELECT count(*), count(*) FILTER (WHERE state = 'pending'),
           count(*) FILTER (WHERE items_total IS NULL),
           coalesce(sum(items_total - succeeded - failed - cancelled), 0),
           min(created_at) FILTER (WHERE state = 'pending'),
           min(created_at) FILTER (WHERE items_total > succeeded + failed + cancelled),
           (SELECT count(*) FROM (SELECT FROM jobs_job WHERE waits_until IS NOT NULL
                                   LIMIT %(limit)s) AS first),
           (SELECT min(waits_until) FROM jobs_job WHERE waits_until IS NOT NULL),
           (SELECT count(*) FROM (SELECT FROM jobs_job
                                   WHERE finished_at IS NOT NULL AND summarised_at IS NULL
                                   LIMIT %(limit)s) AS first)
      FROM (SELECT state, items_total, succeeded, failed, cancelled, created_at FROM jobs_job
             WHERE state IN ('pending', 'processing') LIMIT %(limit)s) AS open
"""
# The items of an end are those of its generation, as jobs.statistics counts them.
ENDS_SQL = """
    WITH ends AS MATERIALIZED (
        SELECT e.job_id, e.generation, e.at, e.after FROM jobs_jobevent AS e
         WHERE e.verb = 'finish' AND e.at > %(since)s
         ORDER BY e.at DESC LIMIT %(limit)s),
    done AS MATERIALIZED (
        SELECT ends.at, ends.after, own.failed
               + greatest(0, own.succeeded - coalesce(earlier.succeeded, 0)) AS items
          FROM ends
          LEFT JOIN jobs_runsummary AS own
            ON own.job_id = ends.job_id AND own.generation = ends.generation
          LEFT JOIN LATERAL (
               SELECT s.succeeded FROM jobs_runsummary AS s
                WHERE s.job_id = ends.job_id AND s.generation < ends.generation
                ORDER BY s.generation DESC LIMIT 1) AS earlier ON true)
"""
DONE_SQL = """
    SELECT count(done.at),
           count(done.at) FILTER (WHERE done.after IN ('failed', 'completed_with_errors')),
           coalesce(sum(done.items), 0), (SELECT count(*) FROM ends) = %(limit)s
      FROM unnest(%(begins)s::timestamptz[]) AS w (begins_at)
      LEFT JOIN done ON done.at > w.begins_at
     GROUP BY w.begins_at ORDER BY w.begins_at DESC
"""
BY_MINUTE_SQL = """
    SELECT m.begins_at,
           count(done.at) FILTER (WHERE done.after NOT IN ('failed', 'completed_with_errors')),
           count(done.at) FILTER (WHERE done.after IN ('failed', 'completed_with_errors')),
           coalesce(sum(done.items), 0)
      FROM generate_series(%(since)s::timestamptz, %(last)s, interval '1 minute') AS m (begins_at)
      LEFT JOIN done ON date_trunc('minute', done.at) = m.begins_at
     GROUP BY m.begins_at ORDER BY m.begins_at
"""
OLDEST_SQL = """
    SELECT (SELECT min(first.at) FROM unnest(%s::text[]) AS t (name), LATERAL (
                SELECT min(finished_at) AS at FROM jobs_job
                 WHERE type = t.name AND finished_at IS NOT NULL AND items_removed_at IS NULL)
                AS first),
           (SELECT min(created_at) FROM jobs_job),
           (SELECT due_at FROM jobs_scheduleslot ORDER BY id LIMIT 1),
           (SELECT min(at) FROM batchops_loadsample),
           (SELECT min(date) FROM jobs_jobday)
"""
# Those that go first.
OLDEST_FILES_SQL = """
    SELECT (SELECT made_at FROM jobs_artifact
             WHERE state = 'ready' ORDER BY expires_at LIMIT 1),
           (SELECT created_at FROM jobs_upload
             WHERE state IN ('receiving', 'checking', 'complete') ORDER BY expires_at LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class InHand:
    """One lease: what a worker does of a job, since when; `lost` when it was not renewed."""

    job_id: str
    title: str
    kind: str
    worker: str
    since_at: datetime
    first: int | None
    last: int | None
    note: str
    lost: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for workers; each figure is of the first `COUNTED` open jobs.

    `oldest_at` is of the jobs not begun, `items_since_at` of those with items that are not done;
    `items` are all of these, also those in somebody's hands. `uncounted` jobs do not know their
    items yet. The items of `resting` jobs all wait for another attempt, the first until `due_at`;
    `unsummarised` ones have ended.
    """

    open_jobs: int
    pending_jobs: int
    uncounted: int
    items: int
    oldest_at: datetime | None
    items_since_at: datetime | None
    resting: int
    due_at: datetime | None
    unsummarised: int

    @property
    def capped(self) -> bool:
        """Whether there are more, so that the figures say "at least"."""
        return self.open_jobs >= COUNTED


@dataclass(frozen=True, slots=True)
class Done:
    """Which jobs ended within a time before now, and the items these did; `capped`: at least."""

    within: timedelta
    jobs: int
    bad: int
    items: int
    capped: bool

    @property
    def items_per_s(self) -> float:
        return self.items / self.within.total_seconds()


@dataclass(frozen=True, slots=True)
class MinuteDone:
    """How many jobs ended in one minute, well and with errors or failed, and the items they did."""

    begins_at: datetime
    good: int
    bad: int
    items: int


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest of each kind of rows that retention keeps for a time; None when there is none."""

    items_at: datetime | None
    job_at: datetime | None
    slot_at: datetime | None
    sample_at: datetime | None
    day: date | None


def in_hand() -> list[InHand]:
    """Return what workers have leased, the longest held first, at most 50."""
    with connection.cursor() as cursor:
        cursor.execute(IN_HAND_SQL, [IN_HAND_SHOWN])
        return [InHand(*row) for row in cursor.fetchall()]


def busy_workers() -> int:
    """Return how many of the site's workers have something in hand, and were heard of in time."""
    held = Claim.objects.filter(expires_at__gt=Now()).exclude(worker__startswith=states.OUTSIDE)
    return held.values("worker").distinct().count()


def waiting() -> Waiting:
    """Return what waits for workers."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING_SQL, {"limit": COUNTED})
        return Waiting(*cursor.fetchone())


def rate_now() -> float:
    """Return the items that are settled a second, of the jobs that workers have in hand."""
    worked_on = jobs().filter(pk__in=Claim.objects.values("job"))
    return sum(recent_rate(job) or 0.0 for job in worked_on)


def done_within(spans: Sequence[timedelta], *, at: datetime) -> list[Done]:
    """Return what ended within each of `spans`, the shortest first, before `at`."""
    ordered = sorted(spans)
    begins = [at - span for span in ordered]
    asked: dict[str, Any] = {"since": begins[-1], "begins": begins, "limit": COUNTED}
    with connection.cursor() as cursor:
        cursor.execute(ENDS_SQL + DONE_SQL, asked)
        rows = cursor.fetchall()
    return [Done(span, *row) for span, row in zip(ordered, rows, strict=True)]


def done_by_minute(*, at: datetime, minutes: int = 60) -> list[MinuteDone]:
    """Return what ended in each of the last minutes before that of `at`, the oldest first."""
    now = at.replace(second=0, microsecond=0)
    since, last = now - timedelta(minutes=minutes), now - timedelta(minutes=1)
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"since": since, "last": last, "limit": COUNTED}
        cursor.execute(ENDS_SQL + BY_MINUTE_SQL, asked)
        return [MinuteDone(*row) for row in cursor.fetchall()]


def oldest_kept(types: Sequence[str]) -> Oldest:
    """Return how old the oldest of what is kept is; of the items, of jobs of `types`."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_SQL, [list(types)])
        return Oldest(*cursor.fetchone())


def oldest_files() -> tuple[datetime | None, datetime | None]:
    """Return how old the oldest ZIP and the oldest upload without a job are; None without one."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_FILES_SQL)
        zip_at, upload_at = cursor.fetchone()
    return zip_at, upload_at
