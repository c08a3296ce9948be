"""Share the workers' time among jobs: choose who is served next, and charge who was served.

A job has had `served_s` seconds of workers' time, on one scale for all open jobs; of those with
work, the one that has had least is next. What a chunk will take is charged when it is leased, so
that workers who ask at the same moment do not all choose one job, and is put right when the lease
ends. Who is new, or had no work for a while, begins where the others stand (`served_from_s`, the
greatest `served_s` that any was chosen with): nobody is owed the past.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models.functions import Now

from jobs import states
from jobs.lifecycle.record import locked, move
from jobs.models import Job

# Two looks into one index: of the items that wait for another attempt there may be millions.
# now(), not the clock, so that the planner can look into the index by it.
READY = "i.job_id = {job} AND i.state = 'pending' AND i.not_before IS NULL"
DUE = "i.job_id = {job} AND i.state = 'pending' AND i.not_before <= now()"
# The job with the highest priority, and of these the one that was served least; not one at which
# as many are at work as its type allows. OFFSET 0 makes the planner look into each job by itself:
# it would rather collect the jobs of all pending items first, and there may be millions. The types
# are named twice, for a test of one row comes before the looks into items, and a join after them.
CHOOSE_SQL = f"""
    SELECT j.id, j.type, expansion.wanted, type.cap,
           CASE WHEN j.last_settled_at IS NOT NULL THEN j.item_s END,
           coalesce(j.items_total, j.next_position) - j.succeeded - j.failed - j.cancelled
      FROM jobs_job AS j
      JOIN unnest(%(types)s::text[], %(caps)s::int[]) AS type (name, cap) ON type.name = j.type
     CROSS JOIN LATERAL (
           SELECT j.expanded_at IS NULL AND NOT EXISTS (
                  SELECT FROM jobs_claim AS c WHERE c.job_id = j.id AND c.kind = 'expand')
           AS wanted) AS expansion
     WHERE j.state IN ('pending', 'processing') AND j.waits_until IS NULL
       AND j.type = ANY(%(types)s::text[])
       AND j.cancel_requested_at IS NULL
       AND NOT j.id = ANY(%(passed)s)
       AND (expansion.wanted
            OR (EXISTS (SELECT FROM jobs_jobitem AS i WHERE {READY.format(job="j.id")} OFFSET 0)
                OR EXISTS (SELECT FROM jobs_jobitem AS i WHERE {DUE.format(job="j.id")} OFFSET 0))
               AND (type.cap IS NULL OR type.cap > (
                    SELECT count(*) FROM jobs_claim AS c
                     WHERE c.job_id = j.id AND c.kind = 'items')))
     ORDER BY j.priority DESC, j.served_s, j.created_at
     LIMIT 1
"""  # noqa: S608 (only constants are put together)
# Fair share needs only about the right order: whoever finds the row locked leaves it to the other.
# Before any item is settled nobody knows what one takes, so a chunk is charged as one.
SERVE_SQL = """
    WITH least AS (
        SELECT max(served_from_s) AS served_s
          FROM jobs_job WHERE state IN ('pending', 'processing')),
    held AS (
        SELECT id, item_s * CASE WHEN last_settled_at IS NULL THEN least(1, %(items)s)
                                 ELSE %(items)s END AS charged_s
          FROM jobs_job WHERE id = %(job)s AND state <> 'pending'
           FOR NO KEY UPDATE SKIP LOCKED),
    served AS (
        UPDATE jobs_job AS j
           SET last_served_at = clock_timestamp(),
               served_from_s = greatest(j.served_s, least.served_s),
               served_s = greatest(j.served_s, least.served_s) + held.charged_s
          FROM least, held
         WHERE j.id = held.id
     RETURNING held.charged_s)
    SELECT jobs_job.*, (SELECT charged_s FROM served) AS charged_s
      FROM jobs_job WHERE id = %(job)s
"""
# What an item takes is that of the last chunk, but not less than if the whole chunk had taken an
# eighth of one: a chunk of one may have met the only short item. Part of a transaction that holds
# the job's row, so that whoever makes an item ready at the same moment wakes the job after this.
CHARGE_SQL = """
    UPDATE jobs_job
       SET served_s = served_s + %(spent_s)s - %(charged_s)s,
           item_s = CASE WHEN %(items)s = 0 THEN item_s
               ELSE greatest(%(spent_s)s, item_s / 8) / greatest(1, %(items)s) END,
           waits_until = CASE WHEN expanded_at IS NOT NULL AND reopen_failed = 0
                               AND reopen_cancelled = 0 THEN (
               SELECT CASE WHEN i.not_before > clock_timestamp() THEN i.not_before END
                 FROM jobs_jobitem AS i WHERE i.job_id = %(job)s AND i.state = 'pending'
                ORDER BY i.not_before NULLS FIRST LIMIT 1) END
     WHERE id = %(job)s AND state IN ('pending', 'processing')
"""
WAKE_SQL = """
    UPDATE jobs_job SET waits_until = NULL
     WHERE id IN (SELECT id FROM jobs_job WHERE waits_until <= now()
                   ORDER BY waits_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED)
"""


class Chosen(NamedTuple):
    """A job that has work, and whether that is to make its items first.

    `item_s` is what one of its items lately took, None before any is settled; `left` how many
    of those that were made are not settled.
    """

    job_id: str
    type: str
    wants_expansion: bool
    max_workers: int | None
    item_s: float | None
    left: int


def choose(types: Mapping[str, int | None], *, passed: Sequence[str]) -> Chosen | None:
    """Return the job to serve next, None when no job has work that may begin now.

    Only jobs of `types`, each with the number of workers that may be at one job's items (None:
    any), not those in `passed`.
    """
    values: dict[str, Any] = {
        "types": list(types),
        "caps": list(types.values()),
        "passed": list(passed),
    }
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE_SQL, values)
        row = cursor.fetchone()
    return Chosen(*row) if row else None


def wake_jobs() -> int:
    """Let jobs be chosen again whose items waited for another attempt that is due; say how many.

    At most 1,000 at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAKE_SQL)
        return int(cursor.rowcount)


def serve(job_id: str, worker: str, *, items: int = 0) -> tuple[Job, float]:
    """Note that a worker has leased `items` of a job, which starts it if need be.

    Part of the caller's transaction. Returns the job, and what it was charged, in seconds.
    """
    values: dict[str, Any] = {"job": job_id, "items": items}
    job: Job = Job.objects.raw(SERVE_SQL, values)[0]
    if job.state == states.PENDING:
        job = locked(job_id)
        if job.state == states.PENDING:
            actor = f"system:{worker}"
            move(job, "start", actor=actor, state=states.PROCESSING, started_at=Now())
        job = Job.objects.raw(SERVE_SQL, values)[0]
    return job, getattr(job, "charged_s", None) or 0.0


def charge(job_id: str, *, spent_s: float, charged_s: float = 0.0, items: int = 0) -> None:
    """Count a worker's time on its job, and remember what an item takes.

    Part of a transaction that holds the job's row. A job all of whose items wait for
    another attempt is not looked into until the first is due.
    """
    values: dict[str, Any] = {
        "job": job_id,
        "spent_s": spent_s,
        "charged_s": charged_s,
        "items": items,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHARGE_SQL, values)
