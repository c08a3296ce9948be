"""Tell how the workflow stands: its steps, what runs, what waits."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.openapi import refusals
from batchops.shapes import enveloped
from monitoring import queries, timeline
from monitoring.api.answers import VIEW, answer, checked
from monitoring.bodies import PendingImdBody, RunningBatchesBody, RunningBody, TimelineBody
from monitoring.errors import NothingRead
from monitoring.models import Run
from monitoring.serializers import TimelineAsked
from monitoring.shown import RunView, view_of
from monitoring.states import WORDS, RunState


class BatchTimeline(APIView):
    """Tell how each step of the workflow stands, today or on the days asked for."""

    required_permissions = VIEW

    @extend_schema(parameters=[TimelineAsked], responses={200: enveloped(TimelineBody)})
    def get(self, request: Request) -> Response:
        asked = checked(TimelineAsked, request)
        return answer(timeline.facts(asked.days(), at=timezone.now()))


class RunningBatches(APIView):
    """Tell which batches run in CC&B; "Unknown" when our picture is too old to say."""

    required_permissions = VIEW

    @extend_schema(responses={200: enveloped(RunningBatchesBody)})
    def get(self, request: Request) -> Response:
        fresh = queries.freshness(timezone.now())
        running = Run.objects.filter(state=RunState.RUNNING).order_by("started_at", "id")
        data: RunningBatchesBody = {
            "batches": (batches := [_running(view_of(run, fresh)) for run in running]),
            "count": len(batches),
            "asOf": fresh.seen_at.isoformat() if fresh.seen_at else None,
            "stale": fresh.stale,
        }
        return answer(data)


class PendingImdCount(APIView):
    """Tell how many initial measurements wait, as of the last good reading."""

    required_permissions = VIEW

    @extend_schema(responses={200: enveloped(PendingImdBody), **refusals(NothingRead)})
    def get(self, request: Request) -> Response:
        poll = queries.last_good_poll()
        if poll is None:
            raise NothingRead(
                "CC&B has not been read yet, so the number is not known. Ask again after the "
                "first poll."
            )
        data: PendingImdBody = {
            "count": poll.pending_imd or 0,
            "asOf": poll.started_at.isoformat(),
        }
        return answer(data)


def _running(view: RunView) -> RunningBody:
    run = view.run
    return {
        "batchCode": run.batch_code,
        "status": WORDS[view.state],
        "startTime": run.started_at.isoformat(),
        "businessDate": run.business_date.isoformat(),
        "totalRecords": run.records_processed,
    }
