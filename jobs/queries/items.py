"""Find the items of a job."""

from collections.abc import Sequence

from django.db.models import Count

from jobs import states
from jobs.models import Job, JobItem
from jobs.queries.paging import Page


def page_of_items(
    job_id: str, *, state: str = "", limit: int, after: int | None = None
) -> Page[JobItem]:
    """Return up to `limit` items of a job by position, after position `after`."""
    found = JobItem.objects.filter(job_id=job_id)
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(position__gt=after)
    rows = list(found.order_by("position")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].position,) if more else None)


def states_to_retry(job: Job, *, include_cancelled: bool) -> tuple[str, ...]:
    """Return the states of the items that a retry of this job does again."""
    if include_cancelled or job.error:
        return (states.FAILED, states.CANCELLED)
    return (states.FAILED,)


def count_to_retry(job: Job, again: Sequence[str]) -> int:
    """Count the items in the states `again`."""
    counters = {states.FAILED: job.failed, states.CANCELLED: job.cancelled}
    return sum(counters[state] for state in again)


def items_by_state(job_id: str) -> dict[str, int]:
    """Count a job's open items by state, from the rows themselves."""
    found = JobItem.objects.filter(job_id=job_id, state__in=states.ITEM_OPEN).order_by()
    counted = found.values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(states.ITEM_OPEN, 0) | dict(counted)
