"""Cancel, retry and prioritise a job by buttons, and have its ZIP tried again."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import lifecycle, queries
from jobs.follow_ups import find_follow_up, start_follow_up
from jobs.models import Job
from jobs.pages.links import START
from jobs.rows import JobRow
from jobs.serializers import PriorityBody
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


@page("jobs.retry_job", methods=("GET", "POST"))
def retry_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    if request.method != "POST":
        context = {"title": _("Do the failed items again?"), "row": JobRow.of(job)}
        return render_page(request, "jobs/retry.html", context)
    wide = "cancelled" in request.POST
    again = queries.states_to_retry(job, include_cancelled=wide)
    lifecycle.retry(job.pk, actor=actor_of(request), include_cancelled=wide)
    ring()
    messages.success(request, _done_again(job, again))
    return redirect("admin:job", job.pk)


def _done_again(job: Job, again: Sequence[str]) -> str:
    """Say what a retry does, of a job as it was before."""
    if queries.lists_the_rest(job, again):
        return _("The job goes on with what was left of it.")
    count = queries.count_to_retry(job, again)
    if not count:
        return _("The job is tried again from where it failed.")
    said = ngettext("%(n)s item is done again.", "%(n)s items are done again.", count)
    return said % {"n": count}


@page("jobs.retry_job", methods=("POST",))
def remake_zip(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    lifecycle.remake_artifact(job.pk, actor=actor_of(request))
    ring()
    messages.success(request, _("The ZIP is tried again."))
    return redirect("admin:job", job.pk)


@page("jobs.prioritise_job", methods=("POST",))
def prioritise_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    body = PriorityBody(data={"priority": request.POST.get("priority", "")})
    if not body.is_valid():
        raise InvalidInput(_("A priority is a whole number from -100 to 100. Go back and mend it."))
    lifecycle.prioritise(job.pk, body.validated_data["priority"], actor=actor_of(request))
    messages.success(request, _("The priority is changed. Workers heed it with their next choice."))
    return redirect("admin:job", job.pk)


@page(START, methods=("GET", "POST"))
def follow_up(request: AuthenticatedHttpRequest, job_id: str, action: str) -> HttpResponse:
    parent = queries.find_job(job_id)
    if request.method != "POST":
        return render_page(request, "jobs/follow_up.html", _question(parent, action))
    return redirect("admin:job", start_follow_up(parent, action, actor=actor_of(request)).pk)


def _question(parent: Job, action: str) -> dict[str, Any]:
    follows = find_follow_up(parent, action)
    earlier = queries.jobs().filter(parent=parent, type=follows.type).order_by("-created_at")
    return {
        "title": _("%(label)s again?") % {"label": _(follows.label)},
        "row": JobRow.of(parent),
        "earlier": next((JobRow.of(job) for job in earlier[:1]), None),
    }
