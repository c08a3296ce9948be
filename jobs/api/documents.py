"""Show what a job of documents would make, before it is started, and hand out what it made."""

import logging
from base64 import b64encode
from typing import Annotated, Any, TypedDict, cast

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.db import give_connection_back
from batchops.downloads import hand_out
from batchops.inputs import JsonObjectField, StrictSerializer
from batchops.models import User
from batchops.openapi import refusals
from batchops.shapes import Narrower, enveloped
from jobs import queries
from jobs.api.download import ASKED, TOLD
from jobs.api.views import JobView
from jobs.documents import preview_of
from jobs.errors import JobNotFound, NoDocument
from jobs.inputs import INLINE_ITEMS
from jobs.reading import UnreadableFile
from jobs.start import Order
from jobs.types.document import DocumentBatch, made_for

log = logging.getLogger("jobs.documents")

POSITION = r"(?P<position>[0-9]{1,18})"
PDF = "application/pdf"
ANSWERS: dict[Any, Any] = {
    (200, PDF): OpenApiTypes.BINARY,
    (206, PDF): OpenApiTypes.BINARY,
    304: OpenApiResponse(description="Who asks has it already."),
    **refusals(JobNotFound, NoDocument),
    416: OpenApiResponse(description="It has no such part; Content-Range says how long it is."),
}
NOT_THERE = (
    "There is no such document, or it is not kept any more. The job's items say which there are."
)
Base64 = Annotated[str, Narrower(format="byte")]


class PreviewBody(StrictSerializer):
    """What a job of documents would be started with."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    params = JsonObjectField()
    items = serializers.ListField(
        child=JsonObjectField(), max_length=INLINE_ITEMS, required=False, allow_null=True
    )
    files = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=1, required=False, default=list,
        help_text="The id of an upload.",
    )  # fmt: skip


class DocumentPreviewData(TypedDict):
    """How many recipients there are, what they have, and the PDF of the first in Base64."""

    recipients: int
    columns: list[str]
    label: str
    fileName: str
    pages: int
    pdf: Base64


class DocumentPreview(JobView):
    required_permissions = {"POST": "jobs.start_job"}

    @extend_schema(
        request=PreviewBody,
        responses={200: enveloped(DocumentPreviewData), **refusals(UnreadableFile)},
    )
    def post(self, request: Request) -> Response:
        """Draw the first document of a job that is not started; nothing is stored."""
        body = PreviewBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        order = Order(
            type=DocumentBatch.name,
            title=given["title"],
            params=given["params"],
            items=given.get("items"),
            files=given["files"],
            files_of=cast(User, request.user),
        )
        shown = preview_of(order, actor=actor_of(request))
        data: DocumentPreviewData = {
            "recipients": shown.recipients.count,
            "columns": list(shown.recipients.columns),
            "label": shown.recipients.first["label"],
            "fileName": shown.file_name,
            "pages": shown.drawn.pages,
            "pdf": b64encode(shown.drawn.content).decode(),
        }
        return Response({"success": True, "data": data})


class Document(JobView):
    @extend_schema(parameters=[*ASKED, *TOLD], responses=ANSWERS)
    def get(self, request: Request, name: str, position: str) -> HttpResponseBase:
        """Hand out the PDF of the recipient at a position, the first being 0."""
        made = made_for(queries.find_job(name), int(position))
        if made is None:
            raise NoDocument(NOT_THERE)
        give_connection_back()  # sending may take long
        try:
            return hand_out(made, method=request.method or "", asked=request.headers)
        except FileNotFoundError:
            log.exception("A document is missing in the storage job=%s", name)
            raise NoDocument(NOT_THERE) from None

    @extend_schema(exclude=True)
    def head(self, request: Request, name: str, position: str) -> HttpResponseBase:
        """Say what GET would, without the file."""
        return self.get(request, name, position)
