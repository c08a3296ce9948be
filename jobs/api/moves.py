"""Cancel a job, retry it, and change its priority."""

from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from jobs import lifecycle, queries
from jobs.api.views import JobView
from jobs.bodies import job_body
from jobs.serializers import PriorityBody, RetryQuery
from jobs.start import ring


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


class Priority(JobView):
    required_permissions = {"POST": "jobs.prioritise_job"}

    def post(self, request: Request, name: str) -> Response:
        """Let workers choose a job earlier or later; the highest priority comes first."""
        body = PriorityBody(data=request.data)
        body.is_valid(raise_exception=True)
        job_id = queries.find_job(name).pk
        lifecycle.prioritise(job_id, body.validated_data["priority"], actor=actor_of(request))
        return Response({"success": True, "data": job_body(queries.find_job(job_id))})
