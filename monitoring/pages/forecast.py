"""Show how today goes on: the forecast, why it changed, and what if a step went otherwise."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from monitoring import charts, outlook, queries
from monitoring.forecast.paths import Supposed
from monitoring.foreseen import Foreseen, as_foreseen, foreseen
from monitoring.models import Forecast
from monitoring.pages.asking import VIEW, checked
from monitoring.queries import Freshness
from monitoring.serializers import ForecastAsked

MOST = 100  # forecasts of one day that its chart holds
SHOWN = 12  # of them, the newest, in words


@page(VIEW)
def forecast(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = _forecast(request)
    title = gettext("Forecast")
    return render_page(request, "monitoring/forecast.html", {"title": title, **shown})


@page(VIEW)
def forecast_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_forecast.html", _forecast(request))


def forecast_context(fresh: Freshness) -> dict[str, Any]:
    """Return what `today/_forecast_card.html` needs."""
    return {"foreseen": foreseen(fresh.today), "fresh": fresh}


def _forecast(request: HttpRequest) -> dict[str, Any]:
    asked, fresh = checked(ForecastAsked, request).validated_data, queries.freshness(timezone.now())
    day = asked.get("date") or fresh.today
    made = list(Forecast.objects.filter(business_date=day).order_by("-at")[:MOST])
    views = as_foreseen(made)
    last = views[0] if views else None
    course = [
        (each.at, round(each.miss_pct)) for each in reversed(made) if each.miss_pct is not None
    ]
    return {
        "day": day,
        "fresh": fresh,
        "is_today": day == fresh.today,
        "query": request.GET.urlencode(),
        "foreseen": last,
        "made": views[:SHOWN],
        "chart": charts.line(course, most=100),
        "asked": asked,
        "what_if": _what_if(asked, last, fresh) if "step" in asked else None,
    }


def _what_if(
    asked: dict[str, Any], last: Foreseen | None, fresh: Freshness
) -> dict[str, Any] | None:
    """Return the forecast as things are and as they would be.

    :raises InvalidInput: when nothing can be supposed of the step.
    """
    poll = fresh.last_good
    if last is None or not last.enough or poll is None or poll.business_date != fresh.today:
        raise InvalidInput(
            gettext("There is no forecast of today to start from. It comes with the next reading.")
        )
    open_steps = [step.code for step in last.steps if not step.done]
    if asked["step"] not in open_steps:
        raise InvalidInput(
            gettext("step: Nothing can be supposed of %(step)s today. Choose one of: %(open)s.")
            % {"step": asked["step"], "open": ", ".join(open_steps) or gettext("none is left")}
        )
    supposed = Supposed(asked["step"], 60 * asked.get("late", 0), asked.get("times", 1.0))
    as_is, as_if = as_foreseen(list(outlook.suppose(poll, supposed)))
    steps = list(zip(as_is.steps, as_if.steps, strict=True))
    return {"as_is": as_is, "as_if": as_if, "steps": steps, "supposed": supposed}
