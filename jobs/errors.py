"""Name what can go wrong with jobs."""

from typing import Any, TypedDict

from django.db import InterfaceError, OperationalError

from batchops.errors import BatchOpsError, Conflict, InvalidInput, NotFound, Unavailable
from batchops.shapes import Moment

ERROR_LENGTH = 2_000
# The database was away, or broke off to save itself: the same may go well a moment later. Any other
# error of it, such as of a wrong query, is the fault of whoever asked.
DATABASE_AWAY = (OperationalError, InterfaceError)


class JobNotFound(NotFound):
    """Say that no job has this id."""

    code = "job_not_found"


class ScheduleNotFound(NotFound):
    """Say that no schedule has this id."""

    code = "schedule_not_found"


class MoveRefused(Conflict):
    """Refuse a move that the job's state does not permit; carries the present state."""

    code = "move_refused"
    extras = {"state": str}


class HolderBody(TypedDict):
    """The job that runs already."""

    jobId: str
    startTime: Moment
    startedBy: str
    status: str
    progressPercent: int
    etaSeconds: int | None


class AlreadyRunning(Conflict):
    """Refuse a second open job of a type of which only one may be open; names the holder."""

    code = "already_running"
    extras = {"running": HolderBody | None}


class DuplicateExternalId(Conflict):
    """Refuse an external id that another job has."""

    code = "duplicate_external_id"


class NothingToRetry(Conflict):
    """Refuse a retry of a job in which nothing failed."""

    code = "nothing_to_retry"
    extras = {"state": str}


class DoneHere(Conflict):
    """Refuse to hand out items that the site's own clusters do."""

    code = "done_by_cluster"
    extras = {"type": str}


class NoFollowUp(NotFound):
    """Say that nothing of this name follows on jobs of this type."""

    code = "no_follow_up"


class NoAnswers(NotFound):
    """Say that the job is no enrichment, so that it has no answers of CC&B."""

    code = "no_answers"


class NotTables(NotFound):
    """Say that the job is no file batch, so that it rejected no rows."""

    code = "no_file_batch"


class FilesUnavailable(Unavailable):
    """Say that the storage does not give a job's files now."""

    code = "files_unavailable"


class NoDocument(NotFound):
    """Say that the job has made no document for a recipient, or keeps it no longer."""

    code = "no_document"


class ItemsRemoved(Conflict):
    """Refuse to do items again that retention has removed."""

    code = "items_removed"


class KeyReused(BatchOpsError):
    """Refuse an Idempotency-Key that came with another body in the last 24 hours."""

    code = "idempotency_key_reused"
    status = 422


class UnknownType(InvalidInput):
    """Refuse a job type that nobody registered."""

    code = "unknown_type"


class NotFinished(Conflict):
    """Say that what is asked for comes when the job has ended."""

    code = "not_finished"
    extras = {"status": str}


class ArtifactFailed(Conflict):
    """Say that the job's ZIP was tried to be made too often."""

    code = "artifact_failed"


class NoArtifact(NotFound):
    """Say that the job makes no ZIP."""

    code = "no_artifact"


class ArtifactGone(NotFound):
    """Say that the job's ZIP was removed."""

    code = "artifact_gone"
    status = 410


class LostClaim(BatchOpsError):
    """Tell a worker that its lease ended and what it reports no longer counts."""

    code = "lost_claim"
    status = 409


class ItemFailed(Exception):
    """Raised by a job type: this item failed, and the message says why and what to do.

    `found`, a JSON object, is kept as the item's result all the same.
    """

    def __init__(self, message: str = "", *, found: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.found = found


class ItemCancelled(Exception):
    """Raised by a job type whose item stops because `progress.cancel_wished()` said so."""


class ItemRefused(ItemFailed):
    """Raised by a job type: this item can never succeed, so it is not tried again by itself."""


class NoAddress(Conflict):
    """Refuse to write to somebody who has no e-mail address."""

    code = "no_address"


class UploadNotFound(NotFound):
    """Say that the caller has no upload of this id."""

    code = "upload_not_found"


class UploadRefused(Conflict):
    """Refuse a move that the upload's state does not permit; carries the present state."""

    code = "upload_refused"
    extras = {"status": str}


class PartsMissing(Conflict):
    """Say which parts of a file have not come yet."""

    code = "parts_missing"
    extras = {"missing": list[int], "status": str}


class OverQuota(Conflict):
    """Refuse a file beside the many that its sender has sent and not used."""

    code = "over_quota"
    extras = {"limit": int}


class FileTooLarge(InvalidInput):
    """Refuse a file over the limit of one file."""

    code = "file_too_large"
    extras = {"limitBytes": int}
    status = 413


class KindRefused(InvalidInput):
    """Refuse a file whose content is of a kind that nothing here reads."""

    code = "kind_refused"
    extras = {"recognised": str}
    status = 415


class NoRoom(BatchOpsError):
    """Refuse bytes for which the disk has no room."""

    code = "no_room"
    status = 507


def in_words(error: Exception) -> str:
    """Return what an exception says, as text that can be stored: at most ERROR_LENGTH characters.

    What types say by the exceptions of this module stands for itself; of others the name is told.
    """
    is_ours = isinstance(error, ItemFailed | ItemCancelled)
    text = str(error) if is_ours else f"{type(error).__name__}: {error}"
    text = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return text[:ERROR_LENGTH] or type(error).__name__
