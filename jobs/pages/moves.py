"""Cancel and retry jobs by buttons."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.pages import page, render_page
from jobs import lifecycle, queries
from jobs.rows import JobRow
from jobs.start import ring


@page("jobs.cancel_job", methods=("GET", "POST"))
def cancel_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    if request.method != "POST":
        context = {"title": _("Cancel this job?"), "row": JobRow.of(job)}
        return render_page(request, "jobs/cancel.html", context)
    if lifecycle.cancel(job.pk, actor=actor_of(request)).is_open:
        ring()
    messages.success(request, _("The job is being cancelled. What was done stays done."))
    return redirect("admin:job", job.pk)


@page("jobs.retry_job", methods=("POST",))
def retry_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    again = queries.states_to_retry(job, include_cancelled=False)
    count = queries.count_to_retry(job, again)
    lifecycle.retry(job.pk, actor=actor_of(request))
    ring()
    done_again = ngettext("%(n)s item is done again.", "%(n)s items are done again.", count)
    said = done_again % {"n": count} if count else _("The job is tried again from where it failed.")
    messages.success(request, said)
    return redirect("admin:job", job.pk)
