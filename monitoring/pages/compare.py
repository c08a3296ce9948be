"""Show two business days side by side."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page
from monitoring import queries
from monitoring.comparison import compared
from monitoring.pages.asking import VIEW, checked
from monitoring.serializers import CompareAsked

WEEK = timedelta(weeks=1)


@page(VIEW)
def compare_days(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Two days compared"), **_compared(request)}
    return render_page(request, "monitoring/compare.html", shown)


@page(VIEW)
def compare_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_compare.html", _compared(request))


def _compared(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    """Return both days: without a word today, and a week before the other."""
    asked = checked(CompareAsked, request).validated_data
    fresh = queries.freshness(timezone.now())
    second = asked.get("b") or (asked["a"] + WEEK if "a" in asked else fresh.today)
    first = asked.get("a") or second - WEEK
    pairs = compared(first, second, fresh)
    return {
        "fresh": fresh,
        "first": first,
        "second": second,
        "pairs": pairs,
        "found": any(pair.first or pair.second for pair in pairs),
    }
