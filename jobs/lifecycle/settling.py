"""Take in what workers report, and decide in the same transaction whether the job is over."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle.claims import Lease, lost, renew
from jobs.lifecycle.items import cancel_these
from jobs.lifecycle.record import count, finish_if_settled, locked, note, push
from jobs.lifecycle.turns import charge
from jobs.models import Job, JobItem

# Only what still runs under this claim is written, and only that is counted: a report that
# arrives twice, because the answer to the first was lost, counts once. A claim's items are the
# running ones (a constraint says so); coalesce keeps the planner from the statistics of that
# column, by which it expects one row and joins 500 with 500 by comparing each with each. When an
# item began and ended its worker says in seconds before this statement: the clock is
# the database's.
SETTLE_SQL = """
    WITH written AS (
        UPDATE jobs_jobitem AS i
           SET state = o.state, result = o.result::jsonb, error = o.error, claim_id = NULL,
               suspect = false,
               not_before = clock_timestamp() + make_interval(secs => o.delay_s),
               started_at = coalesce(statement_timestamp() - make_interval(secs => o.began_s),
                                     i.started_at),
               finished_at = CASE WHEN o.state <> 'pending' THEN
                   statement_timestamp() - make_interval(secs => coalesce(o.ended_s, 0)) END
          FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::float8[],
                      %s::float8[], %s::float8[])
               AS o (id, state, result, error, delay_s, began_s, ended_s)
         WHERE i.id = o.id AND coalesce(i.claim_id, 0) = %s
     RETURNING i.state)
    SELECT state, count(*) FROM written GROUP BY state
"""
RETURN_SQL = """
    UPDATE jobs_jobitem
       SET state = 'pending', claim_id = NULL, attempts = attempts - 1, started_at = NULL
     WHERE id = ANY(%s) AND claim_id = %s AND state = 'running'
 RETURNING id
"""
DELETE_SQL = """
    DELETE FROM jobs_claim WHERE id = %s AND token = %s
 RETURNING extract(epoch FROM clock_timestamp() - created_at)
"""

# What a worker does of a job while it is open; what follows its end costs it no turn.
CHARGED = (states.ITEMS, states.EXPAND, states.REOPEN)


@dataclass(slots=True)
class Outcome:
    """How one item went. State pending: it is to be tried again, after `retry_after`.

    `began_at` and `ended_at` are by this process' time.monotonic(). Without them the item began
    when it was leased, and ends when it is settled.
    """

    item_id: int
    state: str
    result: Any = None
    error: str = ""
    retry_after: timedelta | None = None
    began_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What the worker should know after a settle: stop if the job is to be cancelled."""

    cancel_wished: bool


def settle(
    lease: Lease,
    outcomes: Sequence[Outcome],
    *,
    ends: bool,
    unbegun: Sequence[int] = (),
    repeated: bool = False,
) -> Settled:
    """Store what a worker did, count it, and end the job if that was the last of it.

    With `ends` the lease is given back, and with it the `unbegun` items, which somebody else may
    begin, or which are cancelled if that is wished. `repeated` says that nobody knows whether
    the same report was stored before, because the answer was lost.

    :raises LostClaim: when the lease was taken away; nothing is stored, but that is recorded.
    """
    try:
        with transaction.atomic():
            if not ends:
                renew(lease)
                return _settle(lease, outcomes)
            spent_s = end(lease)
            settled = _settle(lease, outcomes, unbegun=unbegun)
            _charge(lease, spent_s, begun=len(lease.items) - len(unbegun))
            return settled
    except LostClaim:
        if not (repeated and _is_stored(outcomes)):
            _record_refusal(lease, len(outcomes))
        raise


def _settle(lease: Lease, outcomes: Sequence[Outcome], *, unbegun: Sequence[int] = ()) -> Settled:
    counts = _write(lease, outcomes)
    if unbegun:
        return_items(lease.claim_id, unbegun)
    returned = [outcome.item_id for outcome in outcomes if outcome.state == states.PENDING]
    return close(lease.job.pk, counts, returned=[*returned, *unbegun], actor="system:worker")


def close(
    job_id: str, counts: Mapping[str, int], *, returned: Sequence[int], actor: str
) -> Settled:
    """Count settled items on the job, honour a wish to cancel, and end the job if it is over.

    Part of the caller's transaction, which has written the items already. `returned` are those
    it made pending again: if the wish came first, they are cancelled here, else whoever carries
    out the wish finds them pending.
    """
    job = count(job_id, counts)
    if job is None:
        raise LostClaim(f"Job {job_id} has ended, so nothing more can be reported on it.")
    if returned and job.cancel_requested_at is not None:
        job = count(job_id, {states.CANCELLED: cancel_these(returned)}) or job
    if not finish_if_settled(job, actor=actor):
        push(job_id)
    return Settled(cancel_wished=job.cancel_requested_at is not None)


def _write(lease: Lease, outcomes: Sequence[Outcome]) -> Counter[str]:
    if not outcomes:
        return Counter()
    now = time.monotonic()
    columns: list[Any] = [
        [outcome.item_id for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [None if o.result is None else json.dumps(o.result) for o in outcomes],
        [outcome.error for outcome in outcomes],
        [_seconds(outcome.retry_after) for outcome in outcomes],
        [None if o.began_at is None else now - o.began_at for o in outcomes],
        [None if o.ended_at is None else now - o.ended_at for o in outcomes],
    ]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE_SQL, [*columns, lease.claim_id])
        return Counter(dict(cursor.fetchall()))


def _seconds(delay: timedelta | None) -> float | None:
    return None if delay is None else delay.total_seconds()


def return_items(claim_id: int, item_ids: Sequence[int]) -> list[int]:
    """Make items pending as if this claim had never taken them; return those it still held.

    Part of the caller's transaction, which has locked the claim and hands what comes back to
    `close`.
    """
    with connection.cursor() as cursor:
        cursor.execute(RETURN_SQL, [list(item_ids), claim_id])
        return [item_id for (item_id,) in cursor.fetchall()]


def _is_stored(outcomes: Sequence[Outcome]) -> bool:
    ids = [outcome.item_id for outcome in outcomes if outcome.state in states.ITEM_ENDED]
    return not JobItem.objects.filter(pk__in=ids, state__in=states.ITEM_OPEN).exists()


def _record_refusal(lease: Lease, reports: int) -> None:
    job = Job.objects.filter(pk=lease.job.pk).first()
    if job is not None:
        reason = f"A late report of {reports} items came under a lease that had run out."
        note(job, "refuse", actor="system:worker", reason=reason)


def end(lease: Lease) -> float:
    """Give back a lease; part of the caller's transaction, which settles what was done under it.

    Returns for how many seconds it was held.

    :raises LostClaim: when the lease had run out and was taken away.
    """
    held_s = _delete(lease)
    if held_s is None:
        raise lost(lease)
    return held_s


@transaction.atomic
def release(lease: Lease) -> None:
    """Give back a lease with nothing to settle; nothing happens when it was lost already."""
    held_s = _delete(lease)
    if held_s is not None and lease.kind in CHARGED:
        locked(lease.job.pk)
        _charge(lease, held_s, begun=len(lease.items))


def _charge(lease: Lease, spent_s: float, *, begun: int) -> None:
    if lease.charged_s is not None:
        charge(lease.job.pk, spent_s=spent_s, charged_s=lease.charged_s, items=begun)


def _delete(lease: Lease) -> float | None:
    # Nothing refers to a claim, which Django would look for row by row.
    with connection.cursor() as cursor:
        cursor.execute(DELETE_SQL, [lease.claim_id, lease.token])
        row = cursor.fetchone()
    return float(row[0]) if row else None
