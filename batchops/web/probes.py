"""Answer those who watch the web process itself: is it alive, may it get requests."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse
from django.urls import path

TEXT = "text/plain; charset=utf-8"


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all; it asks nobody."""
    return HttpResponse("ok\n", content_type=TEXT)


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database is there and as this release expects it, else 503."""
    try:
        behind = _migrations_missing()
    except Error:
        return _not_ready("The database does not answer.")
    if behind:
        return _not_ready("The database is not migrated to this release.")
    return HttpResponse("ready\n", content_type=TEXT)


def _migrations_missing() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _not_ready(why: str) -> HttpResponse:
    return HttpResponse(f"{why}\n", content_type=TEXT, status=503, headers={"Retry-After": "5"})


urls = [path("healthz", healthz, name="healthz"), path("readyz", readyz, name="readyz")]
