"""Serve the page of workers and health, and each of its live parts alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.db import database_now
from batchops.errors import NotAllowed, NotFound
from batchops.pages import page, render_page
from batchops.web.health import parts

VIEW = "batchops.view_health"


@dataclass(frozen=True, slots=True)
class Part:
    """One live region: who may see it, and what it is drawn from, as of a moment."""

    permission: str
    read: Callable[[HttpRequest, datetime], dict[str, Any]]


PARTS = {
    "workers": Part(VIEW, parts.workers),
    "load": Part(VIEW, parts.load),
    "polls": Part("monitoring.view_poll", parts.polls),
    "channels": Part("alerts.view_alert", parts.channels),
    "storage": Part(VIEW, parts.storage),
}


@page(VIEW)
def health(request: AuthenticatedHttpRequest) -> HttpResponse:
    at = database_now()
    shown = {
        name: part.read(request, at)
        for name, part in PARTS.items()
        if request.user.has_perm(part.permission)
    }
    if "polls" in shown:  # the age of CC&B's figures, which the frame tells too
        shown["fresh"] = shown["polls"]["fresh"]
    return render_page(request, "health.html", {"title": gettext("Workers and health"), **shown})


@page(VIEW)
def fragment(request: AuthenticatedHttpRequest, part: str) -> HttpResponse:
    found = PARTS.get(part)
    if found is None:
        raise NotFound(gettext("The page of health has no part of this name."))
    if not request.user.has_perm(found.permission):
        raise NotAllowed(
            gettext("Ask an administrator for the permission '%s'.") % found.permission
        )
    return render_page(
        request, f"health/_{part}.html", {"shown": found.read(request, database_now())}
    )


urls = [
    path("health/", health, name="health"),
    path("health/<str:part>/fragment/", fragment, name="health_fragment"),
]
