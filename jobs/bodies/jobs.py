"""Show jobs, and how far they are."""

from collections.abc import Mapping
from typing import Annotated, NotRequired, TypedDict

from django.urls import reverse

from batchops.shapes import Moment, words
from jobs import queries, registry, states
from jobs.bodies.writing import iso, rounded
from jobs.models import Job

JobWord = Annotated[
    str,
    words(
        states.PENDING, states.PROCESSING, states.COMPLETED, states.FAILED, states.CANCELLED
    ),
]  # fmt: skip
# What the status route calls pending.
QUEUED = "queued"
StatusWord = Annotated[
    str,
    words(QUEUED, states.PROCESSING, states.COMPLETED, states.FAILED, states.CANCELLED),
]


class FollowUpBody(TypedDict):
    """What may be started over a job's finished items, by a POST to `url`."""

    action: str
    label: str
    url: str


class JobBody(TypedDict):
    """A job; its totals are 0 until its items are known."""

    id: str
    type: str
    title: str
    campaignId: str | None
    externalId: str | None
    status: JobWord
    outcome: Annotated[str | None, words(*states.ENDED, None)]
    priority: int
    generation: int
    totalRecipients: int
    totalKnown: bool
    processedCount: int
    successCount: int
    failedCount: int
    cancelledCount: int
    remainingCount: int
    progressPercent: int
    ratePerSecond: float | None
    createdAt: Moment
    startedAt: Moment | None
    completedAt: Moment | None
    durationSeconds: int | None
    etaSeconds: int | None
    createdBy: str
    cancelRequestedAt: Moment | None
    outputZipPath: str | None
    downloadUrl: str | None
    artifactState: Annotated[str, words(states.NO_ARTIFACT, *states.ARTIFACT_STATES)]
    parentId: str | None
    followUps: list[FollowUpBody]
    revision: int
    error: str | None


class StatsBody(TypedDict):
    """How many jobs there are in each state; completed includes those with errors."""

    total: int
    pending: int
    processing: int
    completed: int
    failed: int
    cancelled: int


class JobsBody(TypedDict):
    """A page of jobs, newest first; the counts are of all, and come when asked for."""

    jobs: list[JobBody]
    stats: NotRequired[StatsBody]
    nextCursor: str | None


class ProgressBody(TypedDict):
    """How many items are done, and how."""

    total: int
    completed: int
    successful: int
    failed: int
    percentage: int


class StatusBody(TypedDict):
    """How far a job is; pending is called queued here."""

    jobId: str
    status: StatusWord
    progress: ProgressBody
    remainingItems: int
    etaSeconds: int | None
    revision: int
    followUps: list[FollowUpBody]


def job_status(job: Job) -> str:
    """Return the word of api.md section 2 for a job's state."""
    return states.COMPLETED if job.state == states.COMPLETED_WITH_ERRORS else job.state


def job_body(job: Job) -> JobBody:
    """Return a job as section 2 of the API shows it."""
    elapsed_s = queries.elapsed_s(job)
    return {
        "id": job.pk,
        "type": job.type,
        "title": job.title,
        "campaignId": job.campaign_id or None,
        "externalId": job.external_id or None,
        "status": job_status(job),
        "outcome": job.state if not job.is_open else None,
        "priority": job.priority,
        "generation": job.generation,
        "totalRecipients": job.items_total or 0,
        "totalKnown": job.items_total is not None,
        "processedCount": job.processed,
        "successCount": job.succeeded,
        "failedCount": job.failed,
        "cancelledCount": job.cancelled,
        "remainingCount": max(0, (job.items_total or job.next_position) - job.settled),
        "progressPercent": queries.progress_pct(job),
        "ratePerSecond": rounded(queries.rate(job)),
        "createdAt": iso(job.created_at),
        "startedAt": iso(job.started_at),
        "completedAt": iso(job.finished_at),
        "durationSeconds": None if elapsed_s is None else int(elapsed_s),
        "etaSeconds": queries.eta_s(job),
        "createdBy": job.created_by,
        "cancelRequestedAt": iso(job.cancel_asked_at),
        "outputZipPath": f"api/batch-jobs/{job.pk}/download" if job.has_artifact else None,
        "downloadUrl": f"/api/batch-jobs/{job.pk}/download" if job.has_artifact else None,
        "artifactState": job.artifact_state,
        "parentId": job.parent_id,
        "followUps": follow_ups_body(job),
        "revision": job.revision,
        "error": job.error or None,
    }


def stats_body(counts: Mapping[str, int]) -> StatsBody:
    """Return counts by state as the API groups them."""

    def count(word: str) -> int:
        return sum(counts[state] for state in states.FILTERS[word])

    return {
        "total": sum(counts[state] for state in states.STATES),
        "pending": count("pending"),
        "processing": count("processing"),
        "completed": count("completed"),
        "failed": count("failed"),
        "cancelled": count("cancelled"),
    }


def status_body(job: Job) -> StatusBody:
    """Return a job as its status route shows it, where pending is called queued."""
    return {
        "jobId": job.pk,
        "status": QUEUED if job.state == states.PENDING else job_status(job),
        "progress": {
            "total": job.items_total or 0,
            "completed": job.processed,
            "successful": job.succeeded,
            "failed": job.failed,
            "percentage": queries.progress_pct(job),
        },
        "remainingItems": max(0, (job.items_total or job.next_position) - job.settled),
        "etaSeconds": queries.eta_s(job),
        "revision": job.revision,
        "followUps": follow_ups_body(job),
    }


def follow_ups_body(job: Job) -> list[FollowUpBody]:
    """Return what may be started over a job's finished items, while it has completed and has them.

    `url` is the API's address to POST to; jobs.follow_ups.start_follow_up does it for a page.
    """
    if job.state not in states.DONE or job.items_removed_at is not None or not job.succeeded:
        return []
    return [
        {
            "action": one.action,
            "label": one.label,
            "url": reverse("batch-job-follow-up", args=[job.pk, one.action]),
        }
        for one in registry.follow_ups(job.type)
    ]
