"""Show Today: the workflow, the alerts and the running jobs on one page."""

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page


@page("monitoring.view_run")
def today(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "today.html", {"title": gettext("Today")})


urls = [path("", today, name="index")]
