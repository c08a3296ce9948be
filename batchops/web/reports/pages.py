"""Show the daily report of any day and the hand-over list, hand them out, and mail the latter."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from alerts.lifecycle import mail_now
from alerts.models import Bulletin
from alerts.reported import bulletins_on, hand_overs, slot_of
from alerts.states import BulletinKind
from batchops.access import AuthenticatedHttpRequest
from batchops.db import database_now
from batchops.errors import BatchOpsError, InvalidInput, NotFound
from batchops.exports import CONTENT_TYPES, GUARDS
from batchops.pages import page, render_page
from batchops.web.reports import daily, files, hand_over, letters, sending
from jobs.pages import drawn_from
from jobs.topics import read_statistics
from monitoring import queries
from monitoring.queries import Freshness

VIEW = "alerts.view_report"
SEND = "alerts.send_bulletin"
PARTS = ("runs", "jobs", "alerts", "mailed")  # of both pages, each fetched by itself
LONGEST_SHIFT = 48  # hours that a hand-over looks back


class DayAsked(forms.Form):
    """The business day in the address; without one, today."""

    date = forms.DateField(required=False, input_formats=["%Y-%m-%d"])


class ShiftAsked(forms.Form):
    """How many hours the hand-over looks back; without them, to the last change of shifts."""

    hours = forms.IntegerField(required=False, min_value=1, max_value=LONGEST_SHIFT)


class SendAsked(forms.Form):
    """Whose readers get the list now, and which press of the button this is."""

    bulletin = forms.IntegerField()
    asked = forms.UUIDField()


@page(VIEW)
def daily_report(request: AuthenticatedHttpRequest) -> HttpResponse:
    drawn = {"structure": read_statistics("")["structure"]}  # before what is drawn from it
    fresh = queries.freshness(database_now())
    shown = {"statistics_drawn": drawn, **_mailed(request, fresh), **_day(request, fresh)}
    title = gettext("Daily report %s") % shown["report"].day
    return render_page(request, "reports/daily.html", {"title": title, **shown})


@page(VIEW)
def daily_fragment(request: AuthenticatedHttpRequest, part: str) -> HttpResponse:
    _require(part)
    fresh = queries.freshness(database_now())
    shown = _mailed(request, fresh) if part == "mailed" else _day(request, fresh)
    return render_page(request, f"reports/_day_{part}.html", shown)


@page(VIEW)
def daily_file(request: AuthenticatedHttpRequest, form: str) -> HttpResponse:
    if form not in files.FORMS:
        raise NotFound(gettext("A daily report is handed out as csv or pdf."))
    # Its sentences too are read by others, elsewhere.
    with timezone.override(settings.SITE_ZONE):
        report = _day(request, queries.freshness(database_now()))["report"]
        written = files.FORMS[form](report)
    headers = {
        "Content-Disposition": f'attachment; filename="daily-report-{report.day}.{form}"',
        "X-Formula-Guard": GUARDS[form],
    }
    return HttpResponse(written, content_type=CONTENT_TYPES[form], headers=headers)


@page(VIEW)
def hand_over_page(request: AuthenticatedHttpRequest) -> HttpResponse:
    bulletins = hand_overs()
    shown = {
        "title": gettext("Hand-over"),
        "asked": uuid.uuid4(),
        "query": request.GET.urlencode(),
        **drawn_from(),  # before the list of jobs
        **_shift(request, bulletins),
        **_mailed_when(bulletins),
    }
    return render_page(request, "reports/hand_over.html", shown)


@page(VIEW)
def hand_over_fragment(request: AuthenticatedHttpRequest, part: str) -> HttpResponse:
    _require(part)
    bulletins = hand_overs()
    shown = _mailed_when(bulletins) if part == "mailed" else _shift(request, bulletins)
    return render_page(request, f"reports/_shift_{part}.html", shown)


@page(SEND, methods=("POST",))
def send_hand_over(request: AuthenticatedHttpRequest) -> HttpResponse:
    asked = SendAsked(request.POST)
    if not asked.is_valid():
        raise InvalidInput(gettext("Choose whose readers get the list, on the page Hand-over."))
    given = asked.cleaned_data
    bulletin = Bulletin.objects.filter(pk=given["bulletin"]).first()
    letter = letters.of_hand_over(
        _handed(request, hand_overs(), recorded=False), name=bulletin.name if bulletin else ""
    )
    try:
        n = mail_now(
            given["bulletin"], letter, url=reverse("admin:hand_over"), asked=str(given["asked"])
        )
    except BatchOpsError as error:
        messages.error(request, error.message)
    else:
        said = ngettext("The list is mailed to %d reader.", "The list is mailed to %d readers.", n)
        messages.success(request, said % n)
    return redirect("admin:hand_over")


def _day(request: HttpRequest, fresh: Freshness) -> dict[str, Any]:
    report = daily.compose(_asked_day(request, fresh.today), fresh)
    return {
        "report": report,
        "fresh": fresh,
        "query": f"date={report.day}",  # when the day turns, all of the page stays on its day
        "before": report.day - timedelta(days=1),
        "after": report.day + timedelta(days=1) if report.day < fresh.today else None,
    }


def _mailed(request: HttpRequest, fresh: Freshness) -> dict[str, Any]:
    """Return what became of the day's mail, or when it is due; not if it was set up after that."""
    day = _asked_day(request, fresh.today)
    slot = slot_of(BulletinKind.DAILY_REPORT, day)
    on = [each for each in bulletins_on() if each.kind == BulletinKind.DAILY_REPORT]
    if not on:
        return {"slot": slot, "is_mailed": False}
    due_at = sending.due_at(on[0], day, fresh)
    too_late = sending.was_set_after(on[0], due_at, fresh)
    return {"slot": slot, "is_mailed": True, "mailed_at": None if too_late else due_at}


def _asked_day(request: HttpRequest, today: date) -> date:
    asked = DayAsked(request.GET)
    if not asked.is_valid():
        raise InvalidInput(gettext("This names no day. Write it as 2026-11-22."))
    day: date = asked.cleaned_data["date"] or today
    if not date(2000, 1, 1) <= day <= today:
        said = gettext("There is a report of each day from 2000-01-01 to today, %s.")
        raise InvalidInput(said % today)
    return day


def _shift(request: HttpRequest, bulletins: Sequence[Bulletin]) -> dict[str, Any]:
    handed = _handed(request, bulletins)
    return {"handed": handed, "fresh": handed.fresh}


def _handed(
    request: HttpRequest, bulletins: Sequence[Bulletin], *, recorded: bool = True
) -> hand_over.HandOver:
    asked = ShiftAsked(request.GET)
    if not asked.is_valid():
        said = gettext("hours: write a number from 1 to %d, or leave it out.")
        raise InvalidInput(said % LONGEST_SHIFT)
    fresh = queries.freshness(database_now())
    hours = asked.cleaned_data["hours"]
    since = hand_over.shift_began(fresh.source_now, fresh, bulletins)
    if hours:
        since = fresh.source_now - timedelta(hours=hours)
    return hand_over.compose(fresh, since=since, recorded=recorded)


def _mailed_when(bulletins: Sequence[Bulletin]) -> dict[str, Any]:
    """Return hand-overs, each with what became of it last."""
    return {
        "hand_overs": [
            {"bulletin": bulletin, "last": bulletin.slots.order_by("-business_date").first()}
            for bulletin in bulletins
        ]
    }


def _require(part: str) -> None:
    if part not in PARTS:
        raise NotFound(gettext("This page has no part of this name."))


urls = [
    path("report/", daily_report, name="daily_report"),
    path("report/file/<str:form>/", daily_file, name="daily_report_file"),
    path("report/<str:part>/fragment/", daily_fragment, name="daily_report_fragment"),
    path("hand-over/", hand_over_page, name="hand_over"),
    path("hand-over/send/", send_hand_over, name="hand_over_send"),
    path("hand-over/<str:part>/fragment/", hand_over_fragment, name="hand_over_fragment"),
]
