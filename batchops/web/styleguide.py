"""Show every component in every state, drawn by the partials that the pages use."""

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page


@page("batchops.view_health")
def styleguide(request: AuthenticatedHttpRequest) -> HttpResponse:
    return render_page(request, "styleguide.html", {"title": gettext("Style guide")})


urls = [path("styleguide/", styleguide, name="styleguide")]
