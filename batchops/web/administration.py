"""List what can be set: the stock admin's models, as far as one may see them."""

from django.contrib import admin
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.pages import page, render_page


@page("monitoring.view_step")
def settings(request: AuthenticatedHttpRequest) -> HttpResponse:
    shown = {"title": gettext("Settings"), "app_list": admin.site.get_app_list(request)}
    return render_page(request, "admin/index.html", shown)


urls = [path("settings/", settings, name="settings")]
