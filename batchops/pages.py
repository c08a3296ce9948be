"""Guard a page: a person who is logged in, staff, and has the permission the page names."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from batchops.access import AuthenticatedHttpRequest
from batchops.errors import BatchOpsError, NotAllowed, WrongMethod

Page = Callable[..., HttpResponse]


def page(permission: str, *, methods: Sequence[str] = ("GET",)) -> Callable[[Page], Page]:
    """Make a view a page of the console that asks for `permission`.

    Who is not logged in is sent to the login and back, from a form to the page it stood on; who
    may not see it, and whatever typed error the view raises, gets a page that says so in a
    sentence, with the error's status.
    """
    allowed = {*methods, "HEAD"} if "GET" in methods else set(methods)

    def decorate(view: Page) -> Page:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not (request.user.is_authenticated and request.user.is_active):
                return redirect_to_login(_page_of(request, allowed))
            try:
                if request.method not in allowed:
                    raise WrongMethod(
                        gettext("Nothing can be opened here; a page's form leads to it. Go back.")
                    )
                if not (request.user.is_staff and request.user.has_perm(permission)):
                    raise NotAllowed(
                        "Your role does not permit this. Ask an administrator for the "
                        f"permission '{permission}'."
                    )
                response = view(cast(AuthenticatedHttpRequest, request), *args, **kwargs)
            except BatchOpsError as error:
                response = render_error(request, error)
            if response.status_code == WrongMethod.status:
                response.headers["Allow"] = ", ".join(sorted(allowed))
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        guarded.required_permissions = dict.fromkeys(methods, permission)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _page_of(request: HttpRequest, allowed: Collection[str]) -> str:
    """Return what a browser can open: the address itself, or of a mere form the page it was on."""
    if "GET" in allowed:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return urlsplit(came_from)._replace(scheme="", netloc="").geturl()
    return reverse("admin:index")


def render_page(
    request: HttpRequest,
    template: str | Sequence[str],
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> TemplateResponse:
    """Render `template` inside the console's frame (menu, banner, data age).

    Of several the first that there is.
    """
    framed = {**admin.site.each_context(request), **(context or {})}
    return TemplateResponse(request, template, framed, status=status)


def ask_first(
    request: HttpRequest, *, title: str, consequence: str, yes: str, back: str
) -> TemplateResponse | None:
    """Render the page that asks before a POST does what cannot be taken back; None once agreed.

    `consequence` says what will be, `yes` stands on the button, which sends the same once
    more, and `back` is where who does not agree goes.
    """
    if request.POST.get("confirmed"):
        return None
    given = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    shown = {"title": title, "consequence": consequence, "yes": yes, "back": back}
    return render_page(request, "confirm.html", {**shown, "given": given})


def render_error(request: HttpRequest, error: BatchOpsError) -> TemplateResponse:
    """Render the page that says what went wrong and what to do, with the error's status."""
    return render_page(request, "error.html", {"error": error}, status=error.status)
