"""Let nothing on the way keep what the API answers: a stale status misleads people."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase


class UncachedMiddleware:
    """Say `no-store` on every answer under /api/ that says nothing of its own about caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
