"""Let a person be mailed when a job ends."""

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.models import User
from batchops.openapi import refusals
from batchops.shapes import enveloped
from jobs import lifecycle, queries
from jobs.api.views import VIEW, JobView
from jobs.bodies import WatchedBody
from jobs.errors import JobNotFound, NoAddress
from jobs.queries import watching
from jobs.serializers import WatchBody


class Watch(JobView):
    required_permissions = {"GET": VIEW, "POST": VIEW}

    @extend_schema(responses={200: enveloped(WatchedBody), **refusals(JobNotFound)})
    def get(self, request: Request, name: str) -> Response:
        """Say whether the caller is mailed when this job ends."""
        job = queries.find_job(name)
        on = watching.is_watched(job, cast(User, request.user))
        return Response({"success": True, "data": {"on": on}})

    @extend_schema(
        request=WatchBody,
        responses={200: enveloped(WatchedBody), **refusals(JobNotFound, NoAddress)},
    )
    def post(self, request: Request, name: str) -> Response:
        """Mail the caller when this job ends, or no longer; twice changes nothing."""
        body = WatchBody(data=request.data)
        body.is_valid(raise_exception=True)
        on = body.validated_data["on"]
        lifecycle.watch_job(queries.find_job(name).pk, cast(User, request.user), on=on)
        return Response({"success": True, "data": {"on": on}})
