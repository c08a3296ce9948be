"""Start what follows on a finished job."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.openapi import refusals
from batchops.shapes import shape
from jobs import queries
from jobs.api.views import JobView
from jobs.bodies import FollowedBody, job_body
from jobs.errors import AlreadyRunning, JobNotFound, MoveRefused, NoFollowUp
from jobs.follow_ups import start_follow_up

FOLLOWED = {
    201: shape(FollowedBody),
    **refusals(JobNotFound, NoFollowUp, MoveRefused, AlreadyRunning),
}


class Follow(JobView):
    required_permissions = {"POST": "jobs.start_job"}

    @extend_schema(request=None, responses=FOLLOWED)
    def post(self, request: Request, name: str, action: str) -> Response:
        """Start the follow-up of that name over the finished items of a job."""
        child = start_follow_up(queries.find_job(name), action, actor=actor_of(request))
        data = job_body(queries.find_job(child.pk))
        answer: FollowedBody = {"success": True, "jobId": child.pk, "data": data}
        return Response(answer, status=201)


class Enrich(Follow):
    @extend_schema(request=None, responses=FOLLOWED)
    def post(self, request: Request, name: str, action: str = "enrich") -> Response:
        """Start the follow-up "Enrich All"."""
        return super().post(request, name, action)
