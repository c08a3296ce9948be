"""Find the jobs that a move on many at once could change."""

from collections.abc import Mapping

from django.db.models import Q

from jobs import states
from jobs.models import Job, JobQuerySet
from jobs.queries.finding import JobFilter, JobKey

RETRYABLE = (states.COMPLETED_WITH_ERRORS, states.FAILED, states.CANCELLED)
CHANGEABLE: Mapping[str, Q] = {
    "cancel": Q(state__in=states.OPEN, cancel_requested_at=None),
    # Nothing failed in those that completed; they are the most by far.
    "retry": Q(state__in=RETRYABLE, items_removed_at=None) & (Q(failed__gt=0) | ~Q(error="")),
}


def changeable(action: str, wanted: JobFilter, *, after: JobKey | None = None) -> JobQuerySet:
    """Return the jobs that match and that "cancel" or "retry" could change, newest first.

    With `after` only those that come after that key, so that nothing is looked at twice.
    """
    found = wanted.apply(Job.objects.filter(CHANGEABLE[action]))
    if after is not None:
        created_at, job_id = after
        found = found.filter(Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=job_id))
    return found.order_by("-created_at", "-pk")
