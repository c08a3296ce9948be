"""Show times in the zone that a person chose: the site's, UTC, or the one of their browser.

Business dates stay the site's, and so do files, mails, the API, and sentences that are kept.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import InvalidInput
from batchops.models import User
from batchops.outage import OUTAGES
from batchops.pages import page

LONGEST = User._meta.get_field("time_zone").max_length or 0


class TimeZoneMiddleware:
    """Draw the console's pages on the clock of whoever asks for them.

    Clock and language are said once for the whole page; each look for what nobody said takes twice
    as long, and a page looks a thousand times.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = translation.override(translation.get_language(), deactivate=True)
        with timezone.override(_zone_of(request)), language:
            return self.get_response(request)


@page("monitoring.view_run", methods=("POST",))
def choose_time_zone(request: AuthenticatedHttpRequest) -> HttpResponse:
    name = request.POST.get("zone", "").strip()
    if name and _zone(name) is None:
        raise InvalidInput(
            gettext("This machine knows no time zone of this name. Choose the site's or UTC.")
        )
    User.objects.filter(pk=request.user.pk).update(time_zone=name)
    shown = name or settings.SITE_TIME_ZONE
    messages.success(request, gettext("Times are shown in %(zone)s now.") % {"zone": shown})
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = reverse("admin:index")
    return HttpResponseRedirect(target)


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the zone that a page is drawn in; None for what is no page.

    Also while the database cannot say who asks: the view then finds the same and explains it.
    """
    try:
        if not request.path.startswith("/admin/") or not request.user.is_authenticated:
            return None
        return _zone(request.user.time_zone) or settings.SITE_ZONE
    except OUTAGES:
        return None


def _zone(name: str) -> ZoneInfo | None:
    """Return the zone of this name; None of none, or when this machine knows none like it."""
    try:
        return ZoneInfo(name) if 0 < len(name) <= LONGEST else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


urls = [path("time-zone/", choose_time_zone, name="time_zone")]
