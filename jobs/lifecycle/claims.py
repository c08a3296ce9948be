"""Give work to workers: lease a chunk or a step of a job."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle.record import locked, log
from jobs.lifecycle.turns import DUE, READY, serve
from jobs.models import Claim, Job

# An ended job shall have its summary within 40 s, though a worker dies over it: a sweep comes
# every 30 s at the latest, so the lease leaves it time for both.
SUMMARY_LEASE = timedelta(seconds=6)
# First those whose next attempt is due: when that is, their type has said. MATERIALIZED: without
# it the planner may lock more rows than the limit says. Both looks follow the order of the index
# and have a limit that is a number: with one to be computed the planner expects a tenth of all
# items, and reads the whole table (530 ms with a million, instead of some).
TAKE_SQL = f"""
    WITH due AS MATERIALIZED (
        SELECT i.id, i.position FROM jobs_jobitem AS i
         WHERE {DUE.format(job="%(job)s")} AND i.suspect = %(suspect)s
         ORDER BY i.not_before NULLS FIRST, i.position LIMIT %(limit)s
           FOR NO KEY UPDATE SKIP LOCKED),
    ready AS MATERIALIZED (
        SELECT i.id, i.position FROM jobs_jobitem AS i
         WHERE {READY.format(job="%(job)s")} AND i.suspect = %(suspect)s
         ORDER BY i.not_before NULLS FIRST, i.position LIMIT %(limit)s
           FOR NO KEY UPDATE SKIP LOCKED),
    chosen AS MATERIALIZED (
        SELECT id, position
          FROM (SELECT 1 AS turn, * FROM due UNION ALL SELECT 2, * FROM ready) AS either
         ORDER BY turn, position LIMIT %(limit)s),
    lease AS (
        INSERT INTO jobs_claim (job_id, kind, worker, token, item_ids, cancel_seen,
                                created_at, heartbeat_at, expires_at,
                                first_position, last_position)
        SELECT %(job)s, 'items', %(worker)s, %(token)s, array_agg(id), false,
               clock_timestamp(), clock_timestamp(), clock_timestamp() + %(lease)s,
               min(position), max(position)
          FROM chosen HAVING count(*) > 0
     RETURNING id)
    UPDATE jobs_jobitem AS i
       SET state = 'running', claim_id = lease.id, attempts = i.attempts + 1,
           started_at = clock_timestamp()
      FROM chosen, lease
     WHERE i.id = chosen.id
 RETURNING lease.id, i.id, i.position, i.params, i.attempts
"""  # noqa: S608 (only constants are put together)
STEP_SQL = """
    INSERT INTO jobs_claim (job_id, kind, worker, token, item_ids, cancel_seen,
                            created_at, heartbeat_at, expires_at)
    VALUES (%(job)s, %(kind)s, %(worker)s, %(token)s, '{}', false,
            clock_timestamp(), clock_timestamp(), clock_timestamp() + %(lease)s)
        ON CONFLICT (job_id, kind) WHERE NOT kind = 'items' DO NOTHING
 RETURNING id
"""
# A lease lasts from when its worker gave the sign of life, one moment for both columns.
RENEW_SQL = """
    UPDATE jobs_claim AS c
       SET heartbeat_at = statement_timestamp(), expires_at = statement_timestamp() + %s,
           cancel_seen = j.cancel_requested_at IS NOT NULL
      FROM jobs_job AS j
     WHERE c.id = %s AND c.token = %s AND j.id = c.job_id
 RETURNING c.cancel_seen
"""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One item as its worker sees it; `attempt` counts from 1 in each generation."""

    id: int
    position: int
    params: Any
    attempt: int


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker holds: a claim, the token that proves it, and the work.

    `charged_s` is the worker's time that its job was charged for beforehand; None when it is
    charged for none, because a program outside does the work.
    """

    claim_id: int
    token: UUID
    job: Job
    kind: str
    items: tuple[WorkItem, ...] = ()
    charged_s: float | None = 0.0


@transaction.atomic
def claim_items(
    job_id: str,
    *,
    limit: int,
    worker: str,
    max_workers: int | None = None,
    charges: bool = True,
) -> Lease | None:
    """Lease up to `limit` pending items of a job; None when others were faster.

    An item whose worker died is leased alone, after all others: if it kills again, only it is
    to blame. With `max_workers`, no more workers than that hold items of the job at a time.
    Unless it `charges`, the work costs no time of the site's workers.

    :raises JobNotFound: when there is none, which only `max_workers` makes it look up.
    """
    if max_workers is not None and _are_enough(job_id, max_workers):
        return None
    token = uuid4()
    values: dict[str, Any] = {
        "job": job_id,
        "worker": worker,
        "token": token,
        "lease": settings.JOBS_LEASE,
    }
    rows = _take(values | {"suspect": False, "limit": limit})
    rows = rows or _take(values | {"suspect": True, "limit": 1})
    if not rows:
        return None
    job, charged_s = serve(job_id, worker, items=len(rows) if charges else 0)
    items = tuple(sorted((WorkItem(*row[1:]) for row in rows), key=lambda item: item.position))
    return Lease(rows[0][0], token, job, states.ITEMS, items, charged_s if charges else None)


def _are_enough(job_id: str, max_workers: int) -> bool:
    """Say whether that many workers hold items of the job; its row orders those who ask.

    The lock comes before the items', against the order, which does no harm: from here on
    nothing is waited for, as items that others hold are skipped.
    """
    locked(job_id)
    return Claim.objects.filter(job_id=job_id, kind=states.ITEMS).count() >= max_workers


def _take(values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SQL, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [(*row[:3], _loaded(row[3]), row[4]) for row in rows]


def _loaded(value: Any) -> Any:
    # Django's connections hand jsonb over as text.
    return json.loads(value) if isinstance(value, str) else value


@transaction.atomic
def claim_expansion(job_id: str, *, worker: str) -> Lease | None:
    """Lease the making of a job's items; None when another worker has it or it is done."""
    claim = claim_step(job_id, kind=states.EXPAND, worker=worker)
    if claim is None:
        return None
    job = locked(job_id)
    if not job.is_open or job.expanded_at is not None:
        transaction.set_rollback(True)
        return None
    return Lease(*claim, serve(job_id, worker)[0], states.EXPAND)


def claim_step(job_id: str, *, kind: str, worker: str) -> tuple[int, UUID] | None:
    """Lease a step that one worker at a time may do; None while another holds it."""
    token = uuid4()
    values: dict[str, Any] = {
        "job": job_id,
        "kind": kind,
        "worker": worker,
        "token": token,
        "lease": lease_time(kind),
    }
    with connection.cursor() as cursor:
        cursor.execute(STEP_SQL, values)
        row = cursor.fetchone()
    return (row[0], token) if row else None


def lease_time(kind: str) -> timedelta:
    """Return how long a lease of this kind lasts without a sign of life."""
    if kind == states.SUMMARY:
        return min(SUMMARY_LEASE, settings.JOBS_LEASE)
    return settings.JOBS_LEASE


def renew(lease: Lease, *, time: timedelta | None = None) -> bool:
    """Prolong a lease from now on, by `time` if given; return whether a cancel is wished.

    :raises LostClaim: when the lease had run out and was taken away.
    """
    with connection.cursor() as cursor:
        values: list[Any] = [time or lease_time(lease.kind), lease.claim_id, lease.token]
        cursor.execute(RENEW_SQL, values)
        row = cursor.fetchone()
    if row is None:
        raise lost(lease)
    return bool(row[0])


def lost(lease: Lease) -> LostClaim:
    """Return the error that tells a worker to report nothing more; it is logged."""
    log.warning("lease lost job=%s claim=%d", lease.job.pk, lease.claim_id)
    return LostClaim(f"The lease on {lease.kind} of job {lease.job.pk} ran out.")
