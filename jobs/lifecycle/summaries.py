"""Keep the summary of each generation, as a step of its own after the job has ended."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from jobs import states
from jobs.errors import LostClaim
from jobs.lifecycle.claims import Lease, claim_step, renew
from jobs.lifecycle.record import note
from jobs.lifecycle.settling import release
from jobs.models import Job, JobEvent, RunSummary


def claim_summary(job_id: str, *, worker: str) -> Lease | None:
    """Lease the making of a summary; None when somebody has it or it need not be made."""
    with transaction.atomic():
        claim = claim_step(job_id, kind=states.SUMMARY, worker=worker)
        job = Job.objects.get(pk=job_id)
        if claim is None or job.is_open or job.summarised_at is not None:
            transaction.set_rollback(True)
            return None
        return Lease(*claim, job, states.SUMMARY)


@transaction.atomic
def store_summary(lease: Lease, details: dict[str, Any]) -> None:
    """Store the summary of the job's generation, once, and give the lease back.

    :raises LostClaim: when the lease ran out, or the job was opened again meanwhile.
    """
    renew(lease)
    release(lease)
    job = lease.job
    stored = Job.objects.filter(
        pk=job.pk, generation=job.generation, finished_at__isnull=False
    ).update(summarised_at=Now())
    if not stored:
        raise LostClaim(f"Job {job.pk} was opened again while its summary was made.")
    RunSummary.objects.update_or_create(
        job=job,
        generation=job.generation,
        defaults={
            "state": job.state,
            "items_total": job.items_total or 0,
            "succeeded": job.succeeded,
            "failed": job.failed,
            "cancelled": job.cancelled,
            "details": details,
        },
    )
    note(job, "summarise", actor="system:worker")


@transaction.atomic
def fail_summary(lease: Lease, *, why: str) -> None:
    """Note why a summary could not be made, and keep the lease so long that others get their turn.

    Of the same trouble again nothing is noted: it is tried for as long as it takes.

    :raises LostClaim: when the lease ran out.
    """
    renew(lease, time=settings.JOBS_LEASE)
    told = JobEvent.objects.filter(
        job=lease.job, generation=lease.job.generation, verb="fail_summary", reason=why
    )
    if not told.exists():
        note(lease.job, "fail_summary", actor="system:worker", reason=why)
