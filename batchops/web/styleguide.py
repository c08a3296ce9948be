"""Show every component in every state, drawn by the partials that the pages use."""

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page


@page("batchops.view_health")
def styleguide(request: AuthenticatedHttpRequest) -> HttpResponse:
    return TemplateResponse(request, "styleguide.html", {})


urls = [path("styleguide/", styleguide, name="styleguide")]
