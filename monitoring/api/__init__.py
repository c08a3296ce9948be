"""Answer programs about CC&B's workflow and runs (docs/api.md)."""

from django.urls import URLPattern, re_path

from monitoring.api.health import BatchHealth, BatchPerformance
from monitoring.api.level import HealthCheck
from monitoring.api.logs import BatchLogs, BatchLogsExport
from monitoring.api.workflow import BatchTimeline, PendingImdCount, RunningBatches

urlpatterns: list[URLPattern] = [
    re_path(r"^batch-timeline/?$", BatchTimeline.as_view(), name="batch-timeline"),
    re_path(r"^running-batches/?$", RunningBatches.as_view(), name="running-batches"),
    re_path(r"^pending-imd-count/?$", PendingImdCount.as_view(), name="pending-imd-count"),
    re_path(r"^batch-logs/?$", BatchLogs.as_view(), name="batch-logs"),
    re_path(r"^batch-logs/export/?$", BatchLogsExport.as_view(), name="batch-logs-export"),
    re_path(r"^batch-health/?$", BatchHealth.as_view(), name="batch-health"),
    re_path(r"^batch-performance/?$", BatchPerformance.as_view(), name="batch-performance"),
    re_path(r"^health-check/?$", HealthCheck.as_view(), name="health-check"),
]
