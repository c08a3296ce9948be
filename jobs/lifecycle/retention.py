"""Remove what is old: items of ended jobs, then their rows; a little at a time."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from batchops.append_only import KEPT
from batchops.live.publish import publish
from jobs import states
from jobs.lifecycle.record import log
from jobs.lifecycle.uploads import release_uploads
from jobs.models import Artifact, Job, JobEvent, ScheduleSlot, StartKey, Upload

ACTOR = "system:retention"
# What one transaction removes at most: some hundredths of a second's work.
ITEMS_A_BATCH = 5_000
JOBS_A_BATCH = 100
# Items of ended jobs have no other writer, so this waits for nobody and nobody for it.
REMOVE_ITEMS_SQL = """
    WITH losing AS MATERIALIZED (
        SELECT id FROM jobs_job WHERE items_removed_at IS NOT NULL AND NOT items_purged),
    chosen AS MATERIALIZED (
        SELECT i.id FROM losing JOIN jobs_jobitem AS i ON i.job_id = losing.id LIMIT %s)
    DELETE FROM jobs_jobitem AS i USING chosen WHERE i.id = chosen.id
"""
CLOSE_SQL = """
    UPDATE jobs_job AS j SET items_purged = true
     WHERE j.items_removed_at IS NOT NULL AND NOT j.items_purged
       AND NOT EXISTS (SELECT FROM jobs_jobitem AS i WHERE i.job_id = j.id)
"""


@transaction.atomic
def expire_items(
    *, before: datetime, of: str = "", but: Collection[str] = (), limit: int = JOBS_A_BATCH
) -> int:
    """Give up the items of jobs that ended before a moment; return of how many jobs.

    Of jobs of the type `of` that have their summary, or of all types but those in `but`; not of
    one that an open job follows. From now on such a job cannot be retried and none may follow on
    it; `remove_items` does the rest.
    """
    old = Job.objects.filter(state__in=states.ENDED, finished_at__lt=before, items_removed_at=None)
    old = old.filter(type=of, summarised_at__isnull=False) if of else old.exclude(type__in=but)
    old = old.exclude(Exists(Job.objects.open().filter(parent=OuterRef("pk"))))
    locking = old.order_by("finished_at").select_for_update(no_key=True, skip_locked=True)
    expired = _unneeded(list(locking[:limit]))
    ids = [job.pk for job in expired]
    Job.objects.filter(pk__in=ids, state__in=states.ENDED).update(items_removed_at=Now())
    release_uploads(ids)
    JobEvent.objects.bulk_create(_removal_of(job) for job in expired)
    if ids:
        log.info("remove_items jobs=%d by=%s", len(ids), ACTOR)
        publish(*(f"job:{job_id}" for job_id in ids))
    return len(ids)


def _unneeded(jobs: list[Job]) -> list[Job]:
    """Return those, locked already, that no open job follows: one may have come before the lock."""
    needed = set(Job.objects.open().filter(parent__in=jobs).values_list("parent_id", flat=True))
    return [job for job in jobs if job.pk not in needed]


def remove_items(*, limit: int = ITEMS_A_BATCH) -> int:
    """Remove up to `limit` items that were given up; return how many; 0 when none is left."""
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_ITEMS_SQL, [limit])
        removed = int(cursor.rowcount)
        if removed < limit:
            cursor.execute(CLOSE_SQL)
    return removed


@transaction.atomic
def remove_jobs(*, before: datetime, limit: int = JOBS_A_BATCH) -> int:
    """Remove the rows of jobs that ended before a moment, with their summaries; return how many.

    One whose items or files are still there, or that others follow, stays until those are gone;
    one that people did something to stays until that may be removed.
    """
    by_people = JobEvent.objects.filter(job=OuterRef("pk"), at__gt=Now() - KEPT)
    touched = by_people.exclude(actor__startswith="system:")
    followed = Job.objects.filter(parent=OuterRef("pk"))
    filed = Artifact.objects.filter(job=OuterRef("pk")).exclude(storage_name="")
    old = Job.objects.filter(finished_at__lt=before, items_purged=True)
    given = Upload.objects.filter(job=OuterRef("pk"))
    old = old.exclude(Exists(followed) | Exists(filed) | Exists(given) | Exists(touched))
    old = old.order_by("finished_at")
    ids = list(old.values_list("pk", flat=True)[:limit])
    Artifact.objects.filter(job__in=ids).delete()
    Job.objects.filter(pk__in=ids).delete()
    if ids:
        log.info("remove jobs=%d by=%s", len(ids), ACTOR)
        publish("jobs")
    return len(ids)


def remove_start_keys(*, before: datetime, limit: int = ITEMS_A_BATCH) -> int:
    """Remove Idempotency-Keys that no longer bind; return how many."""
    old = StartKey.objects.filter(created_at__lt=before).values("pk")[:limit]
    return StartKey.objects.filter(pk__in=old).delete()[0]


def remove_slots(*, before: datetime, limit: int = ITEMS_A_BATCH) -> int:
    """Remove what became of due times before a moment; each schedule keeps its newest."""
    newer = ScheduleSlot.objects.filter(
        schedule=OuterRef("schedule"), due_at__gt=OuterRef("due_at")
    )
    old = ScheduleSlot.objects.filter(Exists(newer), due_at__lt=before).values("pk")[:limit]
    return ScheduleSlot.objects.filter(pk__in=old).delete()[0]


def _removal_of(job: Job) -> JobEvent:
    return JobEvent(
        job=job,
        verb="remove_items",
        actor=ACTOR,
        reason="They were older than jobs of this type keep theirs.",
        generation=job.generation,
        before=job.state,
        after=job.state,
    )
