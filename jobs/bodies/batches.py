"""Show a job as a batch of files, as section 3 of the API has it."""

from typing import Annotated, Any, TypedDict

from batchops.shapes import Moment, words
from jobs import states
from jobs.bodies.jobs import ProgressBody
from jobs.bodies.writing import iso
from jobs.models import Job, RunSummary

BatchWord = Annotated[str, words(states.PROCESSING, *states.ENDED)]


class BatchBody(TypedDict):
    """A batch of files."""

    batchId: str
    status: BatchWord
    filesTotal: int
    filesSuccess: int
    filesFailed: int
    filesProcessing: int
    filesPending: int
    filesCancelled: int
    lastFileCompletedAt: Moment | None
    completedAt: Moment | None


class SummaryBody(TypedDict):
    """What a batch came to."""

    runId: str
    batchId: str
    status: Annotated[str, words(*states.ENDED)]
    totalFiles: int
    successFiles: int
    failedFiles: int
    cancelledFiles: int
    generation: int
    details: dict[str, Any]
    createdAt: Moment


class ComeAgainBody(TypedDict):
    """What is asked for is being made; `retry_after` is in seconds."""

    message: str
    retry_after: int


class UnknownBatchBody(TypedDict):
    """There is no such batch; of old it has no `success`."""

    message: str
    error: str


class StillOpenBody(TypedDict):
    """Files of the batch are still open."""

    message: str
    status: BatchWord
    progress: ProgressBody


def batch_body(job: Job, running: int) -> BatchBody:
    """Return a job as section 3 of the API shows it, a batch of files, some in work."""
    total = job.items_total or job.next_position
    running = min(running, total - job.settled)
    return {
        "batchId": job.external_id or job.pk,
        "status": batch_status(job),
        "filesTotal": total,
        "filesSuccess": job.succeeded,
        "filesFailed": job.failed,
        "filesProcessing": running,
        "filesPending": total - job.settled - running,
        "filesCancelled": job.cancelled,
        "lastFileCompletedAt": iso(job.last_settled_at) if job.processed else None,
        "completedAt": iso(job.finished_at),
    }


def batch_status(job: Job) -> str:
    """Return the word of api.md section 3 for a job's state."""
    return states.PROCESSING if job.is_open else job.state


def summary_body(job: Job, summary: RunSummary) -> SummaryBody:
    """Return the summary of a batch."""
    return {
        "runId": job.pk,
        "batchId": job.external_id or job.pk,
        "status": summary.state,
        "totalFiles": summary.items_total,
        "successFiles": summary.succeeded,
        "failedFiles": summary.failed,
        "cancelledFiles": summary.cancelled,
        "generation": summary.generation,
        "details": summary.details,
        "createdAt": iso(summary.created_at),
    }
