"""Put jobs into the words of the API."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from django.urls import reverse

from jobs import lifecycle, queries, registry, states
from jobs.lifecycle import Lease
from jobs.models import Job, JobDay, JobItem, RunSummary


def cursor_of(key: tuple[Any, ...] | None) -> str | None:
    """Return the opaque cursor of a key; None stays None."""
    if key is None:
        return None
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def job_status(job: Job) -> str:
    """Return the word of api.md section 2 for a job's state."""
    return states.COMPLETED if job.state == states.COMPLETED_WITH_ERRORS else job.state


def job_body(job: Job) -> dict[str, Any]:
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
        "ratePerSecond": _rounded(queries.rate(job)),
        "createdAt": iso(job.created_at),
        "startedAt": iso(job.started_at),
        "completedAt": iso(job.finished_at),
        "durationSeconds": None if elapsed_s is None else round(elapsed_s),
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


def stats_body(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by state as the API groups them."""
    grouped = {
        word: sum(counts[state] for state in states.FILTERS[word])
        for word in ("pending", "processing", "completed", "failed", "cancelled")
    }
    return {"total": sum(grouped.values()), **grouped}


def status_body(job: Job) -> dict[str, Any]:
    """Return a job as its status route shows it, where pending is called queued."""
    return {
        "jobId": job.pk,
        "status": "queued" if job.state == states.PENDING else job_status(job),
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


def follow_ups_body(job: Job) -> list[dict[str, str]]:
    """Return what may be started over a job's finished items; nothing before it has completed.

    `url` is the API's address to POST to; jobs.follow_ups.start_follow_up does it for a page.
    """
    if job.state not in states.DONE:
        return []
    return [
        {
            "action": one.action,
            "label": one.label,
            "url": reverse("batch-job-follow-up", args=[job.pk, one.action]),
        }
        for one in registry.follow_ups(job.type)
    ]


def next_body(job: Job) -> dict[str, Any]:
    """Return how a job stands in the words of process-next, `remainingItems` being 0 at the end.

    `status` is processed while it is open, whatever it waits for; then job_completed,
    job_cancelled or no_items, and `jobStatus` says whether it failed.
    """
    shown = status_body(job)
    left = shown["remainingItems"]
    return {
        "status": _next_word(job),
        "jobStatus": shown["status"],
        "remainingItems": max(1, left) if job.is_open else 0,
        "progress": shown["progress"],
        "cancelRequested": job.cancel_asked_at is not None,
    }


def _next_word(job: Job) -> str:
    if job.is_open:
        return "processed"
    if job.state == states.CANCELLED:
        return "job_cancelled"
    return "job_completed" if job.items_total else "no_items"


def claim_body(lease: Lease | None) -> dict[str, Any]:
    """Return what a program outside was given; `claim` is null when nothing was free."""
    if lease is None:
        return {"claim": None, "items": []}
    lease_s = lifecycle.lease_time(lease.kind).total_seconds()
    return {
        "claim": {"token": str(lease.token), "leaseSeconds": lease_s},
        "items": [
            {"id": one.id, "position": one.position, "params": one.params, "attempt": one.attempt}
            for one in lease.items
        ],
    }


def reference_of(result: dict[str, Any] | None) -> str | None:
    """Return the reference that a result carries, None when it carries none."""
    given = result or {}
    found = given.get("conversationId", given.get("reference"))
    return found if isinstance(found, str) else None


def item_body(item: JobItem) -> dict[str, Any]:
    """Return one item of a job."""
    return {
        "id": item.pk,
        "position": item.position,
        "status": item.state,
        "attempts": item.attempts,
        "params": item.params,
        "result": item.result,
        "error": item.error or None,
        "notBefore": iso(item.not_before),
        "startedAt": iso(item.started_at),
        "completedAt": iso(item.finished_at),
    }


def batch_body(job: Job, running: int) -> dict[str, Any]:
    """Return a job as section 3 of the API shows it, a batch of files, of which some run."""
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
        "lastFileCompletedAt": iso(job.last_settled_at) if job.settled else None,
        "completedAt": iso(job.finished_at),
    }


def batch_status(job: Job) -> str:
    """Return the word of api.md section 3 for a job's state."""
    return states.PROCESSING if job.is_open else job.state


def summary_body(job: Job, summary: RunSummary) -> dict[str, Any]:
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


def iso(moment: datetime | None) -> str | None:
    """Return a time in ISO 8601 with its offset; None stays None."""
    return None if moment is None else moment.isoformat()


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 1)


class DayBody(TypedDict):
    """What the jobs of one business day came to; the type is null where it stands for all."""

    date: str
    type: str | None
    started: int
    completed: int
    completedWithErrors: int
    failed: int
    cancelled: int
    itemsSucceeded: int
    itemsFailed: int
    secondsSum: float
    secondsP50: float | None
    secondsP95: float | None


class StatisticsBody(TypedDict):
    """The days from the first to the last asked for that have figures, newest first."""

    first: str
    last: str
    days: list[DayBody]


def day_body(day: JobDay) -> DayBody:
    """Return what the jobs of one day came to; the type is null where it stands for all."""
    return {
        "date": day.date.isoformat(),
        "type": day.type or None,
        "started": day.started,
        "completed": day.completed,
        "completedWithErrors": day.completed_with_errors,
        "failed": day.failed,
        "cancelled": day.cancelled,
        "itemsSucceeded": day.items_succeeded,
        "itemsFailed": day.items_failed,
        "secondsSum": round(day.seconds_sum, 1),
        "secondsP50": _rounded(day.seconds_p50),
        "secondsP95": _rounded(day.seconds_p95),
    }
