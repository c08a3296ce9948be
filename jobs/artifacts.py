"""Make the ZIP of an ended job: written to disk piece by piece, then put into the storage."""

import hashlib
import logging
import time
from contextlib import suppress
from tempfile import TemporaryFile

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import QuerySet

from batchops.cluster import stopping
from jobs import lifecycle, queries, registry
from jobs.archive import safe_file_name, write_archive
from jobs.errors import DATABASE_AWAY, JobNotFound, LostClaim, MoveRefused, in_words
from jobs.lifecycle import Lease, Made
from jobs.models import Artifact
from jobs.registry import JobType
from jobs.step import Step

log = logging.getLogger("jobs.artifacts")

REMOVED_AT_ONCE = 20
# How long a sweep waits for the storage, which may be slow; the next one goes on.
REMOVE_WITHIN_S = 2.0


class Stopped(Exception):
    """The cluster stops: another worker makes the ZIP from the beginning."""


class Making(Step):
    """The making of one ZIP, ended with its process when it takes too long."""

    def __init__(self, lease: Lease, job_type: JobType) -> None:
        super().__init__(lease, job_type)
        self._limit_s = job_type.artifact_limit.total_seconds()

    def go_on(self) -> None:
        """Let the next piece be made.

        :raises LostClaim: when somebody else may be making it.
        :raises Stopped: when the cluster stops.
        """
        if self.lost:
            raise LostClaim(f"The lease on the ZIP of job {self.lease.job.pk} ran out.")
        if stopping.requested():
            raise Stopped

    def _say_so(self) -> None:
        error = f"It took longer than the {self._limit_s:g} s that one attempt may take."
        with suppress(JobNotFound, LostClaim):
            lifecycle.fail_artifact(self.lease, error)


def next_lease(worker: str) -> Lease | None:
    """Lease the making of the ZIP that waits longest; None when there is none to make now.

    At most half of the workers make ZIPs, so that items never wait for them.
    """
    for artifact in _due()[:5]:
        if lease := lifecycle.claim_artifact(artifact.job_id, worker=worker):
            return lease
    return None


def is_due() -> bool:
    """Say whether there is a ZIP to make now."""
    return _due().exists()


def make(held: Making, job_type: JobType) -> None:
    """Make the ZIP of the lease's job and store it; a failure is recorded, and tried again.

    :raises LostClaim: when the lease ran out or the job was opened again; its file is removed.
    """
    lease = held.lease
    artifact = queries.artifact_to_make(lease.job.pk)
    if artifact is None:
        raise LostClaim(f"The ZIP of job {lease.job.pk} is not wanted any more.")
    log.info("artifact start job=%s attempt=%d", lease.job.pk, artifact.attempts)
    try:
        made = _put_into_storage(held, job_type, artifact)
        lifecycle.store_artifact(lease, made, kept=job_type.artifacts_kept)
    except Stopped:
        lifecycle.put_off_artifact(lease)
    except LostClaim:
        _storage().delete(artifact.stored_as())
        raise
    except DATABASE_AWAY:
        raise  # nobody knows whether it was stored; if not, the next attempt clears up
    except Exception as error:
        log.exception("artifact attempt failed job=%s", lease.job.pk)
        _storage().delete(artifact.stored_as())
        lifecycle.fail_artifact(lease, in_words(error))
    else:
        log.info("artifact complete job=%s bytes=%d", lease.job.pk, made.size_bytes)


def expire_old() -> None:
    """Let go of some ZIPs that were kept as long as their type says."""
    for artifact in queries.artifacts_outdated()[:REMOVED_AT_ONCE]:
        with suppress(JobNotFound, MoveRefused):  # somebody else was faster
            lifecycle.expire_artifact(artifact.job_id, actor="system:retention")


def remove_files() -> int:
    """Remove the files of some ZIPs that nobody needs any more; return of how many.

    It begins with no other one after REMOVE_WITHIN_S.
    """
    ends_at, removed = time.monotonic() + REMOVE_WITHIN_S, 0
    for artifact in queries.artifacts_to_remove()[:REMOVED_AT_ONCE]:
        _remove(artifact.stored_names())
        lifecycle.forget_files(artifact)
        removed += 1
        if time.monotonic() >= ends_at:
            break
    return removed


def _due() -> QuerySet[Artifact]:
    at_once = max(1, settings.JOBS_WORKERS // 2)
    return queries.artifacts_due(types=registry.names(), at_once=at_once)


def _put_into_storage(held: Making, job_type: JobType, artifact: Artifact) -> Made:
    _remove(artifact.stored_names())
    job = held.lease.job
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    # It never has a name, so nothing of it stays when this process is killed.
    with TemporaryFile(dir=settings.SCRATCH_DIR) as file:
        write_archive(file, job_type.artifact_files(job), go_on=held.go_on)
        size_bytes = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        _storage().save(artifact.stored_as(), File(file))
    return Made(safe_file_name(job_type.artifact_name(job)), size_bytes, digest)


def _remove(names: list[str]) -> None:
    for name in names:
        _storage().delete(name)


def _storage() -> Storage:
    return storages["artifacts"]
