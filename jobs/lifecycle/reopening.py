"""Let the items of a new generation be done again: few at once, many batch by batch by workers.

What is left to reopen keeps the state in which it ended and is counted in `reopen_failed` and
`reopen_cancelled`, so that the job's counters are those of its generation from the first moment,
and the job cannot be over before the last item is open again. It goes by position, so an item
that fails anew is not opened twice.
"""

from typing import Any

from django.db import connection, transaction
from django.db.models import F

from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle.claims import Lease, claim_step, renew
from jobs.lifecycle.record import push
from jobs.models import Job

BATCH = 2_000
# The states stand in the text, for only so the planner finds the index of the failed ones.
REOPEN_SQL = """
    WITH chosen AS MATERIALIZED (
        SELECT id, position, state FROM jobs_jobitem
         WHERE job_id = %(job)s AND state IN ({states}) AND position >= %(start)s
         ORDER BY position LIMIT %(limit)s FOR NO KEY UPDATE),
    opened AS (
        UPDATE jobs_jobitem AS i
           SET state = 'pending', attempts = 0, deaths = 0, suspect = false, error = '',
               result = NULL, not_before = NULL, started_at = NULL, finished_at = NULL
          FROM chosen WHERE i.id = chosen.id)
    SELECT count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'cancelled'),
           max(position) + 1
      FROM chosen
"""


def to_be_reopened(again: tuple[str, ...]) -> dict[str, Any]:
    """Return the changes by which a new generation begins: nothing of `again` is open yet."""
    left = {state: F(state) if state in again else 0 for state in (states.FAILED, states.CANCELLED)}
    return {
        "reopen_from": 0,
        "reopen_failed": left[states.FAILED],
        "reopen_cancelled": left[states.CANCELLED],
    }


def left_as_it_was() -> dict[str, Any]:
    """Return the changes that end the reopening where it stands; the rest stays as it ended."""
    return {
        "failed": F("failed") + F("reopen_failed"),
        "cancelled": F("cancelled") + F("reopen_cancelled"),
        "carried": F("carried") + F("reopen_failed"),
        "reopen_failed": 0,
        "reopen_cancelled": 0,
    }


def reopen_few(job: Job) -> None:
    """Open the items of a job at once if they are few; part of the transaction of its retry."""
    if 0 < job.to_reopen <= BATCH:
        _reopen_batch(job)


def claim_reopening(job_id: str, *, worker: str) -> Lease | None:
    """Lease the reopening of a job's items; None when another worker has it or it is done."""
    with transaction.atomic():
        claim = claim_step(job_id, kind=states.REOPEN, worker=worker)
        job = Job.objects.get(pk=job_id)
        if claim is None or not job.to_reopen:
            transaction.set_rollback(True)
            return None
        return Lease(*claim, job, states.REOPEN)


@transaction.atomic
def reopen_items(lease: Lease) -> bool:
    """Let the next items of a job be done again; say whether more are left.

    :raises LostClaim: when the lease ran out, or a cancel ended the reopening.
    """
    renew(lease)
    job = Job.objects.get(pk=lease.job.pk)
    if not job.to_reopen:
        return False
    left = _reopen_batch(job)
    push(job.pk)
    return bool(left)


def _reopen_batch(job: Job) -> int:
    again = {states.FAILED: job.reopen_failed, states.CANCELLED: job.reopen_cancelled}
    named = ", ".join(f"'{state}'" for state, left in again.items() if left)
    values: dict[str, Any] = {"job": job.pk, "start": job.reopen_from, "limit": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(REOPEN_SQL.format(states=named), values)
        failed, cancelled, after = cursor.fetchone()
    if after is None:  # the counters said more than there is; who believed them would never end
        failed, cancelled, after = job.reopen_failed, job.reopen_cancelled, job.reopen_from
    # The guard decides under the job's lock, after the items: a cancel that ended the reopening
    # meanwhile counted these as they were.
    begun = Job.objects.open().filter(
        pk=job.pk,
        generation=job.generation,
        reopen_from=job.reopen_from,
        reopen_failed=job.reopen_failed,
        reopen_cancelled=job.reopen_cancelled,
    )
    if not begun.update(
        reopen_from=after,
        waits_until=None,
        reopen_failed=F("reopen_failed") - failed,
        reopen_cancelled=F("reopen_cancelled") - cancelled,
    ):
        raise LostClaim(f"The reopening of items of job {job.pk} was ended by somebody else.")
    return job.to_reopen - int(failed) - int(cancelled)
