"""Answer what no view answers: programs under /api/ get JSON, people get a page."""

from django.conf import settings
from django.core.exceptions import DisallowedHost, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.views import csrf, defaults

from batchops import outage
from batchops.api import error_body


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400: the request cannot be read."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _json(400, "bad_request", _why_unreadable(exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403: the caller's role does not permit it."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return _json(403, "permission_denied", "Your role does not permit this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer 403: a form or call came without the token that proves it came from a page of ours."""
    if not _is_api(request):
        return csrf.csrf_failure(request, reason)
    return _json(403, "permission_denied", f"CSRF Failed: {reason}")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: there is nothing at this address."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return _json(404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: a defect of ours, whose trace is in the log."""
    if not _is_api(request):
        return defaults.server_error(request)
    return _json(
        500,
        "server_error",
        "Something broke on our side; the details are in the server's log. Try again in a moment; "
        "if it stays, tell whoever runs BatchOps when it happened.",
    )


class OutageMiddleware(MiddlewareMixin):
    """Answer 503 when a view cannot have the database, with a page that needs none."""

    # The innermost is sync, so all are: one thread takes a request through every one of them,
    # instead of two changes of threads for each that could be async.
    async_capable = False

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, outage.OUTAGES):
            return None
        error = outage.explain(exception)
        if _is_api(request):
            response: HttpResponse = _json(error.status, error.code, error.message)
        else:
            response = render(None, "503.html", {"message": error.message}, status=error.status)
            response["Cache-Control"] = "no-store"
        response["Retry-After"] = str(outage.RETRY_AFTER_S)
        outage.log(exception, request=request, response=response)
        return response


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _json(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse(error_body(code, message), status=status)


def _why_unreadable(exception: Exception) -> str:
    if isinstance(exception, TooManyFieldsSent):
        return (
            f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields. "
            "Send fewer, or send a JSON object."
        )
    if isinstance(exception, TooManyFilesSent):
        return (
            f"The request has more than {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files. "
            "Send fewer, packed in a ZIP or each as an upload of its own."
        )
    if isinstance(exception, DisallowedHost):
        return "This site does not answer to that host name. Use one that ALLOWED_HOSTS lists."
    return "This request cannot be read. Check its address and what is sent with it."
