"""Show jobs to people, inside the admin."""

from django.urls import URLPattern, path, re_path

from jobs.pages.documents import document_preview, document_recipients
from jobs.pages.enriched import enriched, enriched_fragment
from jobs.pages.files import job_file, job_file_fragment
from jobs.pages.links import FILED, NAMED
from jobs.pages.listing import drawn_from, job_list, job_list_fragment
from jobs.pages.many import cancel_many, retry_many
from jobs.pages.moves import cancel_job, follow_up, prioritise_job, remake_zip, retry_job
from jobs.pages.new import new_job, new_job_of
from jobs.pages.old import old_job, old_list
from jobs.pages.one import items_fragment, job_fragment, job_page, working_fragment
from jobs.pages.schedules import (
    disable_schedule,
    enable_schedule,
    run_schedule,
    schedule_changelist,
    schedule_fragment,
    schedule_list,
    schedule_preview,
)
from jobs.pages.statistics import statistics_fragment, statistics_page
from jobs.pages.watching import job_mails, watch_fragment, watch_job
from jobs.types.bill_stop import pages as bill_stop

__all__ = ["drawn_from", "redirects", "urls"]

urls: list[URLPattern] = [
    *bill_stop.urls,
    path("jobs/", job_list, name="jobs"),
    path("jobs/fragment/", job_list_fragment, name="jobs_fragment"),
    path("jobs/new/", new_job, name="new_job"),
    path("jobs/new/document/preview/", document_preview, name="document_preview"),
    path("jobs/new/document/recipients/", document_recipients, name="document_recipients"),
    path("jobs/new/<slug:job_type>/", new_job_of, name="new_job_of"),
    path("jobs/bulk/cancel/", cancel_many, name="bulk_cancel"),
    path("jobs/bulk/retry/", retry_many, name="bulk_retry"),
    path("jobs/schedules/", schedule_list, name="schedules"),
    path("jobs/schedules/fragment/", schedule_fragment, name="schedules_fragment"),
    path("jobs/schedules/preview/", schedule_preview, name="schedule_preview"),
    path("jobs/schedules/<int:schedule_id>/run/", run_schedule, name="run_schedule"),
    path("jobs/schedules/<int:schedule_id>/enable/", enable_schedule, name="enable_schedule"),
    path("jobs/schedules/<int:schedule_id>/disable/", disable_schedule, name="disable_schedule"),
    path("jobs/statistics/", statistics_page, name="statistics"),
    path("jobs/statistics/fragment/", statistics_fragment, name="statistics_fragment"),
    # Where the stock admin lists them.
    path("jobs/schedule/", schedule_changelist, name="schedule_changelist"),
    path("jobs/mails/", job_mails, name="job_mails"),
    re_path(rf"^jobs/{NAMED}/$", job_page, name="job"),
    re_path(rf"^jobs/{NAMED}/fragment/$", job_fragment, name="job_fragment"),
    re_path(rf"^jobs/{NAMED}/items/fragment/$", items_fragment, name="job_items_fragment"),
    re_path(rf"^jobs/{NAMED}/working/fragment/$", working_fragment, name="job_working_fragment"),
    re_path(rf"^jobs/{NAMED}/files/{FILED}/$", job_file, name="job_file"),
    re_path(
        rf"^jobs/{NAMED}/files/{FILED}/fragment/$", job_file_fragment, name="job_file_fragment"
    ),
    re_path(rf"^jobs/{NAMED}/follow-ups/(?P<action>[a-z0-9_-]+)/$", follow_up, name="follow_up"),
    re_path(rf"^jobs/{NAMED}/enriched/$", enriched, name="enriched"),
    re_path(rf"^jobs/{NAMED}/enriched/fragment/$", enriched_fragment, name="enriched_fragment"),
    re_path(rf"^jobs/{NAMED}/cancel/$", cancel_job, name="cancel_job"),
    re_path(rf"^jobs/{NAMED}/retry/$", retry_job, name="retry_job"),
    re_path(rf"^jobs/{NAMED}/zip/$", remake_zip, name="remake_zip"),
    re_path(rf"^jobs/{NAMED}/watch/$", watch_job, name="watch_job"),
    re_path(rf"^jobs/{NAMED}/watch/fragment/$", watch_fragment, name="job_watch_fragment"),
    re_path(rf"^jobs/{NAMED}/priority/$", prioritise_job, name="prioritise_job"),
]


# Where the old console's pages were; outside /admin/.
redirects: list[URLPattern] = [
    *bill_stop.redirects,
    re_path(r"^batch-jobs/?$", old_list, name="old-jobs"),
    re_path(rf"^batch-jobs/{NAMED}/?$", old_job, name="old-job"),
]
