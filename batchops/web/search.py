"""Search jobs, runs and alerts at once by what people have at hand: a number, an id, a name."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.listing import searched
from alerts.models import Alert
from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput, NotFound
from batchops.looks import Look
from batchops.pages import page, render_page
from batchops.web.frame import Entry, menu
from jobs.models import Job
from jobs.pages import drawn_from
from jobs.queries import JobFilter, jobs, page_of_jobs
from jobs.rows import JobRow
from monitoring.listing import NUMBER, runs_named
from monitoring.models import Run, Step
from monitoring.queries import Freshness, freshness
from monitoring.shown import view_of

VIEW = "monitoring.view_run"
LISTED = 10  # of a kind; the kind's own list has the rest
LONGEST = 200
ALERT_NUMBER = re.compile(r"#\s*(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found; `exact` when the text is its very number or id."""

    title: str
    href: str
    note: str
    look: Look
    at: datetime
    exact: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be searched for: by whom, by what, which topic tells of it, where the rest is."""

    name: str
    label: Promise
    icon: str
    permission: str
    topic: str
    refresh_on: str
    find: Callable[[str, Freshness], list[Hit]]
    rest: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one kind, and where more of it is; empty when that is all."""

    kind: Kind
    hits: list[Hit]
    rest: str


@page(VIEW)
def search(request: AuthenticatedHttpRequest) -> HttpResponse:
    text = _asked(request)
    drawn = drawn_from() if text else {}
    fresh = freshness(timezone.now())
    found = [_found(kind, text, fresh) for kind in _kinds(request)] if text else []
    only = _led_to(text, found)
    if only is not None:
        return redirect(only.href)
    steps, places = _steps(text), _places(request, text)
    shown = {
        "title": gettext("Search"),
        "q": text,
        "longest": LONGEST,
        "found": found,
        "fresh": fresh,
        "steps": steps,
        "places": places,
        "nothing": not (steps or places or any(each.hits for each in found)),
        **drawn,
    }
    return render_page(request, "search.html", shown)


@page(VIEW)
def search_fragment(request: AuthenticatedHttpRequest, name: str) -> HttpResponse:
    text = _asked(request)
    kind = next((kind for kind in _kinds(request) if kind.name == name), None)
    if kind is None or not text:
        raise NotFound(gettext("Nothing of this kind can be searched for. Open the search anew."))
    found = _found(kind, text, freshness(timezone.now()))
    return render_page(request, "search/_found.html", {"each": found, "q": text})


def _asked(request: HttpRequest) -> str:
    text = request.GET.get("q", "").strip()
    if len(text) > LONGEST:
        said = gettext("What is searched for (q) has %(n)s characters; use at most %(most)s.")
        raise InvalidInput(said % {"n": len(text), "most": LONGEST})
    return text


def _kinds(request: HttpRequest) -> Iterator[Kind]:
    return (kind for kind in KINDS if request.user.has_perm(kind.permission))


def _found(kind: Kind, text: str, fresh: Freshness) -> Found:
    hits = kind.find(text, fresh)
    return Found(kind, hits[:LISTED], kind.rest(text) if len(hits) > LISTED else "")


def _led_to(text: str, found: list[Found]) -> Hit | None:
    """Return the one thing that is meant; None when there are several, or it may be another."""
    hits = [hit for each in found for hit in each.hits]
    exact = [hit for hit in hits if hit.exact]
    sure = len(exact) == 1 and (len(hits) == 1 or not text.isdecimal())
    return exact[0] if sure else None


def _jobs(text: str, _fresh: Freshness) -> list[Hit]:
    if ALERT_NUMBER.fullmatch(text):
        return []
    named = list(jobs().named(text)[:LISTED])
    rest = page_of_jobs(JobFilter(search=text), limit=LISTED + 1).rows
    known = {job.pk for job in named}
    return [
        *(_job(job, exact=True) for job in named),
        *(_job(job, exact=False) for job in rest if job.pk not in known),
    ]


def _job(job: Job, *, exact: bool) -> Hit:
    note = f"{job.pk} · {job.external_id}" if job.external_id else job.pk
    href = reverse("admin:job", args=[job.pk])
    return Hit(job.title, href, note, JobRow.of(job).look, job.created_at, exact)


def _runs(text: str, fresh: Freshness) -> list[Hit]:
    found = runs_named(text).newest_first()[: LISTED + 1]
    numbered = any(word.isdecimal() for word in re.split(r"[\s/]+", text))
    return [_run(run, fresh, exact=numbered) for run in found]


def _run(run: Run, fresh: Freshness, *, exact: bool) -> Hit:
    number = f"{run.batch_nbr}/{run.rerun_nbr}" if run.rerun_nbr else run.batch_nbr
    said = gettext("business day %(day)s") % {"day": f"{run.business_date:%Y-%m-%d}"}
    href = reverse("admin:run", args=[run.pk])
    look = view_of(run, fresh).look
    return Hit(f"{run.batch_code} {number}", href, said, look, run.started_at, exact)


def _alerts(text: str, _fresh: Freshness) -> list[Hit]:
    number = ALERT_NUMBER.fullmatch(text)
    text = number[1] if number else text
    pk = int(text) if text.isdecimal() and len(text) < 19 else None
    named = list(Alert.objects.filter(pk=pk)) if pk else []
    if not number:
        newest = searched(Alert.objects.all(), text).order_by("-opened_at", "-id")
        named += [alert for alert in newest[: LISTED + 1] if alert.pk != pk]
    return [_alert(alert, exact=alert.pk == pk) for alert in named]


def _alert(alert: Alert, *, exact: bool) -> Hit:
    note = f"#{alert.pk} · {alert.batch_code}" if alert.batch_code else f"#{alert.pk}"
    href = reverse("admin:alerts_alert_change", args=[alert.pk])
    return Hit(alert.message, href, note, alert.state_look, alert.opened_at, exact)


def _steps(text: str) -> list[Step]:
    """Return the steps whose code or name holds the text; there are a handful in all."""
    if not text:
        return []
    sought = text.lower()
    known = Step.objects.order_by("sequence_order")
    return [step for step in known if sought in f"{step.batch_code} {step.name}".lower()]


def _places(request: HttpRequest, text: str) -> list[Entry]:
    entries = (entry for group in menu(request) for entry in group.entries) if text else ()
    return [entry for entry in entries if text.lower() in str(entry.label).lower()]


def _rest_of_jobs(text: str) -> str:
    return f"{reverse('admin:jobs')}?{urlencode({'search': text})}"


def _rest_of_runs(text: str) -> str:
    key = NUMBER.fullmatch(text)
    code, number = (key["code"] or "", key["nbr"]) if key else (text, "")
    asked = {"batchCode": code.upper(), "search": number}
    given = {name: value for name, value in asked.items() if value}
    return f"{reverse('admin:runs')}?{urlencode(given)}"


def _rest_of_alerts(text: str) -> str:
    return f"{reverse('admin:alerts_alert_changelist')}?{urlencode({'q': text})}"


KINDS: tuple[Kind, ...] = (
    Kind("jobs", _("Jobs"), "list", "jobs.view_job", "jobs", "moves", _jobs, _rest_of_jobs),
    Kind("runs", _("Runs"), "layers", VIEW, "workflow", "*", _runs, _rest_of_runs),
    Kind(
        "alerts", _("Alerts"), "bell", "alerts.view_alert", "alerts", "*", _alerts, _rest_of_alerts
    ),
)

urls = [
    path("search/", search, name="search"),
    path("search/<slug:name>/fragment/", search_fragment, name="search_fragment"),
]
