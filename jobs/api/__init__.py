"""Answer programs about jobs (docs/api.md)."""

from django.urls import URLPattern, re_path

from jobs.api.batches import Batch, Summary
from jobs.api.bulk import BulkMove
from jobs.api.documents import POSITION, Document, DocumentPreview
from jobs.api.download import Download
from jobs.api.enriched import EnrichedExport
from jobs.api.exports import ItemsExport, JobsExport
from jobs.api.external import Claims, KeepClaim, Results
from jobs.api.follow_ups import Enrich, Follow
from jobs.api.items import Items
from jobs.api.jobs import Jobs, OneJob, Status
from jobs.api.moves import Cancel, Priority, RemakeZip, Retry
from jobs.api.next import ProcessNext
from jobs.api.rejected import RejectedRows
from jobs.api.schedules import DisableSchedule, EnableSchedule, RunSchedule, Schedules
from jobs.api.statistics import Statistics
from jobs.api.uploads import PART, UPLOAD, CompleteUpload, OnePart, OneUpload, Uploads
from jobs.api.views import ACTION, CLAIM, NAMED, SCHEDULED
from jobs.api.watching import Watch
from jobs.types.bill_stop import api as bill_stop

urlpatterns: list[URLPattern] = [
    *bill_stop.urlpatterns,
    re_path(r"^batch-jobs/?$", Jobs.as_view(), name="batch-jobs"),
    # Before the jobs' own addresses, for they look like one of them.
    re_path(r"^batch-jobs/bulk/?$", BulkMove.as_view(), name="batch-jobs-bulk"),
    re_path(r"^batch-jobs/export/?$", JobsExport.as_view(), name="batch-jobs-export"),
    re_path(r"^batch-jobs/statistics/?$", Statistics.as_view(), name="batch-jobs-statistics"),
    re_path(rf"^batch-jobs/{NAMED}/?$", OneJob.as_view(), name="batch-job"),
    re_path(rf"^batch-jobs/{NAMED}/status/?$", Status.as_view(), name="batch-job-status"),
    re_path(rf"^batch-jobs/{NAMED}/items/?$", Items.as_view(), name="batch-job-items"),
    re_path(rf"^batch-jobs/{NAMED}/download/?$", Download.as_view(), name="batch-job-download"),
    re_path(
        rf"^batch-jobs/{NAMED}/items/export/?$",
        ItemsExport.as_view(),
        name="batch-job-items-export",
    ),
    re_path(
        rf"^batch-jobs/{NAMED}/documents/{POSITION}/?$",
        Document.as_view(),
        name="batch-job-document",
    ),
    re_path(
        rf"^batch-jobs/{NAMED}/enriched/export/?$",
        EnrichedExport.as_view(),
        name="batch-job-enriched-export",
    ),
    re_path(rf"^batch-jobs/{NAMED}/cancel/?$", Cancel.as_view(), name="batch-job-cancel"),
    re_path(rf"^batch-jobs/{NAMED}/retry/?$", Retry.as_view(), name="batch-job-retry"),
    re_path(rf"^batch-jobs/{NAMED}/zip/?$", RemakeZip.as_view(), name="batch-job-zip"),
    re_path(rf"^batch-jobs/{NAMED}/priority/?$", Priority.as_view(), name="batch-job-priority"),
    re_path(
        rf"^batch-jobs/{NAMED}/process-next/?$",
        ProcessNext.as_view(),
        name="batch-job-process-next",
    ),
    re_path(rf"^batch-jobs/{NAMED}/claim/?$", Claims.as_view(), name="batch-job-claim"),
    re_path(
        rf"^batch-jobs/{NAMED}/claims/{CLAIM}/heartbeat/?$",
        KeepClaim.as_view(),
        name="batch-job-claim-heartbeat",
    ),
    re_path(
        rf"^batch-jobs/{NAMED}/claims/{CLAIM}/results/?$",
        Results.as_view(),
        name="batch-job-claim-results",
    ),
    re_path(rf"^batch-jobs/{NAMED}/enrich/?$", Enrich.as_view(), name="batch-job-enrich"),
    re_path(
        rf"^batch-jobs/{NAMED}/follow-ups/{ACTION}/?$", Follow.as_view(), name="batch-job-follow-up"
    ),
    re_path(rf"^batch-jobs/{NAMED}/watch/?$", Watch.as_view(), name="batch-job-watch"),
    re_path(rf"^batches/{NAMED}/?$", Batch.as_view(), name="batch"),
    re_path(rf"^batches/{NAMED}/summary/?$", Summary.as_view(), name="batch-summary"),
    re_path(r"^documents/preview/?$", DocumentPreview.as_view(), name="document-preview"),
    re_path(rf"^batches/{NAMED}/rejected/?$", RejectedRows.as_view(), name="batch-rejected"),
    re_path(r"^uploads/?$", Uploads.as_view(), name="uploads"),
    re_path(rf"^uploads/{UPLOAD}/?$", OneUpload.as_view(), name="upload"),
    re_path(rf"^uploads/{UPLOAD}/complete/?$", CompleteUpload.as_view(), name="upload-complete"),
    re_path(rf"^uploads/{UPLOAD}/{PART}/?$", OnePart.as_view(), name="upload-part"),
    re_path(r"^schedules/?$", Schedules.as_view(), name="schedules"),
    re_path(rf"^schedules/{SCHEDULED}/run-now/?$", RunSchedule.as_view(), name="schedule-run-now"),
    re_path(rf"^schedules/{SCHEDULED}/enable/?$", EnableSchedule.as_view(), name="schedule-enable"),
    re_path(
        rf"^schedules/{SCHEDULED}/disable/?$", DisableSchedule.as_view(), name="schedule-disable"
    ),
]
