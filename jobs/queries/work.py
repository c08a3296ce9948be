"""Find the work that is left: wishes to carry out, summaries to make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q, QuerySet

from jobs import states
from jobs.models import Claim, Job, JobItem, RunSummary

# What an item reported counts for as long as it runs; after that its numbers are old.
ACTIVE_SQL = """
    SELECT c.first_position, c.last_position, i.position,
           CASE WHEN about.it THEN c.progress_done END,
           CASE WHEN about.it THEN c.progress_total END,
           CASE WHEN about.it THEN c.progress_note ELSE '' END,
           coalesce(CASE WHEN about.it THEN c.item_since END, c.created_at) AS since_at, c.worker
      FROM jobs_claim AS c
      LEFT JOIN jobs_jobitem AS i ON i.id = c.item_id AND i.claim_id = c.id
     CROSS JOIN LATERAL (SELECT c.item_id IS NULL OR i.id IS NOT NULL AS it) AS about
     WHERE c.job_id = %s AND c.kind = 'items'
     ORDER BY since_at, c.id LIMIT 50
"""

# OFFSET 0 makes the planner look into each such job by itself, for of pending items there may be
# millions and of such jobs there are few.
CANCELS_SQL = """
    SELECT j.id FROM jobs_job AS j
     WHERE j.state IN ('pending', 'processing') AND j.cancel_requested_at IS NOT NULL
       AND EXISTS (
           SELECT FROM jobs_jobitem AS i WHERE i.job_id = j.id AND i.state = 'pending' OFFSET 0)
     LIMIT 5
"""

STEPS_SQL = """
    SELECT EXISTS (SELECT FROM jobs_job WHERE reopen_failed > 0 OR reopen_cancelled > 0)
        OR EXISTS (SELECT FROM jobs_job WHERE finished_at IS NOT NULL AND summarised_at IS NULL)
        OR EXISTS (SELECT FROM jobs_artifact WHERE state = 'making')
"""


def cancels_left() -> list[str]:
    """Return the ids of up to 5 open jobs that are to be cancelled and still have pending items."""
    with connection.cursor() as cursor:
        cursor.execute(CANCELS_SQL)
        return [job_id for (job_id,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Work:
    """What one worker has in hand: items of the range, at the moment perhaps that at `position`.

    `done`, `total` and `note` are what the item, or without `position` all of them, reported.
    """

    first: int
    last: int
    position: int | None
    done: int | None
    total: int | None
    note: str
    since_at: datetime
    worker: str


def active_work(job_id: str) -> list[Work]:
    """Return what workers have in hand of a job's items, the longest at it first, at most 50."""
    with connection.cursor() as cursor:
        cursor.execute(ACTIVE_SQL, [job_id])
        return [Work(*row) for row in cursor.fetchall()]


def next_attempt_at(job: Job) -> datetime | None:
    """Return when the next item may begin, if all that are left wait; None if nobody is to wait.

    `job` comes from queries.jobs().
    """
    waiting = JobItem.objects.filter(job_id=job.pk, state=states.PENDING)
    first = waiting.order_by(F("not_before").asc(nulls_first=True), "position").first()
    if first is None or first.not_before is None or first.not_before <= job.read_at:
        return None
    held = Claim.objects.filter(job_id=job.pk).exists()
    return None if held else first.not_before


def may_have_steps() -> bool:
    """Say by one quick look whether a step other than items may be due; a False is certain."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS_SQL)
        return bool(cursor.fetchone()[0])


def is_expanding() -> bool:
    """Say whether a worker makes a job's items, or opens them again, at this moment."""
    return Claim.objects.filter(kind__in=(states.EXPAND, states.REOPEN)).exists()


def to_reopen(*, types: Sequence[str]) -> QuerySet[Job]:
    """Return the retried jobs of `types` that have items to open again, which nobody does now."""
    left = Job.objects.filter(Q(reopen_failed__gt=0) | Q(reopen_cancelled__gt=0), type__in=types)
    return left.exclude(claims__kind=states.REOPEN).order_by("-priority", "pk")


def summary_of(job: Job) -> RunSummary | None:
    """Return the summary of a job's present generation, None when it was not made yet."""
    return RunSummary.objects.filter(job=job, generation=job.generation).first()


def to_summarise(*, types: Sequence[str] | None = None) -> QuerySet[Job]:
    """Return the ended jobs whose summary is missing and that nobody makes it for."""
    found = Job.objects.filter(finished_at__isnull=False, summarised_at=None)
    if types is not None:
        found = found.filter(type__in=types)
    return found.exclude(claims__kind=states.SUMMARY).order_by("finished_at")
