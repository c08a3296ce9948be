"""Show one step of the workflow: what is expected of it, and how it went over the days."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import NotFound
from batchops.exports import FORMS
from batchops.looks import Look
from batchops.pages import page, render_page
from batchops.templatetags.batchops import duration
from monitoring import charts, performance, queries
from monitoring.models import Step
from monitoring.pages.asking import VIEW, checked
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.serializers import StepAsked
from monitoring.shown import unknown_since
from monitoring.states import LOOKS, OPEN, RunState

RANGES = (30, 90, 400)


@page(VIEW)
def one_step(request: AuthenticatedHttpRequest, batch_code: str) -> HttpResponse:
    shown = _step(request, batch_code)
    files = {"forms": FORMS, "matching": urlencode({"batchCode": batch_code})}
    title = gettext("Step %(code)s") % {"code": batch_code}
    return render_page(request, "monitoring/step.html", {"title": title, **files, **shown})


@page(VIEW)
def step_fragment(request: AuthenticatedHttpRequest, batch_code: str) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_history.html", _step(request, batch_code))


def _step(request: AuthenticatedHttpRequest, batch_code: str) -> dict[str, Any]:
    step = Step.objects.filter(batch_code=batch_code).first()
    if step is None:
        raise NotFound(
            gettext("The workflow has no step %(code)s. Its steps stand on Today.")
            % {"code": batch_code[:40]}
        )
    days = checked(StepAsked, request).validated_data["days"]
    fresh = queries.freshness(timezone.now())
    today = fresh.today
    history = _history(step, today, days)
    ended = [one for one in history if one.day < today or one.state is RunState.COMPLETE]
    good = [one for one in ended if one.state is RunState.COMPLETE]
    return {
        "step": step,
        "fresh": fresh,
        "days": days,
        "query": request.GET.urlencode(),
        "ranges": [{"days": n, "current": n == days} for n in RANGES],
        "history": [(one, _look(one, fresh)) for one in reversed(history)],
        "good": len(good),
        "ended": len(ended),
        "longest_s": max((one.seconds or 0 for one in history), default=0),
        "first_day": today - timedelta(days=days - 1),
        "bars": charts.bars(_heights(history, fresh, days)),
    }


def _history(step: Step, today: date, days: int) -> list[StepDayFacts]:
    history = performance.days_of(step.batch_code, last_day=today, days=days)
    left = queries.days_that_left_pending() if step.drains_imd else ()
    return [replace(one, left_pending=one.day in left) for one in history]


def _heights(history: list[StepDayFacts], fresh: Freshness, days: int) -> list[Any]:
    by_day = {one.day: one for one in history}
    wanted = [fresh.today - timedelta(days=n) for n in reversed(range(days))]
    return [_height(by_day.get(day), fresh) for day in wanted]


def _height(facts: StepDayFacts | None, fresh: Freshness) -> tuple[float | None, Look, str]:
    if facts is None:
        return None, LOOKS[RunState.UNKNOWN], ""
    look = _look(facts, fresh)
    return facts.seconds or 0, look, f"{facts.day}: {duration(facts.seconds)}, {look.label}"


def _look(facts: StepDayFacts, fresh: Freshness) -> Look:
    stale = fresh.stale and facts.state in OPEN
    return unknown_since(fresh) if stale else LOOKS[facts.state]
