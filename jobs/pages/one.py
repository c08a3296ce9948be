"""Show one job and its items, live."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.cluster.queries import is_alive
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import queries, states
from jobs.bodies import cursor_of
from jobs.models import Job
from jobs.pages.links import VIEW, link
from jobs.rows import ItemRow, JobRow
from jobs.serializers import ItemsQuery
from jobs.topics import job_facts

ITEMS_LISTED = 20
EVENTS_SHOWN = 30


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
            {"label": label, "href": link(status=word), "current": word == state}
            for word, label in filters
        ],
        "more_items": link(status=state, cursor=cursor_of(found.next_key) or ""),
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
