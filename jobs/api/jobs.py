"""List, start and show jobs."""

import re
from dataclasses import replace
from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.errors import InvalidInput
from batchops.models import User
from batchops.openapi import refusals
from batchops.shapes import enveloped, shape
from batchops.throttles import StatusThrottle
from jobs import queries, uploads
from jobs.api.sent import FILES, JSON_FIELDS, body_of, check_files, files_of
from jobs.api.views import VIEW, JobView
from jobs.bodies import (
    JobBody,
    JobsBody,
    StatusBody,
    cursor_of,
    job_body,
    stats_body,
    status_body,
)
from jobs.errors import (
    AlreadyRunning,
    DuplicateExternalId,
    FileTooLarge,
    JobNotFound,
    KeyReused,
    KindRefused,
    NoRoom,
    OverQuota,
    UnknownType,
)
from jobs.models import Job
from jobs.serializers import ListQuery, StartBody
from jobs.start import Order, check_contents, once, start_job

KEY = re.compile(r"[\x21-\x7e]{1,200}")
KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[\x21-\x7e]{1,200}$"},
    OpenApiParameter.HEADER,
    description="With the same key a repeat within 24 hours answers the same job.",
)
STARTED = {
    201: enveloped(JobBody),
    **refusals(
        UnknownType,
        AlreadyRunning,
        DuplicateExternalId,
        KeyReused,
        OverQuota,
        FileTooLarge,
        KindRefused,
        NoRoom,
    ),
}
TEXT = {"type": "string"}
# A form has the same fields, those that are no text as JSON.
FORM = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("type", "title", "campaignId", "externalId", "priority"), TEXT),
        **dict.fromkeys(JSON_FIELDS, TEXT | {"description": "In JSON."}),
        FILES: {"type": "array", "items": {"type": "string", "format": "binary"}},
    },
    "required": ["type"],
}
STARTS = {"application/json": StartBody, "multipart/form-data": FORM}


class Jobs(JobView):
    required_permissions = {"GET": VIEW, "POST": "jobs.start_job"}

    @extend_schema(parameters=[ListQuery], responses={200: enveloped(JobsBody)})
    def get(self, request: Request) -> Response:
        """List jobs, newest first."""
        query = ListQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        page = queries.page_of_jobs(query.filter(), limit=given["limit"], after=given.get("cursor"))
        data: JobsBody = {
            "jobs": [job_body(job) for job in page.rows],
            "nextCursor": cursor_of(page.next_key),
        }
        if given["stats"]:
            data["stats"] = stats_body(queries.count_by_state())
        return Response({"success": True, "data": data})

    @extend_schema(parameters=[KEY_HEADER], request=STARTS, responses=STARTED)
    def post(self, request: Request) -> Response:
        """Start a job; with an Idempotency-Key at most one in 24 hours."""
        key = _key_of(request)
        sent = body_of(request)
        body = StartBody(data=sent)
        body.is_valid(raise_exception=True)
        order = _order(body.validated_data, cast(User, request.user))
        files = files_of(request)
        check_files(order, files)
        if key is not None and files:
            sent = {**sent, "brought": uploads.digests_of(files)}
        actor = actor_of(request)
        with uploads.brought(files, owner=cast(User, request.user), actor=actor) as ids:
            order = replace(order, files=[*order.files, *ids])
            check_contents(order)
            job = _start(order, actor=actor, key=key, sent=sent)
        return Response({"success": True, "data": job_body(queries.find_job(job.pk))}, status=201)


def _order(given: dict[str, Any], user: User) -> Order:
    return Order(
        type=given["type"],
        title=given["title"],
        params=given["params"],
        items=given.get("items"),
        priority=given["priority"],
        campaign_id=given["campaignId"] or "",
        external_id=given["externalId"] or "",
        files=given["files"],
        files_of=user,
    )


def _key_of(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        sentence = "Must be 1 to 200 printable ASCII characters without spaces."
        raise InvalidInput(
            "The header Idempotency-Key cannot be used.", {"Idempotency-Key": [sentence]}
        )
    return key


def _start(order: Order, *, actor: str, key: str | None, sent: Any) -> Job:
    if key is None:
        return start_job(order, actor=actor)
    assert order.files_of is not None
    return once(order.files_of, key, sent, lambda: start_job(order, actor=actor))


class OneJob(JobView):
    throttle_classes = [StatusThrottle]

    @extend_schema(responses={200: enveloped(JobBody), **refusals(JobNotFound)})
    def get(self, request: Request, name: str) -> Response:
        """Show one job."""
        return Response({"success": True, "data": job_body(queries.find_job(name))})


class Status(JobView):
    throttle_classes = [StatusThrottle]

    @extend_schema(responses={200: shape(StatusBody), **refusals(JobNotFound)})
    def get(self, request: Request, name: str) -> Response:
        """Show how far a job is."""
        return Response(status_body(queries.find_job(name)))
