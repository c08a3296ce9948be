"""Show how far the items at work are."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from batchops.live.publish import publish
from jobs.lifecycle.claims import Lease, lost
from jobs.progress import Reading

# It is no sign of life of the lease: it changes no indexed column, so it costs next to nothing.
SHOW_SQL = """
    UPDATE jobs_claim AS c
       SET item_since = CASE WHEN c.item_id IS NOT DISTINCT FROM %(item)s
                             THEN coalesce(c.item_since, clock_timestamp() - %(worked_for)s)
                             ELSE clock_timestamp() - %(worked_for)s END,
           item_id = %(item)s, progress_done = %(done)s, progress_total = %(total)s,
           progress_note = %(note)s
      FROM jobs_job AS j
     WHERE c.id = %(claim)s AND c.token = %(token)s AND j.id = c.job_id
 RETURNING j.cancel_requested_at IS NOT NULL
"""


@transaction.atomic
def show_progress(
    lease: Lease, reading: Reading | None, *, item_id: int | None, worked_for: timedelta
) -> bool:
    """Keep which item is at work and what it says of itself, if it does, and push its job.

    Without `item_id` it is about the whole chunk, whose items are done at once.

    Returns whether a cancel is wished.

    :raises LostClaim: when the lease was taken away.
    """
    values: dict[str, Any] = {
        "item": item_id,
        "worked_for": worked_for,
        "done": reading.done if reading else None,
        "total": reading.total if reading else None,
        "note": reading.note if reading else "",
        "claim": lease.claim_id,
        "token": lease.token,
    }
    with connection.cursor() as cursor:
        cursor.execute(SHOW_SQL, values)
        row = cursor.fetchone()
    if row is None:
        raise lost(lease)
    publish(f"job:{lease.job.pk}")
    return bool(row[0])
