"""Show Today: the figures, the alerts, the workflow and the running jobs on one page."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext, ngettext

from alerts.pages import active_context, banner_context
from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.pages import page, render_page
from batchops.templatetags.batchops import address
from jobs.pages import drawn_from
from jobs.queries import count_up_to, jobs
from jobs.rows import running_rows
from monitoring.figures import figures
from monitoring.pages import forecast_context, gantt_context, workflow_context


@page("monitoring.view_run")
def today(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {**active_context(request), **drawn_from(), **_jobs(request), **_runs(request)}
    drawn = shown["workflow"]
    days = [str(panel.workflow.day) for panel in shown["panels"]]
    alone = drawn.is_today and len(days) == 1
    named = ngettext("Business day %(days)s", "Business days %(days)s", len(days))
    title = gettext("Today") if alone else named % {"days": gettext(" and ").join(days)}
    last = shown["foreseen"].forecast if shown["foreseen"] else None
    chart = gantt_context(drawn, last) if len(days) == 1 else {}
    return render_page(request, "today.html", {"title": title, "alone": alone, **shown, **chart})


@page("monitoring.view_run")
def fragment(request: AuthenticatedHttpRequest, part: str) -> HttpResponse:
    if part not in PARTS:
        raise NotFound(gettext("Today has no part of this name."))
    return render_page(request, f"today/_{part}.html", PARTS[part](request))


def _runs(request: HttpRequest) -> dict[str, Any]:
    shown = workflow_context(request)
    drawn = shown["workflow"]
    fresh = drawn.fresh
    today, runs = fresh.today, address("admin:runs")
    return {
        **shown,
        **forecast_context(fresh),
        "workflow_drawn": _drawn(drawn.facts()),
        "figures": figures(day=today, source_at=fresh.source_now, read_at=fresh.source_at),
        "refresh_s": 60 * fresh.config.page_refresh_minutes,
        "today_href": f"{runs}?startDate={today}&endDate={today}",
        "week_href": f"{runs}?startDate={today - timedelta(days=6)}&endDate={today}",
    }


def _drawn(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what the steps are drawn from, by its path in the live frame."""
    return {f"timeline.{name}": [step[name] for step in facts["timeline"]] for name in DRAWN}


def _jobs(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("jobs.view_job"):
        return {}
    return {"running_jobs": running_rows(), "running_count": count_up_to(jobs().open())}


# Figures move only with a reading, which `lastUpdated` tells.
DRAWN = (
    "batch_code",
    "batch_name",
    "sequence_order",
    "expected_start_time",
    "expected_duration_minutes",
    "max_duration_minutes",
    "depends_on_batch",
    "totalRuns",
    "state",
)

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
