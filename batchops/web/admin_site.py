"""Make the Django admin the console: its home is Today, and it refuses django-q2's own pages."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

# Whoever may add a schedule there can run any function on a worker, and a crafted task row runs
# code in its reader.
REFUSED_APPS = {"django_q"}


class ConsoleSite(admin.AdminSite):
    site_header = "BatchOps"
    site_title = "BatchOps"
    index_title = "Today"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = (
            model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        )
        wanted = [model for model in models if model._meta.app_label not in REFUSED_APPS]
        if wanted:
            super().register(wanted, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from batchops.web.pages import console_urls

        stock = [url for url in super().get_urls() if getattr(url, "name", None) != "index"]
        return [*console_urls(), *stock]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from batchops.web.frame import frame_context

        return {**super().each_context(request), **frame_context(request)}
