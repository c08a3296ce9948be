"""Measure how soon a browser knows that a job has ended: real servers, workers and sockets.

The browser's part plays `websockets`, which the tests bring: `make bench` has it.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import connections

from batchops.access import create_token
from batchops.db import database_now
from batchops.management import drills
from batchops.management.benches import Bench
from batchops.models import User
from jobs import start, states

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

SCREENS = 20
JOBS_EACH = 15
ITEMS, ITEM_MS = 20, 20
GOAL_MS = 300.0
START_S, SILENT_S = 60, 30
WATCHER = "bench-push"
TOKEN_LIFE = timedelta(minutes=15)


def run() -> dict[str, Any]:
    """Let SCREENS watch the list and start JOBS_EACH small jobs one after the other, each its own.

    The time is from the job's end, which is written by the transaction that settles its last item,
    to the frame that says so. Of a job that ends before it is watched nothing is measured.

    :raises Unavailable: when no cluster or web server comes to life.
    :raises TimeoutError: when no frame comes for SILENT_S.
    """
    with (
        drills.cluster(),
        _web_server() as port,
        _token() as token,
        ThreadPoolExecutor(SCREENS) as pool,
    ):
        seen = list(pool.map(_watched, [port] * SCREENS, [token] * SCREENS))
    took = [1000 * wait_s for each in seen for wait_s in each]
    hundredths = quantiles(took, n=100)
    return {
        "screens": SCREENS,
        "jobs": SCREENS * JOBS_EACH,
        "measured": len(took),
        "goal_ms": GOAL_MS,
        "p50_ms": round(median(took), 1),
        "p95_ms": round(hundredths[94], 1),
        "p99_ms": round(hundredths[98], 1),
        "max_ms": round(max(took), 1),
    }


def _watched(port: int, token: str) -> list[float]:
    """Return how many seconds after each job's end one screen knew of it."""
    from websockets.sync.client import connect

    address, said = f"ws://127.0.0.1:{port}/ws/live/", {"Authorization": f"Token {token}"}
    try:
        with connect(address, additional_headers=said, proxy=None) as screen:
            _watch(screen, "jobs")
            waits = [_wait(screen) for _ in range(JOBS_EACH)]
    finally:
        connections.close_all()
    return [wait_s for wait_s in waits if wait_s is not None]


def _wait(screen: "ClientConnection") -> float | None:
    """Start a job and return when its end was known; None where it ended before it was watched."""
    order = start.Order(type="drill", params={"items": ITEMS, "ms": ITEM_MS}, title="Bench")
    job = start.start_job(order, actor=drills.ACTOR)
    _watch(screen, f"job:{job.pk}")
    came = list(_until_ended(screen, f"job:{job.pk}"))
    known_at = database_now() - timedelta(seconds=time.time() - came[-1])
    job.refresh_from_db()
    if len(came) == 1 or job.finished_at is None:
        return None
    return (known_at - job.finished_at).total_seconds()


def _watch(screen: "ClientConnection", topic: str) -> None:
    screen.send(json.dumps({"subscribe": [topic]}))


def _until_ended(screen: "ClientConnection", topic: str) -> Iterator[float]:
    """Yield when each frame of one job came; the last is that of its end."""
    while True:
        frame = json.loads(screen.recv(SILENT_S))
        if frame.get("topic") == topic:
            yield time.time()
            if frame["data"]["status"] in states.ENDED:
                return


@contextmanager
def _token() -> Iterator[str]:
    User.objects.filter(username=WATCHER).delete()  # a bench that was killed leaves it
    user = User.objects.create_user(WATCHER)
    user.user_permissions.add(Permission.objects.get(codename="view_job"))
    try:
        yield create_token(user=user, name=WATCHER, expires_at=database_now() + TOKEN_LIFE)
    finally:
        user.delete()


@contextmanager
def _web_server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(  # noqa: S603 (our own program, no shell)
        [sys.executable, "manage.py", "web", "--port", str(port)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        drills.wait_until(lambda: _listens(port), within_s=START_S)
        yield port
    finally:
        server.terminate()
        server.wait(START_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


BENCH = Bench("push", f"how soon {SCREENS} browsers know that their jobs have ended", run)
