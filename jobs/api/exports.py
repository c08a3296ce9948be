"""Hand out jobs and items as files."""

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from batchops.exports import TooManyExports, TooManyRows, TooSlow, stream
from batchops.exports.described import FILES, HEADERS
from batchops.openapi import refusals
from jobs import queries, registry
from jobs.api.views import JobView
from jobs.errors import JobNotFound
from jobs.exports import items_export, jobs_export
from jobs.serializers import ExportQuery, ItemsExportQuery


class JobsExport(JobView):
    http_method_names = ["get", "options"]

    @extend_schema(
        parameters=[ExportQuery, *HEADERS],
        responses={**FILES, **refusals(TooManyRows, TooManyExports, TooSlow)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Hand out the jobs that the list's filters leave as CSV, XLSX or PDF."""
        query = ExportQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return stream(jobs_export(query.filter()), query.validated_data["format"])


class ItemsExport(JobView):
    http_method_names = ["get", "options"]

    @extend_schema(
        parameters=[ItemsExportQuery, *HEADERS],
        responses={**FILES, **refusals(TooManyRows, TooManyExports, TooSlow, JobNotFound)},
    )
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Hand out a job's items as CSV, XLSX or PDF."""
        query = ItemsExportQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        job = queries.find_job(name)
        hidden = registry.hides_results(job.type, request.user)
        export = items_export(job, **query.filter(), hidden=hidden)
        return stream(export, query.validated_data["format"])
