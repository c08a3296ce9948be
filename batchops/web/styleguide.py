"""Show every component in every state, drawn by the partials that the pages use."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.states import SEVERITY_LOOKS, STATE_LOOKS
from batchops.access import AuthenticatedHttpRequest
from batchops.looks import Look
from batchops.pages import page, render_page
from jobs.states import CANCELLING_LOOK
from jobs.states import LOOKS as JOB_LOOKS
from monitoring.models import MonitoringConfig, Poll
from monitoring.queries import Freshness
from monitoring.states import LATE
from monitoring.states import LOOKS as RUN_LOOKS


@dataclass(frozen=True, slots=True)
class Section:
    """One panel of the guide, drawn by `styleguide/_<id>.html`."""

    id: str
    title: Promise
    note: Promise | str = ""

    @property
    def template(self) -> str:
        return f"styleguide/_{self.id}.html"


SECTIONS = (
    Section("states", _("States"), _("one table of tones for every page")),
    Section("icons", _("Icons"), _("decoration: a word always stands beside them")),
    Section("buttons", _("Buttons and tabs")),
    Section("bars", _("Progress"), _("rounded down: 100 % means done")),
    Section("cards", _("Cards"), _("a figure that leads to its list")),
    Section("frame", _("Connection and data age"), _("on every page")),
    Section("times", _("Times and figures"), _("the exact moment is in the title")),
    Section("table", _("Tables"), _("cards on a phone")),
    Section("notes", _("Notes and empty states")),
    Section("form", _("Forms")),
    Section("toasts", _("Messages")),
)
TONES = (
    Look("pending", "Pending", "neutral", "clock"),
    Look("running", "Running", "info", "spinner"),
    Look("complete", "Complete", "ok", "check"),
    Look("late", "Late", "warn", "warning"),
    Look("failed", "Failed", "bad", "x"),
    Look("cancelled", "Cancelled", "violet", "ban"),
    Look("unknown", "Unknown", "unknown", "question"),
)
# Which of the tones a row wears, its progress and its seconds.
ROWS = ((1, 42, 135), (2, 100, 8130), (4, 31, 2700), (5, 64, 50))
LIVE_STATES = ("off", "connecting", "live", "lost", "offline", "signed-out")
AGES = (timedelta(seconds=40), timedelta(minutes=26), timedelta(hours=3), None)
TOASTS = (
    (constants.SUCCESS, _("The job is cancelled.")),
    (constants.INFO, _("CC&B is being read now.")),
    (constants.WARNING, _("2 of 40 alerts could not be moved.")),
    (constants.ERROR, _("This job is over already.")),
)


@page("batchops.view_health")
def styleguide(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "styleguide.html", {"title": gettext("Style guide"), **_examples()})


def _examples() -> dict[str, Any]:
    now = timezone.now()
    return {
        "sections": SECTIONS,
        "families": [
            (gettext("Runs of CC&B"), [*RUN_LOOKS.values(), LATE]),
            (gettext("Jobs"), [*JOB_LOOKS.values(), CANCELLING_LOOK]),
            (gettext("Alerts"), [*SEVERITY_LOOKS.values(), *STATE_LOOKS.values()]),
        ],
        "icons": icon_names(),
        "rows": [
            {"title": f"Job {n}", "look": TONES[n], "percent": percent, "seconds": seconds}
            for n, percent, seconds in ROWS
        ],
        "live_states": LIVE_STATES,
        "age_examples": [_freshness(now, age) for age in AGES],
        "toast_examples": [Message(level, str(text)) for level, text in TOASTS],
        "at": now - timedelta(hours=2, minutes=12),
        "soon": now + timedelta(minutes=28, seconds=45),
    }


def _freshness(at: datetime, age: timedelta | None) -> Freshness:
    return Freshness(
        at=at,
        config=MonitoringConfig(),
        configured=True,
        interval=timedelta(minutes=15),
        stale_after=timedelta(minutes=30),
        last_good=None if age is None else Poll(started_at=at - age),
        last=None,
        circuit_opened_at=None,
        circuit_message="",
    )


@cache
def icon_names() -> list[str]:
    """Return the names of the icons that the sprite holds."""
    found = finders.find("batchops/icons.svg")
    return re.findall(r'<symbol id="([^"]+)"', Path(str(found)).read_text())


urls = [path("styleguide/", styleguide, name="styleguide")]
