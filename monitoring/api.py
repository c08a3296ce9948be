"""Answer programs about CC&B's workflow and runs (docs/api.md)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import re_path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.openapi import refusals
from batchops.paging import Cursor
from batchops.shapes import enveloped
from monitoring import queries, timeline
from monitoring.bodies import LogBody, LogsBody, PendingImdBody, RunningBatchesBody, TimelineBody
from monitoring.errors import NothingRead
from monitoring.models import Run
from monitoring.serializers import LogsAsked, TimelineAsked
from monitoring.states import WORDS, RunState


class BatchTimeline(APIView):
    """Tell how each step of the workflow stands, today or on the days asked for."""

    required_permissions = {"GET": "monitoring.view_run"}

    @extend_schema(parameters=[TimelineAsked], responses={200: enveloped(TimelineBody)})
    def get(self, request: Request) -> Response:
        asked = TimelineAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return _answer(timeline.facts(asked.days(), at=timezone.now()))


class RunningBatches(APIView):
    """Tell which batches run in CC&B; "Unknown" when our picture is too old to say."""

    required_permissions = {"GET": "monitoring.view_run"}

    @extend_schema(responses={200: enveloped(RunningBatchesBody)})
    def get(self, request: Request) -> Response:
        fresh = queries.freshness(timezone.now())
        running = Run.objects.filter(state=RunState.RUNNING).order_by("started_at", "id")
        batches = [
            {
                "batchCode": run.batch_code,
                "status": WORDS[timeline.view_of(run, fresh).state],
                "startTime": run.started_at.isoformat(),
                "businessDate": run.business_date.isoformat(),
                "totalRecords": run.records_processed,
            }
            for run in running
        ]
        return _answer({"count": len(batches), "batches": batches})


class PendingImdCount(APIView):
    """Tell how many initial measurements wait, as of the last good reading."""

    required_permissions = {"GET": "monitoring.view_run"}

    @extend_schema(responses={200: enveloped(PendingImdBody), **refusals(NothingRead)})
    def get(self, request: Request) -> Response:
        poll = queries.last_good_poll()
        if poll is None:
            raise NothingRead(
                "CC&B has not been read yet, so the number is not known. Ask again after the "
                "first poll."
            )
        return _answer({"count": poll.pending_imd or 0, "asOf": poll.started_at.isoformat()})


class BatchLogs(APIView):
    """Tell the runs that were seen, newest first, a page at a time."""

    required_permissions = {"GET": "monitoring.view_run"}

    @extend_schema(parameters=[LogsAsked], responses={200: enveloped(LogsBody)})
    def get(self, request: Request) -> Response:
        asked = LogsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given, runs = asked.validated_data, asked.runs()
        page = runs.order_by("-started_at", "-id")
        if "cursor" in given:
            page = page.filter(Cursor.parse(given["cursor"]).older("started_at"))
        rows = list(page[: given["limit"] + 1])
        shown = rows[: given["limit"]]
        more = len(rows) > len(shown)
        return _answer(
            {
                "logs": _logs(shown),
                "total": runs.count(),
                "nextCursor": str(Cursor(shown[-1].started_at, shown[-1].pk)) if more else None,
            }
        )


def _logs(runs: Iterable[Run]) -> list[LogBody]:
    fresh = queries.freshness(timezone.now())
    return [_log(timeline.view_of(run, fresh)) for run in runs]


def _log(view: timeline.RunView) -> LogBody:
    run = view.run
    shown = view.facts()
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
        "rps": shown["rps"],
        "business_date": shown["business_date"],
        "error_message": run.error_message or None,
        "created_at": run.created_at.isoformat(),
    }


def _answer(data: Mapping[str, Any]) -> Response:
    return Response({"success": True, "data": data})


urlpatterns = [
    re_path(r"^batch-timeline/?$", BatchTimeline.as_view(), name="batch-timeline"),
    re_path(r"^running-batches/?$", RunningBatches.as_view(), name="running-batches"),
    re_path(r"^pending-imd-count/?$", PendingImdCount.as_view(), name="pending-imd-count"),
    re_path(r"^batch-logs/?$", BatchLogs.as_view(), name="batch-logs"),
]
