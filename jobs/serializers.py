"""Put jobs into the words of the API, and take the API's words in."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework import serializers

from jobs import queries, states
from jobs.inputs import JsonObjectField, StrictSerializer
from jobs.models import Job, JobItem, RunSummary

INLINE_ITEMS = 1_000
NAME = r"^[A-Za-z0-9._:-]*\Z"
# In an address: a job's id, or the id that another system gave it.
NAME_IN_PATH = r"[A-Za-z0-9._:-]{1,64}"
NAME_HELP = "Only letters, digits and . _ : - are allowed."


class StartBody(StrictSerializer):
    """What starts a job."""

    type = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    campaignId = serializers.RegexField(  # noqa: N815
        NAME, max_length=64, required=False, allow_blank=True, allow_null=True, default="",
        error_messages={"invalid": NAME_HELP},
    )  # fmt: skip
    externalId = serializers.RegexField(  # noqa: N815
        NAME, max_length=64, required=False, allow_blank=True, allow_null=True, default="",
        error_messages={"invalid": NAME_HELP},
    )  # fmt: skip
    params = JsonObjectField(required=False, default=dict)
    items = serializers.ListField(
        child=JsonObjectField(), max_length=INLINE_ITEMS, required=False, allow_null=True
    )
    priority = serializers.IntegerField(min_value=-100, max_value=100, required=False, default=0)


class _CursorField(serializers.CharField):
    """An opaque place in a list, as an earlier answer gave it."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            return json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        except (ValueError, binascii.Error, RecursionError):
            raise serializers.ValidationError(BAD_CURSOR) from None


BAD_CURSOR = "Not a cursor of this list. Take it from nextCursor, or leave it out to begin anew."


class JobCursorField(_CursorField):
    def to_internal_value(self, data: Any) -> Any:
        match super().to_internal_value(data):
            case [str() as at, str() as job_id] if job_id.isalnum() and job_id.isascii():
                return _moment(at), job_id
        raise serializers.ValidationError(BAD_CURSOR)


class ItemCursorField(_CursorField):
    def to_internal_value(self, data: Any) -> Any:
        match super().to_internal_value(data):
            case [int() as position] if 0 <= position < 2**31:
                return position
        raise serializers.ValidationError(BAD_CURSOR)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise serializers.ValidationError(BAD_CURSOR) from None
    # PostgreSQL refuses offsets that Python takes, and naive times mean nothing.
    if moment.tzinfo is None or moment.utcoffset() or not 1970 <= moment.year < 9999:
        raise serializers.ValidationError(BAD_CURSOR)
    return moment


class ListQuery(StrictSerializer):
    """What narrows a list of jobs down."""

    status = serializers.ChoiceField(list(states.FILTERS), required=False, allow_blank=True)
    type = serializers.CharField(max_length=40, required=False, allow_blank=True)
    campaign = serializers.CharField(max_length=64, required=False, allow_blank=True)
    search = serializers.CharField(max_length=200, required=False, allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    stats = serializers.BooleanField(default=False)
    cursor = JobCursorField(max_length=200, required=False)

    def filter(self) -> queries.JobFilter:
        """Return what was asked for as a filter."""
        given = self.validated_data
        return queries.JobFilter(
            status=given.get("status", ""),
            type=given.get("type", ""),
            campaign_id=given.get("campaign", ""),
            search=given.get("search", ""),
        )


class ItemsQuery(StrictSerializer):
    """What narrows a list of items down."""

    status = serializers.ChoiceField(states.ITEM_STATES, required=False, allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)
    cursor = ItemCursorField(max_length=200, required=False)


class RetryQuery(StrictSerializer):
    """How far a retry goes."""

    dryRun = serializers.BooleanField(default=False)  # noqa: N815
    include = serializers.ChoiceField(["cancelled"], required=False)


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
        "outputZipPath": None,
        "downloadUrl": None,
        "artifactState": "none",
        "parentId": job.parent_id,
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
        "followUps": [],
    }


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


def batch_body(job: Job, open_items: Mapping[str, int]) -> dict[str, Any]:
    """Return a job as section 3 of the API shows it, a batch of files."""
    return {
        "batchId": job.external_id or job.pk,
        "status": batch_status(job),
        "filesTotal": job.items_total or job.next_position,
        "filesSuccess": job.succeeded,
        "filesFailed": job.failed,
        "filesProcessing": open_items[states.RUNNING],
        "filesPending": open_items[states.PENDING],
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
