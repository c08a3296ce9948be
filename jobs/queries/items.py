"""Find the items of a job."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from jobs import states
from jobs.models import Job, JobItem
from jobs.queries.paging import Page
from jobs.queries.searching import search_items

RUNNING_SQL = """
    SELECT count(*)
      FROM jobs_claim AS c
      JOIN jobs_jobitem AS i ON i.id = ANY(c.item_ids) AND i.claim_id = c.id
     WHERE c.job_id = %s
"""


def page_of_items(
    job_id: str, *, state: str = "", search: str = "", limit: int, after: int | None = None
) -> Page[JobItem]:
    """Return up to `limit` of what items_of finds by position, after position `after`."""
    found = items_of(job_id, state=state, search=search)
    if after is not None:
        found = found.filter(position__gt=after)
    rows = list(found.order_by("position")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].position,) if more else None)


def items_of(job_id: str, *, state: str = "", search: str = "") -> QuerySet[JobItem]:
    """Return a job's items, all or those in `state`, at position `search` or so labelled."""
    found = JobItem.objects.filter(job_id=job_id)
    if state:
        found = found.filter(state=state)
    return search_items(found, search) if search else found


def states_to_retry(job: Job, *, include_cancelled: bool) -> tuple[str, ...]:
    """Return the states of the items that a retry of this job does again."""
    if include_cancelled or job.error:
        return (states.FAILED, states.CANCELLED)
    return (states.FAILED,)


def count_to_retry(job: Job, again: Sequence[str]) -> int:
    """Count the items in the states `again`."""
    counters = {states.FAILED: job.failed, states.CANCELLED: job.cancelled}
    return sum(counters[state] for state in again)


def count_running(job_id: str) -> int:
    """Count the items that workers hold now, by their claims: a job may have millions."""
    with connection.cursor() as cursor:
        cursor.execute(RUNNING_SQL, [job_id])
        return int(cursor.fetchone()[0])
