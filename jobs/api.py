"""Answer programs about jobs (docs/api.md)."""

import re
from typing import Any, cast

from django.urls import URLPattern, re_path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from batchops.access import actor_of
from batchops.errors import InvalidInput
from batchops.models import User
from jobs import lifecycle, queries
from jobs.models import Job
from jobs.serializers import (
    NAME_IN_PATH,
    ItemsQuery,
    ListQuery,
    RetryQuery,
    StartBody,
    batch_body,
    batch_status,
    cursor_of,
    item_body,
    job_body,
    stats_body,
    status_body,
    summary_body,
)
from jobs.start import Order, once, ring, start_job

KEY = re.compile(r"[\x21-\x7e]{1,200}")
SUMMARY_RETRY_S = 5
VIEW = "jobs.view_job"


class StatusThrottle(UserRateThrottle):
    """Let old consoles ask for a status every two seconds."""

    scope = "status"


class JobView(APIView):
    """Base of the routes below: nothing is ever kept by a cache on the way."""

    required_permissions = {"GET": VIEW}

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Jobs(JobView):
    required_permissions = {"GET": VIEW, "POST": "jobs.start_job"}

    def get(self, request: Request) -> Response:
        """List jobs, newest first."""
        query = ListQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = queries.page_of_jobs(query.filter(), limit=given["limit"], after=given.get("cursor"))
        data: dict[str, Any] = {"jobs": [job_body(job) for job in page.rows]}
        if given["stats"]:
            data["stats"] = stats_body(queries.count_by_state())
        data["nextCursor"] = cursor_of(page.next_key)
        return Response({"success": True, "data": data})

    def post(self, request: Request) -> Response:
        """Start a job; with an Idempotency-Key at most one in 24 hours."""
        body = StartBody(data=request.data)
        body.is_valid(raise_exception=True)
        job = _start_once(request, _order(body.validated_data))
        return Response({"success": True, "data": job_body(queries.find_job(job.pk))}, status=201)


def _order(given: dict[str, Any]) -> Order:
    return Order(
        type=given["type"],
        title=given["title"],
        params=given["params"],
        items=given.get("items"),
        priority=given["priority"],
        campaign_id=given["campaignId"] or "",
        external_id=given["externalId"] or "",
    )


def _start_once(request: Request, order: Order) -> Job:
    actor = actor_of(request)
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return start_job(order, actor=actor)
    if not KEY.fullmatch(key):
        sentence = "Must be 1 to 200 printable ASCII characters without spaces."
        raise InvalidInput(
            "The header Idempotency-Key cannot be used.", {"Idempotency-Key": [sentence]}
        )
    return once(cast(User, request.user), key, request.data, lambda: start_job(order, actor=actor))


class OneJob(JobView):
    def get(self, request: Request, name: str) -> Response:
        """Show one job."""
        return Response({"success": True, "data": job_body(queries.find_job(name))})


class Status(JobView):
    throttle_classes = [StatusThrottle]

    def get(self, request: Request, name: str) -> Response:
        """Show how far a job is."""
        return Response(status_body(queries.find_job(name)))


class Items(JobView):
    def get(self, request: Request, name: str) -> Response:
        """List a job's items by position."""
        query = ItemsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = queries.page_of_items(
            queries.find_job(name).pk,
            state=given.get("status", ""),
            limit=given["limit"],
            after=given.get("cursor"),
        )
        data = {
            "items": [item_body(item) for item in page.rows],
            "nextCursor": cursor_of(page.next_key),
        }
        return Response({"success": True, "data": data})


class Cancel(JobView):
    required_permissions = {"POST": "jobs.cancel_job"}

    def post(self, request: Request, name: str) -> Response:
        """Stop a job that has not ended."""
        job = lifecycle.cancel(queries.find_job(name).pk, actor=actor_of(request))
        if job.is_open:
            ring()
        return Response(
            {
                "success": True,
                "message": "Batch job cancelled successfully",
                "note": "Job marked as cancelled. If already processing, it will stop at next "
                "checkpoint.",
            }
        )


class Retry(JobView):
    required_permissions = {"POST": "jobs.retry_job"}

    def post(self, request: Request, name: str) -> Response:
        """Do the failed items again, or say with dryRun how many that would be."""
        query = RetryQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        job = queries.find_job(name)
        wide = "include" in query.validated_data
        count = queries.count_to_retry(job, queries.states_to_retry(job, include_cancelled=wide))
        if query.validated_data["dryRun"]:
            return Response({"success": True, "dryRun": True, "count": count})
        lifecycle.retry(job.pk, actor=actor_of(request), include_cancelled=wide)
        ring()
        return Response({"success": True, "count": count, "data": job_body(queries.find_job(name))})


class Batch(JobView):
    throttle_classes = [StatusThrottle]

    def get(self, request: Request, name: str) -> Response:
        """Show a job as a batch of files."""
        job = queries.find_job(name)
        return Response(batch_body(job, queries.items_by_state(job.pk)))


class Summary(JobView):
    throttle_classes = [StatusThrottle]

    def get(self, request: Request, name: str) -> Response:
        """Show a batch's summary, and repair a batch whose summary should be there."""
        job = queries.find_job(name)
        if job.is_open and job.is_settled:
            lifecycle.finalise(job.pk, actor=actor_of(request))
            job = queries.find_job(name)
        if job.is_open:
            return Response(_still_open(job), status=404)
        summary = queries.summary_of(job)
        if summary is None:
            ring()
            return Response(
                {
                    "message": "Summary is being generated. Please retry in a few seconds.",
                    "retry_after": SUMMARY_RETRY_S,
                },
                status=202,
                headers={"Retry-After": str(SUMMARY_RETRY_S)},
            )
        return Response(summary_body(job, summary))


def _still_open(job: Job) -> dict[str, Any]:
    return {
        "message": "Files of this batch are still open. Its summary comes when the last is done.",
        "status": batch_status(job),
        "progress": status_body(job)["progress"],
    }


NAMED = rf"(?P<name>{NAME_IN_PATH})"

urlpatterns: list[URLPattern] = [
    re_path(r"^batch-jobs/?$", Jobs.as_view(), name="batch-jobs"),
    re_path(rf"^batch-jobs/{NAMED}/?$", OneJob.as_view(), name="batch-job"),
    re_path(rf"^batch-jobs/{NAMED}/status/?$", Status.as_view(), name="batch-job-status"),
    re_path(rf"^batch-jobs/{NAMED}/items/?$", Items.as_view(), name="batch-job-items"),
    re_path(rf"^batch-jobs/{NAMED}/cancel/?$", Cancel.as_view(), name="batch-job-cancel"),
    re_path(rf"^batch-jobs/{NAMED}/retry/?$", Retry.as_view(), name="batch-job-retry"),
    re_path(rf"^batches/{NAMED}/?$", Batch.as_view(), name="batch"),
    re_path(rf"^batches/{NAMED}/summary/?$", Summary.as_view(), name="batch-summary"),
]
