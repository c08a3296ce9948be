"""Give each request an id, which its log records bear and its answer tells."""

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from batchops.log_lines import now_about

NAME = "X-Request-ID"
# What a proxy gives; anything else might be taken for something else in a log.
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Take the id that the proxy gave, or make one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(NAME, "")
        request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(16)
        # Not only meanwhile: Django logs what it answered after the last middleware has ended.
        now_about(request_id=request_id)
        response = self.get_response(request)
        response.headers[NAME] = request_id
        return response
