"""Start what follows on a finished job."""

from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from jobs import queries
from jobs.api.views import JobView
from jobs.bodies import job_body
from jobs.follow_ups import start_follow_up


class Follow(JobView):
    required_permissions = {"POST": "jobs.start_job"}

    def post(self, request: Request, name: str, action: str) -> Response:
        """Start the follow-up of that name over the finished items of a job."""
        child = start_follow_up(queries.find_job(name), action, actor=actor_of(request))
        body = {"success": True, "jobId": child.pk, "data": job_body(queries.find_job(child.pk))}
        return Response(body, status=201)


class Enrich(Follow):
    def post(self, request: Request, name: str, action: str = "enrich") -> Response:
        """Start the follow-up "Enrich All"."""
        return super().post(request, name, action)
