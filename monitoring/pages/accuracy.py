"""Show how good forecasts are: of each past day, from the days before it alone."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page
from monitoring import queries
from monitoring.accuracy import accuracy, last_tested_at
from monitoring.forecast.history import ENOUGH
from monitoring.models import ForecastTest
from monitoring.pages.asking import VIEW, checked
from monitoring.serializers import AccuracyAsked

RANGES = (30, 90, 400)


@page(VIEW)
def accuracy_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = _accuracy(request)
    title = gettext("Accuracy of forecasts")
    return render_page(request, "monitoring/accuracy.html", {"title": title, **shown})


@page(VIEW)
def accuracy_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_accuracy.html", _accuracy(request))


def _accuracy(request: HttpRequest) -> dict[str, Any]:
    asked = checked(AccuracyAsked, request).validated_data
    tested_at = last_tested_at()
    fresh = queries.freshness(timezone.now())
    days = asked.get("days")
    found = accuracy(since=fresh.today - timedelta(days=days) if days else date.min)
    return {
        "tested_at": tested_at and tested_at.isoformat(),
        "found": found,
        "enough": ENOUGH,
        "query": request.GET.urlencode(),
        "ranges": [{"days": n, "current": n == days} for n in RANGES],
        "all_days": days is None,
        "steps": sorted(found.steps.items()),
        "tests": [_test(test, fresh.config) for test in found.tests],
    }


def _test(test: ForecastTest, config: Any) -> dict[str, Any]:
    begins_at, _ = queries.day_bounds(test.business_date, config)

    def at(seconds: float | None) -> datetime | None:
        return None if seconds is None else begins_at + timedelta(seconds=round(seconds))

    check = test.checks.get("50", {})
    return {
        "test": test,
        "told": test.days >= ENOUGH,
        "finished_at": at(test.finished_s),
        "announced_at": at(test.announced_s),
        "half_way": {name: at(check.get(f"{name}_s")) for name in ("p10", "p50", "p90")},
        "off_s": abs(test.finished_s - check["p50_s"])
        if check and test.finished_s is not None
        else None,
        "inside": bool(check)
        and test.finished_s is not None
        and check["p10_s"] <= test.finished_s <= check["p90_s"],
    }
