"""Tell the runs that were seen, a page at a time or as a file."""

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.exports import TooManyExports, TooManyRows, TooSlow, stream
from batchops.exports.described import FILES, HEADERS
from batchops.openapi import refusals
from batchops.shapes import enveloped
from monitoring import listing, queries
from monitoring.api.answers import VIEW, answer, checked
from monitoring.bodies import LogBody, LogsBody
from monitoring.exports import runs_export
from monitoring.serializers import ExportAsked, LogsAsked
from monitoring.shown import RunView, view_of


class BatchLogs(APIView):
    """Tell the runs that were seen, newest first, a page at a time."""

    required_permissions = VIEW

    @extend_schema(parameters=[LogsAsked], responses={200: enveloped(LogsBody)})
    def get(self, request: Request) -> Response:
        asked = checked(LogsAsked, request)
        fresh = queries.freshness(timezone.now())
        found = asked.wanted().runs(fresh)
        limit = asked.validated_data["limit"]
        rows, rest = listing.page_of(found, limit=limit, after=asked.after())
        data: LogsBody = {
            "logs": [_log(view_of(run, fresh)) for run in rows],
            "total": found.count(),
            "nextCursor": str(rest) if rest else None,
        }
        return answer(data)


class BatchLogsExport(APIView):
    http_method_names = ["get", "options"]
    required_permissions = VIEW

    @extend_schema(
        parameters=[ExportAsked, *HEADERS],
        responses={**FILES, **refusals(TooManyRows, TooManyExports, TooSlow)},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Hand out the runs that the log's filters leave as a file."""
        asked = checked(ExportAsked, request)
        export = runs_export(asked.wanted(), queries.freshness(timezone.now()))
        return stream(export, asked.validated_data["format"])


def _log(view: RunView) -> LogBody:
    run, shown = view.run, view.facts()
    return {
        "id": run.pk,
        "batch_code": run.batch_code,
        "batch_nbr": shown["batch_nbr"],
        "rerun_nbr": shown["rerun_nbr"],
        "status": shown["status"],
        "start_time": shown["start_time"],
        "end_time": shown["end_time"],
        "duration_seconds": shown["duration_seconds"],
        "thread_count": shown["thread_count"],
        "records_processed": shown["records_processed"],
        "records_in_error": shown["records_in_error"],
        "rps": shown["rps"],
        "business_date": shown["business_date"],
        "error_message": run.error_message or None,
        "created_at": run.created_at.isoformat(),
    }
