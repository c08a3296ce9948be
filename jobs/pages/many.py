"""Cancel or retry many jobs: those ticked in the list, or all that match its filters."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.pages import page, render_page
from jobs import queries
from jobs.bulk import Action, Bulk, bulk
from jobs.models import Job
from jobs.pages.links import link
from jobs.pages.listing import FILTERS, asked_for, shown_count
from jobs.rows import JobRow

JOBS_NAMED = 10
CHANGED = ("cancelled", "cancelling", "retried")


@page("jobs.cancel_job", methods=("GET", "POST"))
def cancel_many(request: AuthenticatedHttpRequest) -> HttpResponse:
    return _change_many(request, "cancel")


@page("jobs.retry_job", methods=("GET", "POST"))
def retry_many(request: AuthenticatedHttpRequest) -> HttpResponse:
    return _change_many(request, "retry")


def _change_many(request: AuthenticatedHttpRequest, action: Action) -> HttpResponse:
    ids = request.GET.getlist("id")
    if request.method != "POST":
        return render_page(request, "jobs/many.html", _preview(request, action, ids))
    matching = None if ids else asked_for(request).filter()
    result = bulk(action, ids=ids or None, matching=matching, actor=actor_of(request))
    _tell(request, action, result)
    if result.left and not ids:
        return redirect(request.get_full_path())
    return redirect(reverse("admin:jobs") + _filters(request).removeprefix("."))


def _preview(request: AuthenticatedHttpRequest, action: Action, ids: list[str]) -> dict[str, Any]:
    """Return what the confirmation says: how many jobs would change, and the first of them."""
    wanted = queries.JobFilter() if ids else asked_for(request).filter()
    found = queries.changeable(action, wanted)
    if ids:
        found = found.filter(pk__in=ids)
    count = queries.count_up_to(found)
    first = [job.pk for job in found[:JOBS_NAMED]]
    return {
        "title": _titles()[action],
        "action": action,
        "count": count,
        "count_shown": shown_count(count),
        "ticked": len(ids),
        "unchanged": max(0, len(ids) - count),
        "wanted": _filters(request).removeprefix(".?").removeprefix("."),
        "rows": _rows(first),
        "more": count > len(first),
        "back": reverse("admin:jobs") + _filters(request).removeprefix("."),
    }


def _rows(job_ids: list[str]) -> list[JobRow]:
    found: list[Job] = list(queries.jobs().filter(pk__in=job_ids).order_by("-created_at", "-pk"))
    return [JobRow.of(job) for job in found]


def _filters(request: AuthenticatedHttpRequest) -> str:
    return link(**{name: request.GET.get(name, "") for name in ("status", *FILTERS)})


def _titles() -> dict[str, str]:
    return {"cancel": _("Cancel these jobs?"), "retry": _("Retry the failed items of these jobs?")}


def _tell(request: AuthenticatedHttpRequest, action: Action, result: Bulk) -> None:
    changed = sum(done.outcome in CHANGED for done in result.done)
    if action == "cancel":
        said = ngettext("%(n)s job is cancelled.", "%(n)s jobs are cancelled.", changed)
    else:
        said = ngettext("%(n)s job is retried.", "%(n)s jobs are retried.", changed)
    messages.success(request, said % {"n": changed})
    refused = [done for done in result.done if done.outcome not in CHANGED]
    for done in refused[:JOBS_NAMED]:
        messages.warning(request, f"{done.job_id}: {done.message}")
    if result.left:
        left = _("%(n)s are left, because each is a move of its own. Confirm again to go on.")
        messages.warning(request, left % {"n": result.left})
