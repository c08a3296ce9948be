"""Cancel a job, retry it or its ZIP, and change its priority."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.openapi import refusals
from batchops.shapes import enveloped, shape
from jobs import lifecycle, queries
from jobs.api.views import JobView
from jobs.bodies import CancelledBody, CountedBody, JobBody, RetriedBody, job_body
from jobs.errors import (
    AlreadyRunning,
    ItemsRemoved,
    JobNotFound,
    MoveRefused,
    NothingToRetry,
)
from jobs.serializers import PriorityBody, RetryQuery
from jobs.start import ring

RETRIED = {
    200: {"oneOf": [shape(RetriedBody), shape(CountedBody)]},
    **refusals(JobNotFound, MoveRefused, NothingToRetry, ItemsRemoved, AlreadyRunning),
}


class Cancel(JobView):
    required_permissions = {"POST": "jobs.cancel_job"}

    @extend_schema(
        request=None,
        responses={200: shape(CancelledBody), **refusals(JobNotFound, MoveRefused)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Stop a job that has not ended."""
        job = lifecycle.cancel(queries.find_job(name).pk, actor=actor_of(request))
        if job.is_open:
            ring()
        answer: CancelledBody = {
            "success": True,
            "message": "Batch job cancelled successfully",
            "note": "Job marked as cancelled. If already processing, it will stop at next "
            "checkpoint.",
        }
        return Response(answer)


class Retry(JobView):
    required_permissions = {"POST": "jobs.retry_job"}

    @extend_schema(parameters=[RetryQuery], request=None, responses=RETRIED)
    def post(self, request: Request, name: str) -> Response:
        """Do the failed items again, or say with dryRun how many that would be."""
        query = RetryQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        job = queries.find_job(name)
        wide = "include" in query.validated_data
        again = queries.states_to_retry(job, include_cancelled=wide)
        count = queries.count_to_retry(job, again)
        if query.validated_data["dryRun"]:
            unlisted = queries.lists_the_rest(job, again)
            counted: CountedBody = {
                "success": True,
                "dryRun": True,
                "count": count,
                "unlisted": unlisted,
            }
            return Response(counted)
        lifecycle.retry(job.pk, actor=actor_of(request), include_cancelled=wide)
        ring()
        data = job_body(queries.find_job(name))
        retried: RetriedBody = {"success": True, "count": count, "data": data}
        return Response(retried)


class RemakeZip(JobView):
    required_permissions = {"POST": "jobs.retry_job"}

    @extend_schema(
        request=None, responses={200: enveloped(JobBody), **refusals(JobNotFound, MoveRefused)}
    )
    def post(self, request: Request, name: str) -> Response:
        """Have a ZIP that could not be made tried again."""
        job_id = queries.find_job(name).pk
        lifecycle.remake_artifact(job_id, actor=actor_of(request))
        ring()
        return Response({"success": True, "data": job_body(queries.find_job(job_id))})


class Priority(JobView):
    required_permissions = {"POST": "jobs.prioritise_job"}

    @extend_schema(
        request=PriorityBody,
        responses={200: enveloped(JobBody), **refusals(JobNotFound, MoveRefused)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Let workers choose a job earlier or later; the highest priority comes first."""
        body = PriorityBody(data=request.data)
        body.is_valid(raise_exception=True)
        job_id = queries.find_job(name).pk
        lifecycle.prioritise(job_id, body.validated_data["priority"], actor=actor_of(request))
        return Response({"success": True, "data": job_body(queries.find_job(job_id))})
