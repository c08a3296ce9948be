"""Hand out the ZIP of a job.

For pages: the route is `batch-job-download`, the state is the job's `artifact_state`:
`none` (no button), `making` (say so; the job's topic changes when it is there), `ready` (a link
to the route), `failed` (say so; why stands in the job's events) and `expired` (say that retention
removed it). While a retried job is open, and when its new ZIP failed, the old one is still handed
out: `downloadUrl` of the job's body says whether there is one.
"""

import logging
from functools import partial
from typing import Any

from django.core.files.storage import storages
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from batchops.db import give_connection_back
from batchops.downloads import Stored, hand_out
from batchops.openapi import refusals
from batchops.shapes import shape
from jobs import queries, states
from jobs.api.views import JobView
from jobs.bodies import ComeAgainBody
from jobs.errors import ArtifactFailed, ArtifactGone, JobNotFound, NoArtifact, NotFinished
from jobs.models import Artifact, Job

log = logging.getLogger("jobs.artifacts")

RETRY_AFTER_S = 5


# What a caller may ask for, and hears of it, as RFC 9110 has it.
ASKED = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER)
    for name in ("Range", "If-Range", "If-None-Match")
]
TOLD = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=statuses)
    for name, statuses in (
        ("ETag", [200, 206, 304, 416]),
        ("Accept-Ranges", [200, 206, 304, 416]),
        ("Content-Range", [206, 416]),
        ("Content-Disposition", [200, 206]),
    )
]
ZIP = (200, "application/zip")
ANSWERS: dict[Any, Any] = {
    ZIP: OpenApiTypes.BINARY,
    (206, "application/zip"): OpenApiTypes.BINARY,
    (202, "application/json"): OpenApiResponse(
        shape(ComeAgainBody), description="It is being made; Retry-After says when to come."
    ),
    304: OpenApiResponse(description="Who asks has it already."),
    **refusals(JobNotFound, NoArtifact, NotFinished, ArtifactFailed, ArtifactGone),
    416: OpenApiResponse(description="It has no such part; Content-Range says how long it is."),
}


class Download(JobView):
    @extend_schema(parameters=[*ASKED, *TOLD], responses=ANSWERS)
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """Hand out the ZIP of a finished job, whole or a range of it."""
        job = queries.find_job(name)
        if job.artifact_state == states.MAKING and not job.is_open:
            return _come_again()
        artifact = queries.artifact_of(job)
        if artifact is None:
            raise _why_there_is_none(job)
        give_connection_back()  # sending may take long
        try:
            return hand_out(_stored(artifact), method=request.method or "", asked=request.headers)
        except FileNotFoundError:
            log.exception("The file of a ZIP is missing job=%s", job.pk)
            raise _gone(job) from None

    @extend_schema(exclude=True)
    def head(self, request: Request, name: str) -> HttpResponseBase:
        """Say what GET would, without the file."""
        return self.get(request, name)


def _come_again() -> Response:
    message = _("The ZIP is being made. Please retry in a few seconds.")
    answer: ComeAgainBody = {"message": message, "retry_after": RETRY_AFTER_S}
    return Response(answer, status=202, headers={"Retry-After": str(RETRY_AFTER_S)})


def _why_there_is_none(job: Job) -> Exception:
    if not job.makes_artifact and job.artifact_state == states.NO_ARTIFACT:
        return NoArtifact(_("This job makes no ZIP. Its items hold what it did."))
    if job.is_open:
        return NotFinished(
            _("The job is not finished yet. Its ZIP comes after the last item."), status=job.state
        )
    if job.artifact_state == states.EXPIRED:
        return _gone(job)
    if job.artifact_state == states.FAILED:
        return ArtifactFailed(
            _("The ZIP could not be made; why stands in the job's activity. Have it made again.")
        )
    return NoArtifact(_("Nothing of this job succeeded, so it has no ZIP. Retry it."))


def _gone(job: Job) -> ArtifactGone:
    return ArtifactGone(
        _(
            "The ZIP of job %(job)s was removed, as its time was over. Start the job anew to "
            "have another made."
        )
        % {"job": job.pk}
    )


def _stored(artifact: Artifact) -> Stored:
    storage = storages["artifacts"]
    open_file: Any = partial(storage.open, artifact.stored_as())
    return Stored(
        name=artifact.file_name,
        size_bytes=artifact.size_bytes or 0,
        digest=artifact.sha256,
        content_type="application/zip",
        open=open_file,
    )
