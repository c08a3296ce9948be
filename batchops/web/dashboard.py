"""Show Today: the figures, the alerts, the workflow and the running jobs on one page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext

from alerts.pages import active_context, banner_context
from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.pages import page, render_page
from jobs.queries import count_by_state
from jobs.rows import running_rows
from jobs.states import OPEN
from monitoring.figures import figures
from monitoring.pages import workflow_context


@page("monitoring.view_run")
def today(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Today"), **active_context(request), **_jobs(request)}
    return render_page(request, "today.html", shown | _runs(request))


@page("monitoring.view_run")
def fragment(request: AuthenticatedHttpRequest, part: str) -> HttpResponse:
    if part not in PARTS:
        raise NotFound(gettext("Today has no part of this name."))
    return render_page(request, f"today/_{part}.html", PARTS[part](request))


def _runs(request: HttpRequest) -> dict[str, Any]:
    shown = workflow_context(request)
    drawn = shown["workflow"]
    return {**shown, "figures": figures(day=drawn.day, source_at=drawn.source_now)}


def _jobs(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("jobs.view_job"):
        return {}
    counts = count_by_state()
    return {
        "running_jobs": running_rows(),
        "running_count": sum(counts.get(state, 0) for state in OPEN),
    }


# Each region of the page that is fetched again when its topic changes.
PARTS = {
    "run_cards": _runs,
    "alert_card": banner_context,
    "job_card": _jobs,
    "jobs": _jobs,
}

urls = [
    path("", today, name="index"),
    path("today/<str:part>/fragment/", fragment, name="today_fragment"),
]
