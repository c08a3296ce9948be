"""Repair, every so often and from outside the workers, whatever was left behind."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from batchops.cluster import ends
from batchops.cluster.ticks import Tick, register
from batchops.db import session_lock
from jobs import lifecycle, old_files, queries, registry
from jobs.errors import JobNotFound, LostClaim, MoveRefused
from jobs.models import Job
from jobs.registry import JobType
from jobs.runner import ring_if_work

log = logging.getLogger("jobs.sweep")

ACTOR = "system:sweep"
# How late at most an item's next attempt begins, and a bell that was lost rings again.
RING_EVERY = timedelta(seconds=2)
# The sweep runs beside other duties in one thread.
GIVEN_UP_AT_ONCE = 5


def register_ticks() -> None:
    """Let the wrappers of both kinds of cluster sweep, so that either may be away."""
    every = settings.JOBS_SWEEP_INTERVAL
    register(Tick("jobs.sweep", "jobs", every, sweep))
    register(Tick("jobs.sweep-from-watch", "watch", every, sweep))
    register(Tick("jobs.ring", "jobs", RING_EVERY, ring))


def register_ends() -> None:
    """Let the wrapper of a jobs cluster that was killed take back what its workers held."""
    ends.register("jobs.claims", cluster="jobs", run=take_from_lost)


def ring() -> None:
    """Ring if there is work that may begin now, such as an item whose next attempt is due."""
    ring_if_work()


def take_from_lost(lost: ends.Lost) -> None:
    """Give to others what the workers of a killed cluster held, without waiting for leases."""
    lifecycle.end_claims_of(lost.prefix, culprits=lost.culprits)
    ring_if_work()


def sweep() -> None:
    """Take leases that ran out, end jobs that are over, carry out cancels, ring for the rest.

    Only one sweep runs at a time; a second one returns at once.
    """
    with session_lock("jobs.sweep") as held:
        if held:
            lifecycle.expire_claims()
            finalise_stuck()
            give_up_late()
            cancel_leftovers()
            summarise_unknown()
            old_files.remove_old()
            ring_if_work()


def finalise_stuck() -> int:
    """End each open job whose items are all settled for JOBS_STUCK_AFTER; return how many."""
    stuck = Job.objects.open().filter(
        items_total=F("succeeded") + F("failed") + F("cancelled"),
        expanded_at__lt=Now() - settings.JOBS_STUCK_AFTER,
    )
    stuck = stuck.exclude(last_settled_at__gte=Now() - settings.JOBS_STUCK_AFTER)
    return sum(_finalise(job) for job in stuck)


def _finalise(job: Job) -> bool:
    log.warning(
        "STUCK BATCH DETECTED: %s (success=%d, failed=%d, total=%d) - forcing finalization",
        job.pk,
        job.succeeded,
        job.failed,
        job.items_total,
    )
    return lifecycle.finalise(job.pk, actor=ACTOR)


def give_up_late() -> None:
    """Give up some open jobs that take longer than their type allows; the next sweep goes on.

    Of each only a first batch of items is cancelled here, workers do the rest.
    """
    for job_id, error in islice(_late(), GIVEN_UP_AT_ONCE):
        with suppress(MoveRefused, JobNotFound):  # it has ended meanwhile
            lifecycle.give_up(job_id, error=error, actor=ACTOR, within_s=0)


def _late() -> Iterator[tuple[str, str]]:
    """Yield the jobs that take too long, and what to say of each."""
    for name, limit in registry.limited().items():
        late = Job.objects.open().filter(
            type=name, started_at__lt=Now() - limit, cancel_requested_at=None
        )
        error = (
            f"It took longer than the {limit} (h:mm:ss) that a job of this type may take, so what"
            " nobody had begun was cancelled. What is done stays done; a retry does the rest."
        )
        for job_id in late.values_list("pk", flat=True)[:GIVEN_UP_AT_ONCE]:
            yield job_id, error


def summarise_unknown() -> None:
    """Keep the counters of ended jobs whose type no code knows: nobody else makes their summary.

    Only some time after the end, for a worker that is newer than this program may know the type.
    """
    overdue = Now() - JobType.step_limit
    waiting = queries.to_summarise().filter(finished_at__lt=overdue)
    for job_id in waiting.exclude(type__in=registry.names()).values_list("pk", flat=True)[:100]:
        lease = lifecycle.claim_summary(job_id, worker=ACTOR)
        if lease is not None:
            with suppress(LostClaim):  # it was opened again meanwhile
                lifecycle.store_summary(lease, {})


def cancel_leftovers() -> None:
    """Carry on for a moment with a cancel whose caller left; workers are rung for the rest."""
    for job_id in queries.cancels_left()[:1]:
        lifecycle.cancel_pending(job_id, actor=ACTOR)
