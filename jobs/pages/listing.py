"""Show the list of jobs."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput
from batchops.pages import page, render_page
from batchops.templatetags.batchops import grouped
from jobs import queries, registry, states
from jobs.bodies import StatsBody, cursor_of, stats_body
from jobs.pages.links import START, VIEW, link
from jobs.rows import JobRow
from jobs.serializers import ListQuery
from jobs.topics import read_moves, read_structure

JOBS_LISTED = 50
TABS = ("", "active", "completed", "failed", "cancelled")
CARDS = (
    ("", "layers", "neutral"),
    (states.PENDING, "clock", "neutral"),
    (states.PROCESSING, "play", "info"),
    (states.COMPLETED, "check-circle", "ok"),
    (states.FAILED, "x-circle", "bad"),
    (states.CANCELLED, "ban", "violet"),
)
FILTERS = ("search", "type", "campaign", "createdBy", "createdFrom", "createdTo")


@page(VIEW)
def job_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    stats, structure = read_structure()
    shown = {
        "title": _("Batch jobs"),
        "jobs_drawn": {"structure": structure},
        **_list(request, stats),
        "types": [(name, registry.label_of(name)) for name in registry.names()],
    }
    return render_page(request, "jobs/list.html", shown)


@page(VIEW)
def job_list_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(
        request, "jobs/_list.html", _list(request, stats_body(queries.count_capped()))
    )


def drawn_from() -> dict[str, Any]:
    """Return what a list of some jobs is drawn from; to be read before the list."""
    return {"jobs_drawn": {"moves": read_moves()}}


def asked_for(request: AuthenticatedHttpRequest) -> ListQuery:
    """Return what the address narrows the list down to.

    :raises InvalidInput: when that cannot be used; names each filter and its limit.
    """
    query = ListQuery(data=request.GET.dict())
    if query.is_valid():
        return query
    problems = [f"{name}: {' '.join(map(str, said))}" for name, said in query.errors.items()]
    raise InvalidInput(
        _("This list cannot be narrowed down like that. Open it anew, or mend the address.")
        + f" {' '.join(problems)}"
    )


def _list(request: AuthenticatedHttpRequest, stats: StatsBody) -> dict[str, Any]:
    query = asked_for(request)
    found = queries.page_of_jobs(
        query.filter(), limit=JOBS_LISTED, after=query.validated_data.get("cursor")
    )
    status = query.filter().status
    filters = {name: request.GET.get(name, "") for name in FILTERS}
    counts = _counts(stats)
    return {
        "rows": [JobRow.of(job) for job in found.rows],
        "cards": [_card(word, counts, icon, tone) for word, icon, tone in CARDS],
        "tabs": [_tab(word, counts, status, filters=filters) for word in TABS],
        "filters": filters,
        "filtered": any(filters.values()),
        "status": status,
        "cleared": link(status=status),
        "matching": link(status=status, **filters).removeprefix("."),
        "query": request.GET.urlencode(),
        "newest": link(status=status, **filters),
        "older": link(status=status, **filters, cursor=cursor_of(found.next_key) or ""),
        "has_older": found.next_key is not None,
        "is_first": "cursor" not in request.GET,
        "may_start": request.user.has_perm(START),
        "may_cancel": request.user.has_perm("jobs.cancel_job"),
        "may_retry": request.user.has_perm("jobs.retry_job"),
    }


def _counts(stats: StatsBody) -> dict[str, int]:
    """Return the number of jobs by the words of tabs and cards, each up to queries.COUNTED."""
    return {
        "": stats["total"],
        "active": stats["pending"] + stats["processing"],
        "pending": stats["pending"],
        "processing": stats["processing"],
        "completed": stats["completed"],
        "failed": stats["failed"],
        "cancelled": stats["cancelled"],
    }


def _tab(
    word: str, counts: dict[str, int], current: str, *, filters: dict[str, str]
) -> dict[str, Any]:
    return {
        "label": _label_of(word),
        # Of what the filters leave nobody has counted.
        "count": "" if any(filters.values()) else shown_count(counts[word]),
        "href": link(status=word, **filters),
        "current": word == current,
    }


def _card(word: str, counts: dict[str, int], icon: str, tone: str) -> dict[str, Any]:
    return {
        "label": _label_of(word),
        "count": shown_count(counts[word]),
        "href": reverse("admin:jobs") + link(status=word).removeprefix("."),
        "icon": icon,
        "tone": tone if counts[word] else "neutral",
    }


def shown_count(count: int) -> str:
    """Write a count that stopped at queries.COUNTED as 10,000+."""
    return f"{grouped(min(count, queries.COUNTED))}{'+' if count >= queries.COUNTED else ''}"


def _label_of(word: str) -> str:
    labels = {
        "": _("All"),
        "active": _("Active"),
        states.PENDING: _("Pending"),
        states.PROCESSING: _("Processing"),
        states.COMPLETED: _("Completed"),
        states.FAILED: _("Failed"),
        states.CANCELLED: _("Cancelled"),
    }
    return labels[word]
