"""Show the list of jobs."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import queries
from jobs.bodies import cursor_of, stats_body
from jobs.pages.links import START, VIEW, link
from jobs.rows import JobRow
from jobs.serializers import ListQuery
from jobs.topics import read_jobs

JOBS_LISTED = 50
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
        "older": link(status=status, cursor=cursor_of(found.next_key) or ""),
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
            "href": link(status=word),
            "current": word == current,
        }
        for word in TABS
    ]
