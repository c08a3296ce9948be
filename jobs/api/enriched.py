"""Hand out the rows of a job with what CC&B answered about them."""

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from batchops.exports import TooManyExports, TooManyRows, TooSlow, stream
from batchops.exports.described import FILES, HEADERS
from batchops.openapi import refusals
from jobs import queries, registry
from jobs.api.views import JobView
from jobs.errors import JobNotFound, NoAnswers
from jobs.serializers import FormatQuery
from jobs.types.enrich.joined import enrichment_of, joined_export


class EnrichedExport(JobView):
    required_permissions = {"GET": registry.SEES_PERSONAL}
    http_method_names = ["get", "options"]

    @extend_schema(
        parameters=[FormatQuery, *HEADERS],
        responses={
            **FILES,
            **refusals(TooManyRows, TooManyExports, TooSlow, JobNotFound, NoAnswers),
        },
    )
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Hand out the rows that an enrichment looked up, with CC&B's answers, as CSV or XLSX."""
        query = FormatQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        job = enrichment_of(queries.find_job(name))
        return stream(joined_export(job), query.validated_data["format"])
