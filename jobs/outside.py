"""Do items of external jobs by the word of programs outside: one at a time, or by leases."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from jobs import lifecycle, registry, states
from jobs.errors import DoneHere
from jobs.lifecycle import Lease, Outcome, WorkItem
from jobs.models import Job
from jobs.start import ring

Taken = TypeVar("Taken")


def is_external(job: Job) -> bool:
    """Say whether programs outside do a job's items; False when its type is no longer known."""
    return job.type in registry.names() and registry.find(job.type).external


def require_external(job: Job) -> None:
    """Pass when programs outside do the job's items.

    :raises DoneHere: when the site's clusters do.
    """
    if not is_external(job):
        raise DoneHere(
            f"The items of job {job.pk} are done by the site's own workers, so none can be taken. "
            "Only jobs of an external type give theirs away.",
            type=job.type,
        )


def take(job: Job, *, limit: int, actor: str) -> Lease | None:
    """Lease up to `limit` items of an external job; None when none is free now.

    Leases that ran out are taken back then, so that it needs no cluster to notice.
    """
    worker = _worker(actor)
    return _or_after_expiry(job, lambda: lifecycle.take(job.pk, limit=limit, worker=worker))


def _or_after_expiry(job: Job, take_one: Callable[[], Taken | None]) -> Taken | None:
    taken = take_one()
    if taken is None and job.is_open and lifecycle.expire_claims():
        taken = take_one()
    return taken


def _worker(actor: str) -> str:
    return f"{states.OUTSIDE}{actor}"


def do_next(job: Job, *, result: dict[str, Any] | None, error: str, actor: str) -> WorkItem | None:
    """Settle the next item of an external job as the caller did it; None when none is free.

    With an `error` it failed. Taking and settling are one transaction, so the last item's is the
    one in which the job ends.
    """
    state = states.FAILED if error else states.SUCCEEDED

    @transaction.atomic
    def settle_one() -> WorkItem | None:
        lease = lifecycle.take(job.pk, limit=1, worker=_worker(actor))
        if lease is None:
            return None
        item = lease.items[0]
        lifecycle.settle(lease, [Outcome(item.id, state, result, error)], ends=True)
        ring_if_ended(job.pk)
        return item

    return _or_after_expiry(job, settle_one)


def ring_if_ended(job_id: str) -> None:
    """Ring for a worker to make the summary, if the job has ended."""
    if not Job.objects.open().filter(pk=job_id).exists():
        ring()
