"""Refuse requests with a NUL in them: no text column can hold one, so no query can ask for it."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext
from django.views.defaults import bad_request

NUL = "\0"


class ReadableMiddleware:
    """Answer 400 when the path, the query string or a cookie has a NUL in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) if _has_nul(request) else self.get_response(request)


def _has_nul(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return (
        NUL in request.path or NUL in query or "%00" in query or NUL in "".join(_cookies(request))
    )


def _cookies(request: HttpRequest) -> list[str]:
    return [*request.COOKIES.keys(), *request.COOKIES.values()]


def _refusal(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return bad_request(request, BadRequest())
    sentence = gettext(
        "The address or a cookie has a NUL character in it. Take it out and send this again."
    )
    body = {"success": False, "message": sentence, "error": "invalid_input", "errors": {}}
    return JsonResponse(body, status=400, headers={"Cache-Control": "no-store"})
