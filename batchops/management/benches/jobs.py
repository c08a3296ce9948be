"""Measure items a second through a real cluster of the jobs kind."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from django.conf import settings

from batchops.cluster.queries import is_alive
from batchops.errors import Unavailable
from batchops.management.benches import Bench
from jobs import start
from jobs.models import Job

ITEMS = 20_000
ROUNDS = 5
START_S = 60
ROUND_S = 120
ACTOR = "system:bench"


def run() -> dict[str, Any]:
    """Do ROUNDS drills of ITEMS items that take no time, after one to warm up.

    Items a second count from the request's commit to the job's end, all steps included; `work`
    counts from the first lease to the end, so without the bell's way to the first worker.

    :raises Unavailable: when no cluster comes to life, or a round does not end.
    """
    with _cluster():
        _drill()
        jobs = [_drill() for _ in range(ROUNDS)]
    whole = [ITEMS / _seconds(job.created_at, job.finished_at) for job in jobs]
    work = [ITEMS / _seconds(job.started_at, job.finished_at) for job in jobs]
    return {
        "items": ITEMS,
        "rounds": ROUNDS,
        "workers": settings.JOBS_WORKERS,
        "items_per_s": round(median(whole)),
        "items_per_s_min": round(min(whole)),
        "items_per_s_max": round(max(whole)),
        "work_items_per_s": round(median(work)),
    }


def _drill() -> Job:
    order = start.Order(type="drill", params={"items": ITEMS, "ms": 0}, title="Bench")
    job = start.start_job(order, actor=ACTOR)
    ends_at = time.monotonic() + ROUND_S
    while job.is_open:
        if time.monotonic() > ends_at:
            raise Unavailable(f"Job {job.pk} did not end in {ROUND_S} s. Is the machine busy?")
        # The job's own times are measured, so how often one looks does not matter.
        time.sleep(0.1)
        job.refresh_from_db()
    return job


@contextmanager
def _cluster() -> Iterator[None]:
    """Use the cluster that runs already, or start one for as long as the bench takes."""
    if is_alive("jobs"):
        yield
        return
    process = subprocess.Popen(
        [sys.executable, "manage.py", "cluster", "jobs"],
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_alive()
        yield
    finally:
        process.terminate()
        process.wait(settings.CLUSTER_STOP_GRACE.total_seconds() + 10)


def _wait_until_alive() -> None:
    ends_at = time.monotonic() + START_S
    while not is_alive("jobs"):
        if time.monotonic() > ends_at:
            raise Unavailable(f"No jobs cluster came to life in {START_S} s.")
        time.sleep(0.1)


def _seconds(begun: Any, ended: Any) -> float:
    return float((ended - begun).total_seconds())


BENCH = Bench("jobs", f"items a second: {ROUNDS} drills of {ITEMS:,} items that take no time", run)
