"""Find the items of a job."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from jobs import states
from jobs.models import Claim, Job, JobItem
from jobs.queries.paging import Page
from jobs.queries.searching import first_searched, search_items

TAKEN = Q(is_taken=True)
# Of what a claim holds, a worker is at one item, or at all if they are done at once.
HELD_SQL = """
    SELECT i.id, coalesce(cardinality(c.item_ids) = 1 OR i.id = c.item_id
                          OR (c.item_id IS NULL AND c.item_since IS NOT NULL), false)
      FROM jobs_claim AS c
      JOIN jobs_jobitem AS i ON i.id = ANY(c.item_ids) AND i.claim_id = c.id
     WHERE c.job_id = %s
"""


def page_of_items(
    job_id: str, *, state: str = "", search: str = "", limit: int, after: int | None = None
) -> Page[JobItem]:
    """Return up to `limit` of what items_of finds by position, after position `after`.

    Each kind of item that matches is read by an index of its own: a job may have millions.
    """
    start = 0 if after is None else after + 1
    found: dict[int, JobItem] = {}
    for part in _parts(job_id, state):
        if search:
            first = first_searched(part, search, start=start, limit=limit + 1)
        else:
            first = list(part.filter(position__gte=start).order_by("position")[: limit + 1])
        found |= {item.pk: item for item in first}
    rows = sorted(found.values(), key=lambda item: item.position)
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].position,) if more else None)


def items_of(job_id: str, *, state: str = "", search: str = "") -> QuerySet[JobItem]:
    """Return a job's items, all or those shown in `state`, at position `search` or so labelled.

    Each says by `is_taken` whether it only waits in a worker's hand, and is shown as pending.
    """
    found = _items(job_id)
    if state == states.RUNNING:
        found = found.filter(~TAKEN, state=state)
    elif state == states.PENDING:
        found = found.filter(Q(state=state) | TAKEN)
    elif state:
        found = found.filter(state=state)
    return search_items(found, search) if search else found


def _items(job_id: str) -> QuerySet[JobItem]:
    at_it = Claim.objects.filter(
        Q(item_ids__len=1) | Q(item_id=OuterRef("pk")) | Q(item_id=None, item_since__isnull=False),
        pk=OuterRef("claim_id"),
    )
    shown: dict[str, Any] = {
        "is_taken": Case(
            When(state=states.RUNNING, then=~Exists(at_it)), default=Value(value=False)
        )
    }
    return JobItem.objects.filter(job_id=job_id).annotate(**shown)


def _parts(job_id: str, state: str) -> list[QuerySet[JobItem]]:
    """Return in parts, each of one index, the items of a job that are shown in `state`."""
    every = _items(job_id)
    if state == states.RUNNING:
        return [every.filter(state=state, pk__in=_held(job_id, at_work=True))]
    if state == states.PENDING:
        unheld = every.filter(state=state)
        taken = every.filter(state=states.RUNNING, pk__in=_held(job_id, at_work=False))
        return [unheld.filter(not_before=None), unheld.filter(not_before__isnull=False), taken]
    return [every.filter(state=state) if state else every]


def states_to_retry(job: Job, *, include_cancelled: bool) -> tuple[str, ...]:
    """Return the states of the items that a retry of this job does again."""
    if include_cancelled or job.error:
        return (states.FAILED, states.CANCELLED)
    return (states.FAILED,)


def count_to_retry(job: Job, again: Sequence[str]) -> int:
    """Count the items in the states `again`."""
    counters = {states.FAILED: job.failed, states.CANCELLED: job.cancelled}
    return sum(counters[state] for state in again)


def lists_the_rest(job: Job, again: Sequence[str]) -> bool:
    """Say whether a retry makes items, too, that a cancel came before; nobody knows how many."""
    return job.cut_short and states.CANCELLED in again


def count_running(job_id: str) -> int:
    """Count the items that workers are at now, by their claims: a job may have millions."""
    return len(_held(job_id, at_work=True))


def _held(job_id: str, *, at_work: bool) -> list[int]:
    """Return which of the items that workers hold they are at, or are not."""
    with connection.cursor() as cursor:
        cursor.execute(HELD_SQL, [job_id])
        return [item_id for item_id, is_at_it in cursor.fetchall() if is_at_it == at_work]
