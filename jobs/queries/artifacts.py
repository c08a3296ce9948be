"""Find ZIPs: one to hand out, those still to be made, those whose files may go."""

from collections.abc import Sequence

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from jobs import states
from jobs.models import Artifact, Claim, Job


def artifact_of(job: Job) -> Artifact | None:
    """Return the ZIP that is there to hand out, perhaps of an earlier generation; else None."""
    return Artifact.objects.filter(job=job, state=states.READY).first()


def artifact_to_make(job_id: str) -> Artifact | None:
    """Return the ZIP of a job's present generation if it may be made now, else None."""
    return _unmade().filter(job=job_id).first()


def artifacts_due(*, types: Sequence[str], at_once: int) -> QuerySet[Artifact]:
    """Return the ZIPs that may be made now and that nobody makes, those that wait longest first.

    None when `at_once` are being made already: the other workers are for items.
    """
    making = Claim.objects.filter(kind=states.ARTIFACT)
    if making.count() >= at_once:
        return Artifact.objects.none()
    free = _unmade().filter(job__type__in=types).exclude(job__claims__kind=states.ARTIFACT)
    return free.order_by("created_at")


def artifacts_outdated() -> QuerySet[Artifact]:
    """Return the ZIPs whose time is over, the oldest first."""
    ready = Artifact.objects.filter(state=states.READY, expires_at__lt=Now())
    return ready.order_by("expires_at")


def artifacts_failed() -> QuerySet[Artifact]:
    """Return the ZIPs of jobs' present generations that could not be made, with their jobs."""
    failed = Artifact.objects.filter(state=states.FAILED, job__artifact_state=states.FAILED)
    return failed.filter(generation=F("job__generation")).select_related("job")


def artifacts_to_remove() -> QuerySet[Artifact]:
    """Return the ZIPs that nobody needs any more and that may still have files."""
    unneeded = Artifact.objects.filter(state__in=(states.FAILED, states.EXPIRED))
    return unneeded.exclude(storage_name="").exclude(job__claims__kind=states.ARTIFACT)


def _unmade() -> QuerySet[Artifact]:
    now = Q(not_before=None) | Q(not_before__lte=Now())
    unmade = Artifact.objects.filter(
        now,
        state=states.MAKING,
        generation=F("job__generation"),
        job__finished_at__isnull=False,
    )
    return unmade.select_related("job")
