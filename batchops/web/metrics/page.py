"""Answer a scrape: of a monitoring system with the site's token, or of a person who may."""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client.core import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from batchops import tallies
from batchops.db import one_moment
from batchops.pages import page
from batchops.web.metrics import of_alerts, of_jobs, of_processes, of_source

PARTS = (of_processes, of_jobs, of_alerts, of_source)
PERMISSION = "batchops.view_health"
REFUSAL = (
    "This token does not read the metrics. Send 'Authorization: Bearer <METRICS_TOKEN>' as it is "
    "set here.\n"
)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format, or in OpenMetrics if that is asked for.

    Without a header `Authorization` it is a page of the console for who may see health.
    """
    if "Authorization" not in request.headers:
        return _for_people(request)
    if _bears_token(request):
        return _answer(request)
    return HttpResponse(
        REFUSAL,
        content_type="text/plain; charset=utf-8",
        status=401,
        headers={"WWW-Authenticate": "Bearer"},
    )


def _bears_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers["Authorization"].partition(" ")
    known = settings.METRICS_TOKEN
    same = hmac.compare_digest(token.strip().encode(), known.encode())
    return bool(known) and scheme.lower() == "bearer" and same


def _answer(request: HttpRequest) -> HttpResponse:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_AsOfNow())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    tallies.keep()
    with one_moment():
        text = encode(registry)
    return HttpResponse(text, content_type=content_type, headers={"Cache-Control": "no-store"})


class _AsOfNow(Collector):
    """Collects every part's metrics from the database."""

    def collect(self) -> Iterator[Metric]:
        at = timezone.now()
        for part in PARTS:
            yield from part.read(at)

    def describe(self) -> Iterator[Metric]:
        return iter(())


_for_people = page(PERMISSION)(_answer)
metrics.required_permissions = {"GET": PERMISSION}  # type: ignore[attr-defined]
