"""Repair, every so often and from outside the workers, whatever was left behind."""

import logging

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from batchops.cluster import ends
from batchops.cluster.ticks import Tick, register
from batchops.db import session_lock
from jobs import lifecycle, queries
from jobs.models import Job
from jobs.runner import ring_if_work

log = logging.getLogger("jobs.sweep")

ACTOR = "system:sweep"


def register_duties() -> None:
    """Let the wrappers of both kinds of cluster sweep, so that either may be away."""
    every = settings.JOBS_SWEEP_INTERVAL
    register(Tick("jobs.sweep", "jobs", every, sweep))
    register(Tick("jobs.sweep-from-watch", "watch", every, sweep))
    ends.register("jobs.claims", cluster="jobs", run=take_from_lost)


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
            cancel_leftovers()
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


def cancel_leftovers() -> None:
    """Carry on for a moment with a cancel whose caller left; workers are rung for the rest."""
    job = queries.cancels_left().first()
    if job is not None:
        lifecycle.cancel_pending(job.pk, actor=ACTOR)
