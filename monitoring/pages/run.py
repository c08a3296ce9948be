"""Show one run: how far it is, its threads, its course, what happened to it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from alerts.queries import alerts_of_key
from batchops.access import AuthenticatedHttpRequest, name_of
from batchops.errors import NotFound
from batchops.pages import page, render_page
from monitoring import charts, queries
from monitoring.models import Run, RunEvent, RunSample, Step
from monitoring.pace import rps_lately
from monitoring.pages.asking import VIEW
from monitoring.queries import Freshness
from monitoring.shown import RunView, thread_views
from monitoring.states import LOOKS, OPEN, RunState, look_of

SHOWN = 200  # samples and events of one run, the newest


@page(VIEW)
def one_run(request: AuthenticatedHttpRequest, run_id: int) -> HttpResponse:
    shown = _run(request, run_id)
    run: Run = shown["view"].run
    title = gettext("%(batch)s, run %(number)s") % {"batch": run.batch_code, "number": _number(run)}
    return render_page(request, "monitoring/run.html", {"title": title, **shown})


@page(VIEW)
def run_fragment(request: AuthenticatedHttpRequest, run_id: int) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_run.html", _run(request, run_id))


@page(VIEW)
def old_address(request: AuthenticatedHttpRequest, run_id: int | None = None) -> HttpResponse:
    """Lead from where runs were in the admin, which older alerts name, to their own pages."""
    return redirect("admin:run", run_id) if run_id else redirect("admin:runs")


def _run(request: AuthenticatedHttpRequest, run_id: int) -> dict[str, Any]:
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound(
            gettext("There is no run %(id)s. Look for it in the list of runs.") % {"id": run_id}
        )
    fresh = queries.freshness(timezone.now())
    view = _view(run, fresh)
    samples = list(run.samples.order_by("-at", "-id")[:SHOWN])[::-1]
    return {
        "view": view,
        "fresh": fresh,
        "step": Step.objects.filter(batch_code=run.batch_code).first(),
        "threads": view.threads,
        "samples": samples[::-1],
        "chart": charts.line(_course(run, samples)),
        "events": [_event(event, request) for event in run.events.order_by("-id")[:SHOWN]],
        "alerts": _alerts(request, run),
    }


def _view(run: Run, fresh: Freshness) -> RunView:
    threads = queries.threads_of([run]).get(run.pk, [])
    view = RunView(run, fresh, thread_views(threads, fresh))
    return replace(view, rps_lately=rps_lately([run], fresh).get(run.pk)) if view.moving else view


def _course(run: Run, samples: list[RunSample]) -> list[tuple[Any, int]]:
    """Return when how many records were done: none at the start, then as the polls saw it.

    What a poll saw after the end was done by then. One that no poll saw open has no course.
    """
    end = run.ended_at
    if not any(one.state in OPEN for one in samples):
        return []
    seen = [(min(one.at, end) if end else one.at, one.records_processed) for one in samples]
    if not seen or seen[0][0] <= run.started_at:
        return seen
    return [(run.started_at, 0), *seen]


def _alerts(request: AuthenticatedHttpRequest, run: Run) -> list[Any]:
    if not request.user.has_perm("alerts.view_alert"):
        return []
    return alerts_of_key(str(run))


def _event(event: RunEvent, request: AuthenticatedHttpRequest) -> dict[str, Any]:
    state = RunState(event.after["state"])
    before = event.before.get("state")
    return {
        "event": event,
        "entered_at": datetime.fromisoformat(event.after["entered_at"]),
        "who": name_of(event.actor, request.user.get_username()),
        "look": look_of(state, event.after.get("status_code", "")),
        "before": LOOKS[RunState(before)] if before else None,
    }


def _number(run: Run) -> str:
    return f"{run.batch_nbr}/{run.rerun_nbr}" if run.rerun_nbr else str(run.batch_nbr)
