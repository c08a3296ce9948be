"""Change items in sets: cancel those that nobody has begun."""

from collections.abc import Sequence

from django.db import connection

# SKIP LOCKED: who holds an item is about to work on it, and its worker will see the wish.
CANCEL_PENDING_SQL = """
    WITH chosen AS MATERIALIZED (
        SELECT id FROM jobs_jobitem
         WHERE job_id = %s AND state = 'pending'
         ORDER BY not_before NULLS FIRST, position LIMIT %s
           FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE jobs_jobitem AS i
       SET state = 'cancelled', finished_at = clock_timestamp()
      FROM chosen WHERE i.id = chosen.id
"""
CANCEL_THESE_SQL = """
    UPDATE jobs_jobitem
       SET state = 'cancelled', finished_at = clock_timestamp()
     WHERE id = ANY(%s) AND state = 'pending'
"""


def cancel_batch(job_id: str, *, limit: int) -> int:
    """Cancel up to `limit` pending items of a job; return how many that were."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_PENDING_SQL, [job_id, limit])
        return int(cursor.rowcount)


def cancel_these(item_ids: Sequence[int]) -> int:
    """Cancel those of the given items that are pending; return how many that were."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_THESE_SQL, [list(item_ids)])
        return int(cursor.rowcount)
