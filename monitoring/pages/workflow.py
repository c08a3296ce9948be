"""Show the workflow of today, of a past day, or of two days side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.pages import page
from monitoring import gantt, outlook, queries, timeline
from monitoring.models import Forecast
from monitoring.pages.asking import VIEW, checked
from monitoring.queries import Freshness
from monitoring.serializers import DaysAsked
from monitoring.shown import RunView, StepView, Timeline, thread_views

RUNS_SHOWN = 20  # of a step, the newest; the list has them all


@dataclass(frozen=True, slots=True)
class Panel:
    """One day on the page, as the `place`-th of the days shown."""

    workflow: Timeline
    shown: Sequence[Timeline]
    place: int
    first_day: date

    @property
    def prefix(self) -> str:
        """What keeps the ids of the second day apart from those of the first."""
        return "beside-" if self.place else ""

    @property
    def may_compare(self) -> bool:
        return len(self.shown) == 1

    @property
    def query(self) -> str:
        """What the address of this panel's fragment asks for; today alone goes with the time."""
        days = [one.day.isoformat() for one in self.shown]
        if len(days) == 1:
            return "" if self.workflow.is_today else urlencode({"date": days[0]})
        only = ("first", "beside")[self.place]
        return urlencode({"date": days[0], "beside": days[1], "only": only})

    @property
    def before(self) -> date | None:
        """The day before, None when nothing is held of it."""
        day = self.workflow.day - timedelta(days=1)
        return day if day >= self.first_day else None

    @property
    def after(self) -> date | None:
        """The day after, None for today."""
        return None if self.workflow.is_today else self.workflow.day + timedelta(days=1)


def workflow_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `monitoring/_workflows.html` needs; empty for who may not see runs.

    :raises InvalidInput: when the address names no day.
    :raises NotFound: when it names one that nothing is held of.
    """
    if not request.user.has_perm(VIEW):
        return {}
    asked, fresh = checked(DaysAsked, request), queries.freshness(timezone.now())
    first_day = queries.first_day() or fresh.today
    days = [_within(day, first_day, fresh) for day in asked.days()]
    drawn = with_threads(timeline.draw_days(days, fresh))
    panels = [Panel(one, drawn, place, first_day) for place, one in enumerate(drawn)]
    if only := asked.validated_data.get("only"):
        panels = panels[:1] if only == "first" else panels[1:]
    return {"panels": panels, "workflow": drawn[0], "fresh": fresh}


def data_age_context(request: HttpRequest) -> dict[str, Any]:
    """Return what `monitoring/_data_age.html` needs; empty for who may not see runs."""
    if not request.user.has_perm(VIEW):
        return {}
    return {"fresh": queries.freshness(timezone.now())}


@page(VIEW)
def workflow_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = workflow_context(request)
    return TemplateResponse(request, "monitoring/_workflows.html", shown)


def gantt_context(drawn: Timeline, forecast: Forecast | None) -> dict[str, Any]:
    """Return what `monitoring/_gantt.html` needs for a day as it was drawn, and as it may end."""
    return {"workflow": drawn, "fresh": drawn.fresh, "gantt": gantt.gantt(drawn, forecast)}


@page(VIEW)
def gantt_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    drawn = workflow_context(request)["workflow"]
    shown = gantt_context(drawn, outlook.last_forecast(drawn.day))
    return TemplateResponse(request, "monitoring/_gantt.html", shown)


@page(VIEW)
def data_age_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_data_age.html", data_age_context(request))


@page(VIEW)
def old_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Lead from the address of the old console's page to Today."""
    return redirect("admin:index")


def with_threads(drawn: list[Timeline]) -> list[Timeline]:
    """Return the days with the newest runs of each step and their threads, in one query."""
    cut = [replace(one, steps=[_newest(step) for step in one.steps]) for one in drawn]
    runs = [view.run for one in cut for step in one.steps for view in step.listed]
    threads = queries.threads_of(runs)

    def threaded(view: RunView) -> RunView:
        return replace(view, threads=thread_views(threads.get(view.run.pk, []), view.fresh))

    return [
        replace(
            one,
            steps=[
                replace(step, listed=[threaded(view) for view in step.listed]) for step in one.steps
            ],
        )
        for one in cut
    ]


def _newest(step: StepView) -> StepView:
    return replace(step, listed=step.runs[-RUNS_SHOWN:])


def _within(day: date | None, first_day: date, fresh: Freshness) -> date | None:
    if day is None or first_day <= day <= fresh.today:
        return day
    if day > fresh.today:
        raise NotFound(
            gettext("Business day %(day)s has not begun yet. Choose one up to %(today)s.")
            % {"day": day, "today": fresh.today}
        )
    raise NotFound(
        gettext("Nothing is held of business day %(day)s. The history begins at %(first)s.")
        % {"day": day, "first": first_day}
    )
