"""Show jobs to people, inside the admin."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.cluster.queries import is_alive
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import lifecycle, queries, states
from jobs.forms import DrillForm
from jobs.models import Job
from jobs.rows import ItemRow, JobRow
from jobs.serializers import NAME_IN_PATH, ItemsQuery, ListQuery, cursor_of, stats_body
from jobs.start import ring, start_job
from jobs.topics import job_facts, read_jobs

JOBS_LISTED, ITEMS_LISTED = 50, 20
EVENTS_SHOWN = 30
VIEW, START = "jobs.view_job", "jobs.start_job"
NAMED = rf"(?P<job_id>{NAME_IN_PATH})"
TABS = ("", "active", "completed", "failed", "cancelled")


@page(VIEW)
def job_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": _("Batch jobs"), **drawn_from(), **_list(request)}
    return render_page(request, "jobs/list.html", shown)


@page(VIEW)
def job_list_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "jobs/_list.html", _list(request))


def drawn_from() -> dict[str, Any]:
    """Return what a list of jobs is drawn from; to be read before the list."""
    return {"jobs_drawn": {"structure": read_jobs("")["structure"]}}


def _list(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    query = ListQuery(data=request.GET.dict())
    if not query.is_valid():
        raise InvalidInput(_("This list cannot be narrowed down like that. Open it anew."))
    found = queries.page_of_jobs(
        query.filter(), limit=JOBS_LISTED, after=query.validated_data.get("cursor")
    )
    status = query.filter().status
    return {
        "rows": [JobRow.of(job) for job in found.rows],
        "tabs": _tabs(status),
        "query": request.GET.urlencode(),
        "older": _link(status=status, cursor=cursor_of(found.next_key) or ""),
        "has_older": found.next_key is not None,
        "is_first": "cursor" not in request.GET,
        "may_start": request.user.has_perm(START),
        "may_cancel": request.user.has_perm("jobs.cancel_job"),
    }


def _tabs(current: str) -> list[dict[str, Any]]:
    counts = stats_body(queries.count_by_state())
    counts |= {"": counts["total"], "active": counts["pending"] + counts["processing"]}
    labels = {
        "": _("All"),
        "active": _("Active"),
        "completed": _("Completed"),
        "failed": _("Failed"),
        "cancelled": _("Cancelled"),
    }
    return [
        {
            "label": labels[word],
            "count": counts[word],
            "href": _link(status=word),
            "current": word == current,
        }
        for word in TABS
    ]


def _link(**parameters: str) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given)}" if given else "."


@page(VIEW)
def job_page(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    context = {"title": job.title, **_progress(request, job), **_items(request, job)}
    return render_page(request, "jobs/job.html", context)


@page(VIEW)
def job_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(request, "jobs/_progress.html", _progress(request, job))


@page(VIEW)
def items_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(request, "jobs/_items.html", _items(request, job))


def _progress(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    return {
        "row": JobRow.of(job),
        "facts": job_facts(job),
        "events": job.events.order_by("-pk")[:EVENTS_SHOWN],
        "may_cancel": request.user.has_perm("jobs.cancel_job"),
        "may_retry": request.user.has_perm("jobs.retry_job"),
        "workers_alive": not job.is_open or is_alive("jobs"),
    }


def _items(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    query = ItemsQuery(data=request.GET.dict())
    if not query.is_valid():
        raise InvalidInput(_("These items cannot be narrowed down like that. Open the job anew."))
    state = query.validated_data.get("status", "")
    after = query.validated_data.get("cursor")
    found = queries.page_of_items(job.pk, state=state, limit=ITEMS_LISTED, after=after)
    filters = [("", _("All"))] + [(s, _(states.ITEM_LOOKS[s].label)) for s in states.ITEM_STATES]
    return {
        "job_id": job.pk,
        "items": [ItemRow.of(item) for item in found.rows],
        "item_query": request.GET.urlencode(),
        "item_filters": [
            {"label": label, "href": _link(status=word), "current": word == state}
            for word, label in filters
        ],
        "more_items": _link(status=state, cursor=cursor_of(found.next_key) or ""),
        "has_more_items": found.next_key is not None,
        "no_items": _why_no_items(job, state),
    }


def _why_no_items(job: Job, state: str) -> str:
    if state:
        return _("No item is in this state. Choose another one.")
    if job.expanded_at is None and job.is_open:
        return _("They appear as soon as a worker has made them.")
    if job.error:
        return _("The job failed before its items were made; what went wrong stands above.")
    if job.state == states.CANCELLED:
        return _("The job was cancelled before its items were made.")
    return _("This job had none, so there was nothing to do.")


@page(START, methods=("GET", "POST"))
def new_drill(request: AuthenticatedHttpRequest) -> HttpResponse:
    form = DrillForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        job = start_job(form.order(), actor=actor_of(request))
        return redirect("admin:job", job.pk)
    status = 400 if form.is_bound else 200
    context = {"title": _("Start an engine drill"), "form": form}
    return render_page(request, "jobs/new_drill.html", context, status=status)


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


urls: list[URLPattern] = [
    path("jobs/", job_list, name="jobs"),
    path("jobs/fragment/", job_list_fragment, name="jobs_fragment"),
    path("jobs/new/", new_drill, name="new_drill"),
    re_path(rf"^jobs/{NAMED}/$", job_page, name="job"),
    re_path(rf"^jobs/{NAMED}/fragment/$", job_fragment, name="job_fragment"),
    re_path(rf"^jobs/{NAMED}/items/fragment/$", items_fragment, name="job_items_fragment"),
    re_path(rf"^jobs/{NAMED}/cancel/$", cancel_job, name="cancel_job"),
    re_path(rf"^jobs/{NAMED}/retry/$", retry_job, name="retry_job"),
]


@page(VIEW)
def old_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    return redirect("admin:jobs")


@page(VIEW)
def old_job(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    return redirect("admin:job", job_id)


# Where the old console's pages were; outside /admin/.
redirects: list[URLPattern] = [
    re_path(r"^batch-jobs/?$", old_list, name="old-jobs"),
    re_path(rf"^batch-jobs/{NAMED}/?$", old_job, name="old-job"),
]
