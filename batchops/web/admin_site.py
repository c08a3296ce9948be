"""Make the Django admin the console: its home is Today, and it refuses django-q2's own pages."""

from collections.abc import Iterable
from functools import wraps
from typing import Any, cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, URLPattern, URLResolver, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.views.decorators.common import no_append_slash

from batchops.errors import InvalidInput

# Whoever may add a schedule there can run any function on a worker, and a crafted task row runs
# code in its reader.
REFUSED_APPS = {"django_q"}
UNUSABLE = _(
    "What this address asks for cannot be used: a date in it is out of range. "
    "Open the list anew and choose from its filters."
)


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

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                response: HttpResponse = guarded(request, *args, **kwargs)
            except OverflowError:  # the stock lists' filters by date reach past the calendar's end
                response = _refused(request)
            return response

        return bounded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from batchops.web.pages import console_urls

        stock = [url for url in super().get_urls() if getattr(url, "name", None) != "index"]
        return [*console_urls(), *stock]

    @no_append_slash
    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponse:
        """Lead from an address without its last slash to the page that has one."""
        whole = f"{request.path}/"
        if request.method in ("GET", "HEAD") and not url.endswith("/") and _is_page(whole):
            query = request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(f"{whole}?{query}" if query else whole)
        raise Http404

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from batchops.web.frame import frame_context

        return {**super().each_context(request), **frame_context(request)}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the stock admin's apps and models, listed once somebody looks at them.

        It asks every model's permissions and addresses, and few pages show them.
        """
        whole = super().get_app_list
        return cast(list[Any], SimpleLazyObject(lambda: whole(request, app_label)))


def _is_page(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "should_append_slash", True)
    except Resolver404:
        return False


def _refused(request: HttpRequest) -> HttpResponse:
    from batchops.pages import render_error

    return render_error(request, InvalidInput(str(UNUSABLE)))
