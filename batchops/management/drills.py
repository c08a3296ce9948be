"""Run drills through a real cluster and measure what they cost; the benches of jobs use it."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
from django.conf import settings
from django.db import connection

from batchops.cluster import queries
from batchops.errors import Unavailable
from batchops.models import Heartbeat
from jobs import start
from jobs.models import Job

START_S = 60
ACTOR = "system:bench"


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds used so far by the cluster's processes and by the server's sessions.

    By process id, so that one which came or went between two readings does no harm.
    """

    workers: dict[int, float]
    server: dict[int, float]

    def since(self, before: "Cpu") -> tuple[float, float]:
        """Return the seconds that workers and server used since an earlier reading."""
        return _grown(before.workers, self.workers), _grown(before.server, self.server)


def drill(items: int, *, ms: int, within_s: float, look: Callable[[], None] | None = None) -> Job:
    """Start a drill and wait for its end; call `look` several times a second meanwhile.

    :raises Unavailable: when it does not end in time.
    """
    order = start.Order(type="drill", params={"items": items, "ms": ms}, title="Bench")
    return run(order, within_s=within_s, look=look)


def run(order: start.Order, *, within_s: float, look: Callable[[], None] | None = None) -> Job:
    """Start a job and wait for its end; call `look` several times a second meanwhile.

    :raises Unavailable: when it does not end in time.
    """
    job = start.start_job(order, actor=ACTOR)
    ends_at = time.monotonic() + within_s
    while job.is_open:
        if time.monotonic() > ends_at:
            raise Unavailable(f"Job {job.pk} did not end in {within_s} s. Is the machine busy?")
        # The job's own times are measured, so how often one looks does not matter.
        time.sleep(0.1)
        if look is not None:
            look()
        job.refresh_from_db()
    return job


def wait_until(is_so: Callable[[], bool], *, within_s: float) -> None:
    """Wait for something that follows on a job's end, such as its summary.

    :raises Unavailable: when it does not come in time.
    """
    ends_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > ends_at:
            raise Unavailable(f"It did not come in {within_s} s. Is the machine busy?")
        time.sleep(0.1)


@contextmanager
def cluster() -> Iterator[None]:
    """Use the cluster that runs already, or start one for as long as the bench takes.

    :raises Unavailable: when none comes to life.
    """
    with clusters(1):
        yield


@contextmanager
def clusters(count: int) -> Iterator[None]:
    """Have at least `count` clusters of the jobs kind: those that run, and as many as are missing.

    :raises Unavailable: when one does not come to life.
    """
    started = [_start() for _ in range(count - living())]
    try:
        _wait_until_alive(count)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(settings.CLUSTER_STOP_GRACE.total_seconds() + 10)


def living() -> int:
    """Return how many clusters of the jobs kind are alive."""
    return sum(one.part == "jobs" and one.state == "alive" for one in queries.clusters())


def workers() -> list[psutil.Process]:
    """Return the processes of the jobs clusters of this host, main processes included."""
    pids = Heartbeat.objects.filter(part="jobs", host=socket.gethostname()).values_list(
        "pid", flat=True
    )
    found: list[psutil.Process] = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            main = psutil.Process(pid)
            found += [main, *main.children(recursive=True)]
    return found


def cpu() -> Cpu:
    """Read what has been used so far; of a server on another host nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        sessions = [pid for (pid,) in cursor.fetchall()]
    return Cpu({one.pid: _used(one) for one in workers()}, _used_by_sessions(sessions))


def greatest_rss_mb() -> float:
    """Return the memory of the largest process of the cluster, in MB (10^6 bytes)."""
    sizes = [0]
    for one in workers():
        with suppress(psutil.NoSuchProcess):
            sizes.append(one.memory_info().rss)
    return max(sizes) / 1e6


def _used_by_sessions(pids: list[int]) -> dict[int, float]:
    used = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            one = psutil.Process(pid)
            if one.name().startswith("postgres"):
                used[pid] = _used(one)
    return used


def _used(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _grown(before: dict[int, float], after: dict[int, float]) -> float:
    return sum(max(0.0, used - before.get(pid, 0.0)) for pid, used in after.items())


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "cluster", "jobs"],
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_until_alive(count: int) -> None:
    try:
        wait_until(lambda: living() >= count, within_s=START_S)
    except Unavailable:
        raise Unavailable(f"The jobs clusters did not come to life in {START_S} s.") from None
