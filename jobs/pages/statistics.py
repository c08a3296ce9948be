"""Show what the jobs of each day came to."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.db import database_now
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from jobs import queries, registry
from jobs.pages.links import VIEW, link
from jobs.serializers import StatisticsQuery
from jobs.statistics import site_day
from jobs.topics import read_statistics

RANGES = (14, 30, 90)


@page(VIEW)
def statistics_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    structure = read_statistics("")["structure"]  # before the table, so that no change is unseen
    shown = {"title": _("Job statistics"), "statistics_structure": structure, **_table(request)}
    return render_page(request, "jobs/statistics.html", shown)


@page(VIEW)
def statistics_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "jobs/_statistics.html", _table(request))


def _table(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    query = StatisticsQuery(data=request.GET.dict())
    if not query.is_valid():
        raise InvalidInput(_("These days cannot be shown. Choose from the page's own links."))
    days, job_type = query.validated_data["days"], query.validated_data.get("type", "")
    first = site_day(database_now()) - timedelta(days=days - 1)
    types = [queries.ALL_TYPES, *queries.types_since(first)]
    return {
        "days": [
            {"day": day, "good_pct": 100 * day.completed / day.ended if day.ended else None}
            for day in queries.days_since(first, of=job_type)
        ],
        "query": request.GET.urlencode(),
        "ranges": [
            {"days": n, "href": link(days=str(n), type=job_type), "current": n == days}
            for n in RANGES
        ],
        "types": [
            {
                "label": registry.label_of(name) if name else _("All types"),
                "href": link(days=str(days), type=name),
                "current": name == job_type,
            }
            for name in types
        ],
    }
