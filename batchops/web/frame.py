"""Gather what stands on every page: the menu, the alert banner, the age of CC&B's figures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from alerts.pages import banner_context
from batchops.templatetags.batchops import address
from monitoring.pages import data_age_context


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the menu: who has `permission` sees it; `key` after g leads there."""

    label: Promise
    icon: str
    route: str
    permission: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place as one person sees it from one page."""

    label: str
    icon: str
    href: str
    current: bool
    key: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the menu under one title."""

    label: str
    entries: list[Entry]


MENU = (
    (
        _("Watch"),
        (
            Place(_("Today"), "calendar", "admin:index", "monitoring.view_run", "t"),
            Place(_("Forecast"), "pulse", "admin:forecast", "monitoring.view_run", "f"),
            Place(_("Runs"), "layers", "admin:runs", "monitoring.view_run", "r"),
            Place(_("Alerts"), "bell", "admin:alerts_alert_changelist", "alerts.view_alert", "a"),
            Place(_("Hand-over"), "users", "admin:hand_over", "alerts.view_report"),
            Place(_("Daily report"), "flag", "admin:daily_report", "alerts.view_report"),
        ),
    ),
    (
        _("Analyze"),
        (
            Place(_("Batch jobs"), "list", "admin:jobs", "jobs.view_job", "j"),
            Place(_("Bill stop"), "stop", "admin:bill_stop", "jobs.view_job", "b"),
            Place(_("Schedules"), "clock", "admin:schedules", "jobs.view_schedule", "s"),
            Place(_("Accuracy"), "chart", "admin:accuracy", "monitoring.view_run"),
            Place(_("Job statistics"), "chart", "admin:statistics", "jobs.view_job"),
        ),
    ),
    (
        _("System"),
        (
            Place(_("Workers and health"), "pulse", "admin:health", "batchops.view_health", "h"),
            Place(_("Settings"), "settings", "admin:settings", "monitoring.view_step"),
            Place(_("API"), "list", "api-docs", "jobs.view_job"),
            Place(_("Style guide"), "palette", "admin:styleguide", "batchops.view_health"),
        ),
    ),
)


def frame_context(request: HttpRequest) -> dict[str, Any]:
    """Return the template context of the frame around every page; empty for strangers.

    What costs a query is read when a template asks for it: a fragment has no frame.
    """
    if not request.user.is_active or not request.user.is_staff:
        return {}
    groups = SimpleLazyObject(lambda: menu(request))
    return {
        "menu": groups,
        "menu_place": SimpleLazyObject(lambda: _current(groups)),
        "site_zone": settings.SITE_TIME_ZONE,
        "open_counts": _when_asked(request, banner_context, "open_counts"),
        "fresh": _when_asked(request, data_age_context, "fresh"),
    }


def menu(request: HttpRequest) -> list[Group]:
    """Return the menu as this person sees it; a group without an entry is left out."""
    hrefs = {place.route: address(place.route) for _label, places in MENU for place in places}
    here = _here(request.path, hrefs.values())
    groups = [
        Group(
            str(label),
            [
                _entry(place, hrefs[place.route], here)
                for place in places
                if request.user.has_perm(place.permission)
            ],
        )
        for label, places in MENU
    ]
    return [group for group in groups if group.entries]


def _current(groups: Iterable[Group]) -> Entry | None:
    """Return the place that the page belongs to, None when it is in no place of the menu."""
    entries = (entry for group in groups for entry in group.entries)
    return next((entry for entry in entries if entry.current), None)


def _here(path: str, hrefs: Iterable[str]) -> str:
    """Return the place that a page belongs to: of those its address begins with, the longest."""
    home = address("admin:index")
    within = [href for href in hrefs if path == href or (href != home and path.startswith(href))]
    return max(within, key=len, default="")


def _when_asked(
    request: HttpRequest, context: Callable[[HttpRequest], dict[str, Any]], name: str
) -> Any:
    return SimpleLazyObject(lambda: context(request).get(name))


def _entry(place: Place, href: str, here: str) -> Entry:
    return Entry(str(place.label), place.icon, href, current=href == here, key=place.key)
