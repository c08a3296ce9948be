"""Show bill stop to people: how the newest run stands, its CRPs, and their connections."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, re_path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.cluster.queries import is_alive
from batchops.errors import InvalidInput
from batchops.looks import Look
from batchops.pages import page, render_page
from jobs import queries as engine
from jobs import states
from jobs.errors import AlreadyRunning
from jobs.types.bill_stop import bodies, queries, rules, topic
from jobs.types.bill_stop.serializers import ConnectionPageQuery, CrpPageQuery
from jobs.types.bill_stop.trigger import trigger

VIEW = "jobs.view_job"
START = "jobs.start_job"
CUSTOMER = "jobs.view_customer"
HISTORY_SHOWN = 10
CRPS_SHOWN = 50
CONNECTIONS_SHOWN = 50
SHOW = (
    ("", gettext_lazy("All CRPs")),
    ("stopped", gettext_lazy("With bill stop")),
    ("all_stopped", gettext_lazy("All connections stopped")),
    ("active", gettext_lazy("All connections billed")),
)
COLUMNS = (
    ("crp", gettext_lazy("CRP account")),
    ("connections", gettext_lazy("Connections")),
    ("bill_stop", gettext_lazy("Bill stop")),
    ("active_billing", gettext_lazy("Active billing")),
    ("percentage", gettext_lazy("Bill stop share")),
)
LOOKS = {
    bodies.RUNNING: Look(bodies.RUNNING, "Running", "warn", "spinner"),
    states.COMPLETED: states.LOOKS[states.COMPLETED],
    states.FAILED: states.LOOKS[states.FAILED],
    states.CANCELLED: states.LOOKS[states.CANCELLED],
}


@page(VIEW)
def bill_stop(request: AuthenticatedHttpRequest) -> HttpResponse:
    # Before what is drawn from it: what changes in between is drawn once more.
    drawn = topic.read("")
    context = {"title": _("Bill stop"), **_indicator(request), **_lists(request), **_history()}
    context |= {
        "indicator_drawn": {"structure": drawn["structure"]},
        "lists_drawn": {"shownJob": drawn["shownJob"]},
    }
    return render_page(request, "bill_stop/page.html", context)


@page(VIEW)
def indicator_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "bill_stop/_indicator.html", _indicator(request))


@page(VIEW)
def lists_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "bill_stop/_lists.html", _lists(request))


@page(VIEW)
def history_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "bill_stop/_history.html", _history())


@page(VIEW)
def bill_stop_connections(request: AuthenticatedHttpRequest) -> HttpResponse:
    drawn = topic.read("")
    context = {"title": _("Connections"), "reasons": rules.REASONS, **_connections(request)}
    context["lists_drawn"] = {"shownJob": drawn["shownJob"]}
    return render_page(request, "bill_stop/connections.html", context)


@page(VIEW)
def connections_fragment(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "bill_stop/_connections.html", _connections(request))


@page(START, methods=("POST",))
def start_bill_stop(request: AuthenticatedHttpRequest) -> HttpResponse:
    try:
        trigger(actor=actor_of(request), viewer=request.user.get_username())
    except AlreadyRunning as error:
        messages.warning(request, error.message)
    else:
        messages.success(
            request, _("The bill stop job has started. This page shows its lists when it is done.")
        )
    return redirect("admin:bill_stop")


@page(VIEW)
def old_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    return redirect("admin:bill_stop")


def _indicator(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    job = queries.latest()
    return {
        "job": job,
        "word": bodies.status_word(job) if job else "",
        "began_at": job and (job.started_at or job.created_at),
        "percent": engine.progress_pct(job) if job else 0,
        "eta_s": engine.eta_s(job) if job else None,
        "found": queries.figures(job) if job else None,
        "why": bodies.error_of(job) if job else "",
        "may_start": request.user.has_perm(START),
        "may_retry": request.user.has_perm("jobs.retry_job"),
        "workers_alive": job is None or not job.is_open or is_alive("jobs"),
    }


def _lists(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    asked = _asked(CrpPageQuery, request)
    number = asked.pop("page")
    job = queries.shown()
    shown: dict[str, Any] = {
        "shown": job,
        "asked": asked,
        "narrowed": bool(asked["search"] or asked["show"]),
        "show_options": SHOW,
        "sort_options": [(f"{way}{sort}", f"{label}{arrow}") for sort, label in COLUMNS
                         for way, arrow in (("-", " ↓"), ("", " ↑"))],
        "columns": [_column(sort, str(label), asked) for sort, label in COLUMNS],
        "query": request.GET.urlencode(),
        "exported": _link({**asked, "format": "xlsx"}),
    }  # fmt: skip
    if job is not None:
        found = queries.narrowed(queries.crps(job), **asked)
        rows = Paginator(found, CRPS_SHOWN).get_page(number)
        shown |= {"rows": rows, "totals": queries.totals(job), **_around(rows, asked)}
        shown["here"] = reverse("admin:bill_stop")
    return shown


def _history() -> dict[str, Any]:
    return {
        "history": [
            (job, bodies.past_body(job), LOOKS[bodies.status_word(job)])
            for job in queries.runs()[:HISTORY_SHOWN]
        ]
    }


def _connections(request: AuthenticatedHttpRequest) -> dict[str, Any]:
    asked = _asked(ConnectionPageQuery, request)
    number = asked.pop("page")
    job = queries.shown()
    shown: dict[str, Any] = {
        "shown": job,
        "asked": asked,
        "narrowed": any(asked[name] for name in ("search", "show", "reason")),
        "personal": request.user.has_perm(CUSTOMER),
        "query": request.GET.urlencode(),
        "exported": _link({**asked, "format": "xlsx"}),
    }
    if job is not None:
        rows = Paginator(queries.connections(job, **asked), CONNECTIONS_SHOWN).get_page(number)
        shown |= {
            "rows": [(one, _billing(one), rules.reason_in_words(one.reason)) for one in rows],
            "page": rows,
            "here": reverse("admin:bill_stop_connections"),
            **_around(rows, asked),
        }
    return shown


def _billing(one: Any) -> Look:
    return rules.STOPPED_LOOK if one.is_stopped else rules.ACTIVE_LOOK


def _column(sort: str, label: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the head of a column: figures are ordered downwards first, names upwards."""
    current = asked["sort"].removeprefix("-") or "crp"
    downwards = asked["sort"].startswith("-")
    wanted = sort if sort == "crp" else f"-{sort}"
    if sort == current:
        wanted = sort if downwards else f"-{sort}"
    order = ("descending" if downwards else "ascending") if sort == current else ""
    return {"label": label, "href": _link({**asked, "sort": wanted}), "order": order}


def _around(rows: Any, asked: dict[str, Any]) -> dict[str, str]:
    """Return where the pages before and after this one are; empty where there is none."""
    before = _link({**asked, "page": rows.previous_page_number()}) if rows.has_previous() else ""
    after = _link({**asked, "page": rows.next_page_number()}) if rows.has_next() else ""
    return {"before": before, "after": after}


def _link(values: dict[str, Any]) -> str:
    return f"?{urlencode({name: value for name, value in values.items() if value})}"


def _asked(query: Any, request: AuthenticatedHttpRequest) -> dict[str, Any]:
    asked = query(data=request.GET.dict())
    if not asked.is_valid():
        problems = " ".join(f"{name}: {' '.join(said)}" for name, said in asked.errors.items())
        raise InvalidInput(
            _("This list cannot be narrowed down like that. Open it anew, or mend the address.")
            + f" {problems}"
        )
    return dict(asked.validated_data)


urls: list[URLPattern] = [
    path("bill-stop/", bill_stop, name="bill_stop"),
    path("bill-stop/indicator/", indicator_fragment, name="bill_stop_indicator"),
    path("bill-stop/lists/", lists_fragment, name="bill_stop_lists"),
    path("bill-stop/history/", history_fragment, name="bill_stop_history"),
    path("bill-stop/connections/", bill_stop_connections, name="bill_stop_connections"),
    path(
        "bill-stop/connections/fragment/",
        connections_fragment,
        name="bill_stop_connections_fragment",
    ),
    path("bill-stop/start/", start_bill_stop, name="start_bill_stop"),
]
redirects: list[URLPattern] = [re_path(r"^crp-cpc/?$", old_page, name="old-bill-stop")]
