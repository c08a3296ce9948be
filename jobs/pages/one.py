"""Show one job and its items, live."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest, name_of
from batchops.cluster.queries import is_alive
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import queries, registry, states
from jobs.bodies import cursor_of
from jobs.happenings import EventRow
from jobs.models import Job, JobQuerySet
from jobs.pages.links import VIEW, link
from jobs.pages.watching import watch_context
from jobs.rows import FileRow, ItemRow, JobRow, SummaryRow, message_of, stops_of, working_rows
from jobs.serializers import ItemsQuery
from jobs.topics import job_facts

ITEMS_LISTED = 20
EVENTS_SHOWN = 30
CHILDREN_SHOWN = 20
# The fields of the live frame that decide what a region is made of; figures move by themselves.
PROGRESS_DRAWN = (
    "status",
    "cancelRequestedAt",
    "generation",
    "totalKnown",
    "hasFailures",
    "priority",
    "summarised",
    "startedAt",
    "artifactState",
    "followUps",
    "followedBy",
    "nextAttemptAt",
)
ETA_FIGURES = (
    "etaLowSeconds",
    "etaHighSeconds",
    "lastProgressAt",
    "quietSeconds",
    "remainingCount",
)
ITEMS_DRAWN = ("status", "processedCount", "cancelledCount", "generation")


@page(VIEW)
def job_page(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    context = {"title": job.title, **_progress(request, job), **_items(request, job)}
    context |= watch_context(request, job)
    return render_page(request, "jobs/job.html", context)


@page(VIEW)
def job_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(request, "jobs/_progress.html", _progress(request, job))


@page(VIEW)
def items_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(request, "jobs/_items.html", _items(request, job))


@page(VIEW)
def working_fragment(request: AuthenticatedHttpRequest, job_id: str) -> HttpResponse:
    job = queries.find_job(job_id)
    return render_page(
        request, "jobs/_working.html", {"working": working_rows(job), "row": JobRow.of(job)}
    )


def _progress(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    viewer = request.user.get_username()
    facts = job_facts(job)
    jobs = queries.jobs()
    return {
        "row": JobRow.of(job),
        "facts": facts,
        "progress_drawn": _drawn(facts, PROGRESS_DRAWN),
        "items_drawn": _drawn(facts, ITEMS_DRAWN),
        "message": message_of(job, viewer=viewer),
        "type_label": registry.label_of(job.type),
        "created_by": name_of(job.created_by, viewer),
        "working": working_rows(job),
        "stops": stops_of(job, viewer=viewer),
        "eta_figures": {name: facts[name] for name in ETA_FIGURES},
        "events": [EventRow.of(one, viewer=viewer) for one in _events(job)],
        **_summaries(job),
        "given_files": [FileRow.of(one) for one in queries.uploads_of(job)],
        "parent": _linked(jobs.filter(pk=job.parent_id)) if job.parent_id else [],
        "children": (children := _linked(jobs.filter(parent=job))),
        "follow_ups": _follow_ups(facts, job, children),
        "may_cancel": request.user.has_perm("jobs.cancel_job"),
        "may_retry": request.user.has_perm("jobs.retry_job"),
        "may_prioritise": request.user.has_perm("jobs.prioritise_job"),
        "results": _results(request, [job, *(row.job for row in children)]),
        "may_start": request.user.has_perm("jobs.start_job"),
        "workers_alive": not job.is_open or is_alive("jobs"),
    }


def _results(request: AuthenticatedHttpRequest, jobs: Sequence[Job]) -> list[dict[str, str]]:
    """Return the pages with the results of a job and of those that follow it, where there are."""
    if not request.user.has_perm(registry.SEES_PERSONAL):
        return []
    found = ((job, registry.results_page(job.type)) for job in jobs if job.succeeded)
    return [
        {"title": job.title, "url": reverse(f"admin:{name}", args=[job.pk])}
        for job, name in found
        if name
    ]


def _summaries(job: Job) -> dict[str, Any]:
    found = list(job.summaries.order_by("-generation"))
    return {
        "summaries": [SummaryRow.of(one) for one in found],
        "summary_template": registry.summary_template(job.type),
        "details": registry.summary_shown(job.type, found[0].details) if found else {},
    }


def _events(job: Job) -> Any:
    return job.events.order_by("-pk")[:EVENTS_SHOWN]


def _linked(found: JobQuerySet) -> list[JobRow]:
    return [JobRow.of(job) for job in found.order_by("-created_at")[:CHILDREN_SHOWN]]


def _follow_ups(facts: dict[str, Any], job: Job, children: list[JobRow]) -> list[dict[str, Any]]:
    """Return what may follow on a job, each with the newest job that did already."""
    type_of = {one.action: one.type for one in registry.follow_ups(job.type)}
    newest = {row.job.type: row for row in reversed(children)}
    return [{**one, "child": newest.get(type_of[one["action"]])} for one in facts["followUps"]]


def _drawn(facts: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: facts.get(name) for name in names}


def _items(request: AuthenticatedHttpRequest, job: Job) -> dict[str, Any]:
    query = ItemsQuery(data=request.GET.dict())
    if not query.is_valid():
        raise InvalidInput(_("These items cannot be narrowed down like that. Open the job anew."))
    state, search = query.filter().values()
    after = query.validated_data.get("cursor")
    found = queries.page_of_items(
        job.pk, state=state, search=search, limit=ITEMS_LISTED, after=after
    )
    items = [ItemRow.of(item) for item in found.rows]
    return {
        "job_id": job.pk,
        "items": items,
        "results_hidden": registry.hides_results(job.type, request.user),
        "items_template": registry.items_template(job.type),
        "has_labels": any(row.label for row in items),
        "item_query": request.GET.urlencode(),
        "item_state": state,
        "item_search": search,
        "item_filters": _item_filters(job, state, search),
        "more_items": link(status=state, search=search, cursor=cursor_of(found.next_key) or ""),
        "first_items": link(status=state, search=search) if after is not None else "",
        "has_more_items": found.next_key is not None,
        "no_items": _why_no_items(job, state, search),
    }


def _item_filters(job: Job, current: str, search: str) -> list[dict[str, Any]]:
    """Return the tabs over the items; those of ended items count live."""
    counts = {
        states.SUCCEEDED: ("successCount", job.succeeded),
        states.FAILED: ("failedCount", job.failed),
        states.CANCELLED: ("cancelledCount", job.cancelled),
    }
    tabs = [("", _("All"))] + [(s, _(states.ITEM_LOOKS[s].label)) for s in states.ITEM_STATES]
    return [
        {
            "label": label,
            "href": link(status=word, search=search),
            "current": word == current,
            "count": counts.get(word),
        }
        for word, label in tabs
    ]


def _why_no_items(job: Job, state: str, search: str) -> str:
    if job.items_removed_at is not None:
        removed = date_format(localtime(job.items_removed_at), "j M Y")
        said = _("Items were removed on %(date)s, as old ones are. The job and its summary stay.")
        return said % {"date": removed}
    if search:
        return _("No item is at this position, and no label begins like that.")
    if state:
        return _("No item is in this state. Choose another one.")
    if job.expanded_at is None and job.is_open:
        return _("They appear as soon as a worker has made them.")
    if job.error:
        return _("The job failed before its items were made; what went wrong stands above.")
    if job.state == states.CANCELLED:
        return _("The job was cancelled before its items were made.")
    return _("This job had none, so there was nothing to do.")
