"""Refuse requests that nothing can read: with a NUL, which no text column holds, or in a charset
that is no text."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext
from django.views.defaults import bad_request

NUL = "\0"
# Python knows charsets such as zlib and rot13, which are none of text.
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1"})


class ReadableMiddleware:
    """Answer 400 for a NUL in path, query string or cookie, and for a charset we do not read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _has_nul(request):
            return _refusal(
                request,
                gettext(
                    "The address or a cookie has a NUL character in it. Take it out and send "
                    "this again."
                ),
            )
        if _has_odd_charset(request):
            return _refusal(
                request,
                gettext("The header Content-Type names a charset that is not read. Send UTF-8."),
            )
        return self.get_response(request)


def _has_nul(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return (
        NUL in request.path or NUL in query or "%00" in query or NUL in "".join(_cookies(request))
    )


def _cookies(request: HttpRequest) -> list[str]:
    return [*request.COOKIES.keys(), *request.COOKIES.values()]


def _has_odd_charset(request: HttpRequest) -> bool:
    charset = (request.content_params or {}).get("charset", "utf-8")
    return charset.strip("\"'").lower().replace("_", "-") not in CHARSETS


def _refusal(request: HttpRequest, sentence: str) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return bad_request(request, BadRequest())
    body = {"success": False, "message": sentence, "error": "invalid_input", "errors": {}}
    return JsonResponse(body, status=400)
