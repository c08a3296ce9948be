"""Time pages and routes in the server; the benches of pages use it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from batchops.errors import Unavailable
from batchops.models import User

ROUNDS = 40
WARM_UP = 5
GOAL_MS = 60.0


def visitor(role: str) -> Client:
    """Return somebody of that role who is logged in."""
    user = User.objects.create_user("bench", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def asking(client: Client, address: str) -> Callable[[], object]:
    """Return the question for one page.

    :raises Unavailable: when it is asked and answered by anything but 200.
    """

    def ask() -> object:
        answer = client.get(address, secure=True)
        if answer.status_code != 200:
            raise Unavailable(f"{address} answered {answer.status_code}; see the log.")
        return answer

    return ask


@contextmanager
def as_served() -> Iterator[None]:
    """Take requests of this process, and name static files as they are, collected or not."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = {**settings.STORAGES, "staticfiles": plain}
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=storages):
        yield


def timed(asked: Mapping[str, Callable[[], object]], *, goal_ms: float = GOAL_MS) -> dict[str, Any]:
    """Ask each question ROUNDS times, after some to warm up; figures are milliseconds by name.

    `p50_ms` and `p95_ms` are from the request to the whole answer. On a machine that others use
    too, `cpu_ms` (this process's own, in the median) and `db_ms` (waiting for queries) say more.
    """
    found = {name: _figures(ask) for name, ask in asked.items()}
    return {
        "rounds": ROUNDS,
        "goal_ms": goal_ms,
        "over_goal": [name for name, figures in found.items() if figures["p95_ms"] > goal_ms],
        "pages": found,
    }


def _figures(ask: Callable[[], object]) -> dict[str, float]:
    for _ in range(WARM_UP):
        ask()
    wall, cpu, database, queries = zip(*(_one(ask) for _ in range(ROUNDS)), strict=True)
    return {
        "p50_ms": round(median(wall), 1),
        "p95_ms": round(quantiles(wall, n=20)[-1], 1),
        "cpu_ms": round(median(cpu), 1),
        "db_ms": round(median(database), 1),
        "queries": queries[-1],
    }


def _one(ask: Callable[[], object]) -> tuple[float, float, float, int]:
    """Return the milliseconds of one answer, of its CPU and of its queries, and their number."""
    waited: list[float] = []

    def wait(execute: Callable[..., Any], *args: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            waited.append(time.perf_counter() - begun)

    with connection.execute_wrapper(wait):
        begun, used = time.perf_counter(), time.process_time()
        ask()
        took, cost = time.perf_counter() - begun, time.process_time() - used
    return took * 1000, cost * 1000, sum(waited) * 1000, len(waited)
