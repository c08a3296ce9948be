"""Show a job as a batch of files, and its summary."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.shapes import shape
from batchops.throttles import StatusThrottle
from jobs import lifecycle, queries
from jobs.api.views import JobView
from jobs.bodies import (
    BatchBody,
    ComeAgainBody,
    StillOpenBody,
    SummaryBody,
    UnknownBatchBody,
    batch_body,
    batch_status,
    status_body,
    summary_body,
)
from jobs.errors import JobNotFound
from jobs.models import Job
from jobs.start import ring

SUMMARY_RETRY_S = 5
SUMMARISED = {
    200: shape(SummaryBody),
    202: OpenApiResponse(shape(ComeAgainBody), description="The summary is being made."),
    404: OpenApiResponse(
        {"anyOf": [shape(StillOpenBody), shape(UnknownBatchBody)]},
        description="Files of the batch are still open, or there is no such batch.",
    ),
}


class BatchView(JobView):
    """Base of the routes whose 404 has no `success`, as old clients expect."""

    throttle_classes = [StatusThrottle]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, JobNotFound):
            return Response({"message": exc.message, "error": exc.code}, status=404)
        return super().handle_exception(exc)


class Batch(BatchView):
    @extend_schema(
        responses={
            200: shape(BatchBody),
            404: OpenApiResponse(shape(UnknownBatchBody), description="There is no such batch."),
        }
    )
    def get(self, request: Request, name: str) -> Response:
        """Show a job as a batch of files."""
        job = queries.find_job(name)
        return Response(batch_body(job, queries.count_running(job.pk)))


class Summary(BatchView):
    @extend_schema(responses=SUMMARISED)
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
            return _come_again()
        return Response(summary_body(job, summary))


def _come_again() -> Response:
    answer: ComeAgainBody = {
        "message": "Summary is being generated. Please retry in a few seconds.",
        "retry_after": SUMMARY_RETRY_S,
    }
    return Response(answer, status=202, headers={"Retry-After": str(SUMMARY_RETRY_S)})


def _still_open(job: Job) -> StillOpenBody:
    return {
        "message": "Files of this batch are still open. Its summary comes when the last is done.",
        "status": batch_status(job),
        "progress": status_body(job)["progress"],
    }
