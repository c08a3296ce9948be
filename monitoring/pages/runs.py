"""List runs, live, as the filters in the address leave them."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from batchops.access import AuthenticatedHttpRequest
from batchops.exports import FORMS
from batchops.pages import page, render_page
from monitoring import listing, queries
from monitoring.models import Step
from monitoring.pages.asking import VIEW, checked
from monitoring.serializers import FAILED_LATELY, RunsPageAsked
from monitoring.shown import view_of
from monitoring.states import LOOKS, RunState

PAGE_ROWS = 25
FILTERS = ("batchCode", "status", "startDate", "endDate", "search")
STATUSES = (
    *(
        (state.value, gettext_lazy(LOOKS[state].label))
        for state in RunState
        if state is not RunState.ENDED
    ),
    # As the word of the API has it, whatever became of a run that is over without a result.
    (RunState.ENDED.value, gettext_lazy("Ended, cancelled or gone")),
    (FAILED_LATELY, gettext_lazy("Failed within 24 h, repaired too")),
)


@page(VIEW)
def run_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {
        "title": gettext("Runs"),
        "query": request.GET.urlencode(),
        "codes": Step.objects.values_list("batch_code", flat=True),
        "statuses": STATUSES,
        "forms": FORMS,
        **_runs(request),
    }
    return render_page(request, "monitoring/runs.html", shown)


@page(VIEW)
def run_list_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "monitoring/_runs.html", _runs(request))


def _runs(request: HttpRequest) -> dict[str, Any]:
    asked = checked(RunsPageAsked, request)
    fresh = queries.freshness(timezone.now())
    found = asked.wanted().runs(fresh)
    rows, rest = listing.page_of(found, limit=PAGE_ROWS, after=asked.after())
    filters = {name: request.GET.get(name, "") for name in FILTERS}
    return {
        "filters": filters,
        "filtered": any(filters.values()),
        "matching": _address(filters.items()),
        "is_first": not request.GET.get("cursor"),
        "runs": [view_of(run, fresh) for run in rows],
        "repaired": listing.repaired_lately(rows, fresh.source_now),
        "older": _older(filters, str(rest)) if rest else "",
        "fresh": fresh,
    }


def _older(filters: dict[str, str], cursor: str) -> str:
    return f"{reverse('admin:runs')}?{_address([*filters.items(), ('cursor', cursor)])}"


def _address(said: Iterable[tuple[str, str]]) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in said if value})
    return query.urlencode()
