"""Gather what stands on every page: the menu, the alert banner, the age of CC&B's figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from batchops.looks import Tone


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu: who has `permission` sees it."""

    label: Promise
    icon: str
    route: str
    permission: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as one person sees it from one page."""

    label: Promise
    icon: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the menu under one title."""

    label: Promise
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class DataAge:
    """How old CC&B's figures are, by our clock, and when that becomes late and unknown."""

    seen_at: datetime | None
    age_s: int | None
    warn_after_s: int
    unknown_after_s: int

    @property
    def tone(self) -> Tone:
        if self.age_s is None or self.age_s > self.unknown_after_s:
            return "unknown"
        return "warn" if self.age_s > self.warn_after_s else "neutral"


MENU = (
    (
        _("Watch"),
        (
            Place(_("Today"), "calendar", "admin:index", "monitoring.view_run"),
            Place(_("Runs"), "layers", "admin:runs", "monitoring.view_run"),
            Place(_("Alerts"), "bell", "admin:alerts_alert_changelist", "alerts.view_alert"),
        ),
    ),
    (
        _("Analyze"),
        (Place(_("Batch jobs"), "list", "admin:jobs", "jobs.view_job"),),
    ),
    (
        _("System"),
        (
            Place(_("Settings"), "settings", "admin:settings", "monitoring.view_step"),
            Place(_("Style guide"), "palette", "admin:styleguide", "batchops.view_health"),
        ),
    ),
)


def frame_context(request: HttpRequest) -> dict[str, Any]:
    """Return the template context of the frame around every page; empty for strangers."""
    if not request.user.is_active or not request.user.is_staff:
        return {}
    return {"frame": {"menu": menu(request)}}


def data_age(
    seen_at: datetime | None, *, at: datetime, interval: timedelta, stale_after: int
) -> DataAge:
    """Judge figures last read at `seen_at`, when one reading per `interval` is expected.

    They are late once a reading is missing by half an interval, and unknown after `stale_after`
    intervals, as the states they show are.
    """
    return DataAge(
        seen_at=seen_at,
        age_s=None if seen_at is None else max(int((at - seen_at).total_seconds()), 0),
        warn_after_s=int(interval.total_seconds() * 1.5),
        unknown_after_s=int(interval.total_seconds() * stale_after),
    )


def menu(request: HttpRequest) -> list[Group]:
    """Return the menu as this person sees it; a group without an entry is left out."""
    groups = [
        Group(label, [_entry(place, request) for place in places if _open_to(request, place)])
        for label, places in MENU
    ]
    return [group for group in groups if group.entries]


def _open_to(request: HttpRequest, place: Place) -> bool:
    try:
        reverse(place.route)
    except NoReverseMatch:  # an app that is not installed has no place in the menu
        return False
    return request.user.has_perm(place.permission)


def _entry(place: Place, request: HttpRequest) -> Entry:
    href = reverse(place.route)
    home = reverse("admin:index")
    current = request.path == href or (href != home and request.path.startswith(href))
    return Entry(label=place.label, icon=place.icon, href=href, current=current)
