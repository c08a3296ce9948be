"""Show the runs grid: business days by steps, how each went and how long it took."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page
from monitoring import queries
from monitoring.grid import rows_of
from monitoring.models import Step
from monitoring.pages.asking import VIEW, checked
from monitoring.serializers import GridAsked

SHOWN = timedelta(days=14)


@page(VIEW)
def runs_grid(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Runs by day and step"), **_grid(request)}
    return render_page(request, "monitoring/grid.html", shown)


@page(VIEW)
def grid_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_grid.html", _grid(request))


def _grid(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    fresh = queries.freshness(timezone.now())
    today, first_day = fresh.today, queries.first_day() or fresh.today
    last_day = min(checked(GridAsked, request).validated_data.get("until") or today, today)
    codes = list(Step.objects.values_list("batch_code", flat=True))
    before, after = last_day - SHOWN, last_day + SHOWN
    return {
        "fresh": fresh,
        "query": request.GET.urlencode(),
        "codes": codes,
        "rows": rows_of(codes, fresh, last_day=last_day, days=SHOWN.days),
        "older": before if before >= first_day else None,
        "newer": min(after, today) if last_day < today else None,
    }
