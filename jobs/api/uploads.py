"""Take in large files part by part."""

from typing import Annotated, TypedDict, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.access import actor_of
from batchops.models import User
from batchops.openapi import refusals
from batchops.shapes import Moment, enveloped, words
from jobs import queries, states, uploads
from jobs.api.views import JobView
from jobs.bodies import iso
from jobs.errors import (
    FileTooLarge,
    KindRefused,
    NoRoom,
    OverQuota,
    PartsMissing,
    UploadNotFound,
    UploadRefused,
)
from jobs.models import Upload
from jobs.serializers import UploadBody

UPLOAD = r"(?P<upload_id>[A-Za-z0-9]{16})"
PART = r"(?P<number>[0-9]{1,18})"


class UploadData(TypedDict):
    """One file that is sent, and how much of it has come; `received` names parts from 1 on."""

    id: str
    name: str
    sizeBytes: int
    partSize: int
    parts: int
    received: list[int]
    status: Annotated[str, words(*states.UPLOAD_STATES)]
    kind: str | None
    sha256: str | None
    createdAt: Moment | None
    completedAt: Moment | None
    expiresAt: Moment | None
    jobId: str | None


class UploadView(JobView):
    """Base of the routes below, which only ever find the caller's own uploads."""

    def find(self, request: Request, upload_id: str) -> Upload:
        """Return the caller's upload.

        :raises UploadNotFound: when there is none, or it is another's.
        """
        return queries.find_upload(upload_id, owner=cast(User, request.user))


class Uploads(UploadView):
    required_permissions = {"POST": "jobs.start_job"}

    @extend_schema(
        request=UploadBody,
        responses={201: enveloped(UploadData), **refusals(OverQuota, FileTooLarge, NoRoom)},
    )
    def post(self, request: Request) -> Response:
        """Announce a file that comes in parts."""
        body = UploadBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        upload = uploads.announce(
            cast(User, request.user), given["name"], given["sizeBytes"], sha256=given["sha256"]
        )
        return Response({"success": True, "data": upload_body(upload)}, status=201)


class OneUpload(UploadView):
    required_permissions = {"GET": "jobs.start_job", "DELETE": "jobs.start_job"}

    @extend_schema(responses={200: enveloped(UploadData), **refusals(UploadNotFound)})
    def get(self, request: Request, upload_id: str) -> Response:
        """Say which parts of a file have come."""
        upload = self.find(request, upload_id)
        return Response({"success": True, "data": upload_body(upload)})

    @extend_schema(responses={204: None, **refusals(UploadNotFound, UploadRefused)})
    def delete(self, request: Request, upload_id: str) -> Response:
        """Let go of a file that no job has taken."""
        uploads.remove(self.find(request, upload_id), actor=actor_of(request))
        return Response(status=204)


class OnePart(UploadView):
    required_permissions = {"PUT": "jobs.start_job"}

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            200: enveloped(UploadData),
            **refusals(UploadNotFound, UploadRefused, NoRoom),
        },
    )
    def put(self, request: Request, upload_id: str, number: str) -> Response:
        """Store one part, the first being number 1; in any order, and again if need be."""
        upload = self.find(request, upload_id)
        # Not as DRF reads it, which takes a body of unknown length for none.
        uploads.receive(upload, int(number), request.body)
        return Response({"success": True, "data": upload_body(upload)})


class CompleteUpload(UploadView):
    required_permissions = {"POST": "jobs.start_job"}

    @extend_schema(
        request=None,
        responses={
            200: enveloped(UploadData),
            **refusals(UploadNotFound, UploadRefused, PartsMissing, KindRefused),
        },
    )
    def post(self, request: Request, upload_id: str) -> Response:
        """Check the whole file: its parts, its SHA-256, and what it is."""
        upload = uploads.complete(self.find(request, upload_id), actor=actor_of(request))
        return Response({"success": True, "data": upload_body(upload)})


def upload_body(upload: Upload) -> UploadData:
    """Return an upload as the API shows it."""
    return {
        "id": upload.pk,
        "name": upload.name,
        "sizeBytes": upload.size_bytes,
        "partSize": upload.part_bytes,
        "parts": upload.parts_total,
        "received": [part.number for part in queries.parts_of(upload)],
        "status": upload.state,
        "kind": upload.kind or None,
        "sha256": upload.sha256 or None,
        "createdAt": iso(upload.created_at),
        "completedAt": iso(upload.completed_at),
        "expiresAt": iso(upload.expires_at),
        "jobId": upload.job_id,
    }
