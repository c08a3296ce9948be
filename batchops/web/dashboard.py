"""Show Today: the workflow, the alerts and the running jobs on one page."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page


@page("monitoring.view_run")
def today(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "today.html", {})


urls = [path("", today, name="index")]
