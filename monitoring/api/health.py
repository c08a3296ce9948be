"""Tell how well batches went, and how fast."""

from datetime import timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from batchops.shapes import enveloped
from monitoring import listing, performance, queries
from monitoring.api.answers import VIEW, answer, checked
from monitoring.bodies import (
    BatchHealthBody,
    FailureBody,
    HealthBody,
    PerformanceBody,
    PerformanceRowBody,
)
from monitoring.listing import RunFilter
from monitoring.serializers import HealthAsked, PerformanceAsked
from monitoring.shown import RunView, view_of
from monitoring.states import WORDS, RunState


class BatchHealth(APIView):
    """Tell how the runs of each batch ended in the last days, and which failed.

    Counted are runs that ended with a result, by CC&B's clock. `recentFailures` also names runs
    that were repaired since.
    """

    required_permissions = VIEW

    @extend_schema(parameters=[HealthAsked], responses={200: enveloped(HealthBody)})
    def get(self, request: Request) -> Response:
        days = checked(HealthAsked, request).validated_data["days"]
        fresh = queries.freshness(timezone.now())
        now, since = fresh.source_now, fresh.source_now - timedelta(days=days)
        data: HealthBody = {
            "summary": [_health(one) for one in performance.health(since=since, until=now)],
            "recentFailures": [
                _failure(view_of(run, fresh), message)
                for run, message in performance.recent_failures(since)
            ],
            "period": "Last day" if days == 1 else f"Last {days} days",
            "asOf": fresh.seen_at.isoformat() if fresh.seen_at else None,
            "stale": fresh.stale,
        }
        return answer(data)


class BatchPerformance(APIView):
    """Tell how long the runs of some business days took and how fast they were, newest first."""

    required_permissions = VIEW

    @extend_schema(parameters=[PerformanceAsked], responses={200: enveloped(PerformanceBody)})
    def get(self, request: Request) -> Response:
        asked = checked(PerformanceAsked, request)
        fresh = queries.freshness(timezone.now())
        first, last = asked.span(fresh.today)
        found = RunFilter(first_day=first, last_day=last).runs(fresh)
        limit = asked.validated_data["limit"]
        rows, rest = listing.page_of(found, limit=limit, after=asked.after())
        data: PerformanceBody = {
            "performance": [_row(view_of(run, fresh)) for run in rows],
            "dateRange": {"startDate": first.isoformat(), "endDate": last.isoformat()},
            "total": found.count(),
            "nextCursor": str(rest) if rest else None,
        }
        return answer(data)


def _health(one: performance.BatchHealth) -> BatchHealthBody:
    return {
        "batch_code": one.batch_code,
        "total_runs": one.total,
        "successful_runs": one.succeeded,
        "failed_runs": one.failed,
        "success_rate": one.success_pct,
        "avg_duration": one.avg_duration_s,
        "avg_rps": one.avg_rps,
    }


def _failure(view: RunView, message: str) -> FailureBody:
    run = view.run
    return {
        "id": run.pk,
        "batch_code": run.batch_code,
        "batch_nbr": run.batch_nbr,
        "status": WORDS[view.state],
        "start_time": run.started_at.isoformat(),
        "end_time": run.ended_at.isoformat() if run.ended_at else None,
        "error_message": message or None,
        "business_date": run.business_date.isoformat(),
        "repaired": run.state == RunState.COMPLETE,
    }


def _row(view: RunView) -> PerformanceRowBody:
    run = view.run
    return {
        "batchCode": run.batch_code,
        "status": WORDS[view.state],
        "statusCode": run.status_code,
        "startTime": run.started_at.isoformat(),
        "endTime": run.ended_at.isoformat() if run.ended_at else None,
        "totalDuration": view.elapsed_s,
        "totalRecords": run.records_processed,
        "rps": view.rps,
        "businessDate": run.business_date.isoformat(),
    }
