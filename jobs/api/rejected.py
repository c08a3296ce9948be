"""Hand out the rows that a file batch rejected."""

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from batchops.exports import TooManyExports, TooManyRows, TooSlow, stream
from batchops.exports.described import FILES, HEADERS
from batchops.openapi import refusals
from jobs import queries
from jobs.api.views import JobView
from jobs.errors import FilesUnavailable, ItemsRemoved, JobNotFound, NotTables, UploadNotFound
from jobs.serializers import RejectedQuery
from jobs.types.file_batch.rejected import rejected_export

REFUSALS = (
    TooManyRows, TooManyExports, TooSlow, JobNotFound, NotTables, ItemsRemoved, UploadNotFound,
    FilesUnavailable,
)  # fmt: skip


class RejectedRows(JobView):
    http_method_names = ["get", "options"]

    @extend_schema(parameters=[RejectedQuery, *HEADERS], responses={**FILES, **refusals(*REFUSALS)})
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Hand out the rows that were rejected, of all files or of one, each with the reason."""
        query = RejectedQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        export = rejected_export(queries.find_job(name), given.get("file"))
        return stream(export, given["format"])
