"""Make a job's ZIP as a step of its own after the job has ended, and let go of it later."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Now, NullIf

from jobs import queries, states
from jobs.errors import LostClaim, MoveRefused
from jobs.lifecycle.claims import Lease, claim_step, renew
from jobs.lifecycle.record import locked, log, note
from jobs.lifecycle.settling import end, release
from jobs.models import Artifact, Job
from jobs.models.files import ATTEMPTS, new_storage_name

# Doubled at each attempt.
FIRST_PAUSE = timedelta(seconds=10)
ERROR_LENGTH = 2_000
WORKER = "system:worker"


@dataclass(frozen=True, slots=True)
class Made:
    """What a worker has put into the storage."""

    file_name: str
    size_bytes: int
    sha256: str


def claim_artifact(job_id: str, *, worker: str) -> Lease | None:
    """Lease the making of a job's ZIP; None when somebody has it or it need not be made now.

    The attempt is counted here, for its worker may not live to do so; who would be the next
    after the last allowed one finds that it has failed.
    """
    with transaction.atomic():
        claim = claim_step(job_id, kind=states.ARTIFACT, worker=worker)
        artifact = queries.artifact_to_make(job_id) if claim else None
        if claim is None or artifact is None:
            transaction.set_rollback(True)
            return None
        lease = Lease(*claim, artifact.job, states.ARTIFACT)
        if artifact.attempts >= artifact.attempts_allowed:
            release(lease)
            _give_up(artifact, artifact.error or "Its worker died each time.")
            return None
        Artifact.objects.filter(pk=artifact.pk).update(attempts=F("attempts") + 1, not_before=None)
    return lease


@transaction.atomic
def store_artifact(lease: Lease, made: Made, *, kept: timedelta) -> None:
    """Say that the ZIP of the job's generation is there; one of an earlier generation goes.

    `kept` is for how long.

    :raises LostClaim: when the lease ran out, or the job was opened again meanwhile.
    """
    renew(lease)
    release(lease)
    job = lease.job
    this = Job.objects.filter(pk=job.pk, generation=job.generation, finished_at__isnull=False)
    if not this.update(artifact_state=states.READY):
        raise LostClaim(f"Job {job.pk} was opened again while its ZIP was made.")
    Artifact.objects.filter(job=job, state=states.READY).update(state=states.EXPIRED)
    Artifact.objects.filter(job=job, generation=job.generation, state=states.MAKING).update(
        state=states.READY,
        file_name=made.file_name,
        size_bytes=made.size_bytes,
        sha256=made.sha256,
        made_at=Now(),
        expires_at=Now() + kept,
        error="",
    )
    reason = f"{made.file_name}, {made.size_bytes} bytes"
    note(job, "make_artifact", actor=WORKER, reason=reason)


@transaction.atomic
def fail_artifact(lease: Lease, error: str) -> None:
    """Record why an attempt failed; it is made again after a pause, or given up.

    :raises LostClaim: when the lease ran out.
    """
    renew(lease)
    release(lease)
    artifact = Artifact.objects.select_related("job").get(
        job=lease.job, generation=lease.job.generation
    )
    left = artifact.attempts_allowed - artifact.attempts
    if left <= 0:
        _give_up(artifact, error)
        return
    pause = FIRST_PAUSE * 2 ** (ATTEMPTS - left - 1)
    due = Artifact.objects.filter(pk=artifact.pk, state=states.MAKING)
    due.update(error=error[:ERROR_LENGTH], not_before=Now() + pause)
    reason = (
        f"Attempt {artifact.attempts} of {artifact.attempts_allowed} failed, the next comes in "
        f"{pause.total_seconds():g} s: {error}"
    )
    note(artifact.job, "retry_artifact", actor=WORKER, reason=reason[:ERROR_LENGTH])


def _give_up(artifact: Artifact, error: str) -> None:
    given_up = Artifact.objects.filter(pk=artifact.pk, state=states.MAKING)
    given_up.update(state=states.FAILED, error=error[:ERROR_LENGTH])
    job = artifact.job
    this = Job.objects.filter(pk=job.pk, generation=artifact.generation)
    this.filter(finished_at__isnull=False).update(artifact_state=states.FAILED)
    log.error("artifact failed job=%s attempts=%d: %s", job.pk, artifact.attempts, error)
    note(job, "fail_artifact", actor=WORKER, reason=error[:ERROR_LENGTH])


@transaction.atomic
def remake_artifact(job_id: str, *, actor: str) -> None:
    """Let a ZIP that could not be made be tried as often once more.

    :raises JobNotFound: when there is no such job.
    :raises MoveRefused: when its ZIP did not fail.
    """
    job = locked(job_id)
    failed = Artifact.objects.filter(job=job, generation=job.generation, state=states.FAILED)
    if not failed.update(
        state=states.MAKING,
        attempts_allowed=F("attempts") + ATTEMPTS,
        # Emptied when all that the attempts left was removed.
        storage_name=Coalesce(NullIf("storage_name", Value("")), Value(new_storage_name())),
        not_before=None,
    ):
        raise MoveRefused(
            f"The ZIP of job {job_id} did not fail, so there is nothing to make again.",
            state=job.state,
        )
    Job.objects.filter(pk=job_id).update(artifact_state=states.MAKING)
    note(job, "remake_artifact", actor=actor)


@transaction.atomic
def put_off_artifact(lease: Lease) -> None:
    """Give the making of a ZIP back as if it had never been begun, because the cluster stops.

    :raises LostClaim: when the lease ran out; then the attempts are another worker's to count.
    """
    end(lease)
    held = Artifact.objects.filter(
        job=lease.job, generation=lease.job.generation, state=states.MAKING
    )
    held.update(attempts=F("attempts") - 1)


@transaction.atomic
def expire_artifact(job_id: str, *, actor: str, reason: str = "") -> None:
    """Let go of a job's ZIP, whose file is removed soon after.

    :raises JobNotFound: when there is no such job.
    :raises MoveRefused: when it has no ZIP to let go of.
    """
    job = locked(job_id)
    if not Artifact.objects.filter(job=job, state=states.READY).update(state=states.EXPIRED):
        raise MoveRefused(f"Job {job_id} has no ZIP that could be removed.", state=job.state)
    Job.objects.filter(pk=job_id, artifact_state=states.READY).update(artifact_state=states.EXPIRED)
    note(job, "expire_artifact", actor=actor, reason=reason)


def forget_files(artifact: Artifact) -> None:
    """Note that nothing of a ZIP that nobody needs any more is left in the storage."""
    unneeded = Artifact.objects.filter(pk=artifact.pk).exclude(state__in=states.ARTIFACT_NEEDED)
    unneeded.update(storage_name="")
