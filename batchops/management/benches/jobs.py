"""Measure items a second, and what an item costs, through a real cluster of the jobs kind."""

from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection

from batchops.management import drills
from batchops.management.benches import Bench
from jobs.models import Job

ITEMS = 20_000
SLEEPS = 2_000
SLEEP_MS = 1
ROUNDS = 5
ROUND_S = 120
# Which transaction wrote the last result, and which the end of the job.
TOGETHER_SQL = """
    SELECT count(*) FROM jobs_jobitem AS i, jobs_jobevent AS e
     WHERE i.job_id = %s AND e.job_id = i.job_id AND e.verb = 'finish' AND e.xmin = i.xmin
"""
# How long the items took by themselves, in seconds.
AT_WORK_SQL = """
    SELECT extract(epoch FROM sum(finished_at - started_at)) FROM jobs_jobitem WHERE job_id = %s
"""


def run() -> dict[str, Any]:
    """Do ROUNDS drills of ITEMS items that take no time, after one to warm up; then of sleeps.

    Items a second count from the request's commit to the job's end, all steps included; `work`
    counts from the first lease to the end, so without the bell's way to the first worker. CPU is
    that of the whole cluster and, on the same host, of the server's sessions. The ideal of the
    sleeps is their sum divided by the workers, once as they were asked for and once as long as the
    system let them sleep.

    :raises Unavailable: when no cluster comes to life, or a round does not end.
    """
    with drills.cluster():
        drills.drill(ITEMS, ms=0, within_s=ROUND_S)
        before = drills.cpu()
        jobs = [drills.drill(ITEMS, ms=0, within_s=ROUND_S) for _ in range(ROUNDS)]
        worker_s, server_s = drills.cpu().since(before)
        naps = [drills.drill(SLEEPS, ms=SLEEP_MS, within_s=ROUND_S) for _ in range(ROUNDS)]
    whole = [ITEMS / _seconds(job.created_at, job.finished_at) for job in jobs]
    work = [ITEMS / _seconds(job.started_at, job.finished_at) for job in jobs]
    asked_s = SLEEPS * SLEEP_MS / 1000
    return {
        "items": ITEMS,
        "rounds": ROUNDS,
        "workers": settings.JOBS_WORKERS,
        "items_per_s": round(median(whole)),
        "items_per_s_min": round(min(whole)),
        "items_per_s_max": round(max(whole)),
        "work_items_per_s": round(median(work)),
        "worker_cpu_ms_per_item": round(1000 * worker_s / ITEMS / ROUNDS, 4),
        "server_cpu_ms_per_item": round(1000 * server_s / ITEMS / ROUNDS, 4),
        "sleeps_pct_of_ideal": round(median(_used_pct(job, asked_s) for job in naps)),
        "sleeps_pct_as_slept": round(median(_used_pct(job, _slept_s(job)) for job in naps)),
        "ended_with_last_item": all(_ended_with_last_item(job) for job in jobs),
    }


def _used_pct(job: Job, items_s: float) -> float:
    """Return for how much of the workers' time their items would take `items_s` together."""
    each_s: float = items_s / settings.JOBS_WORKERS
    return 100 * each_s / _seconds(job.started_at, job.finished_at)


def _slept_s(job: Job) -> float:
    with connection.cursor() as cursor:
        cursor.execute(AT_WORK_SQL, [job.pk])
        return float(cursor.fetchone()[0])


def _ended_with_last_item(job: Job) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER_SQL, [job.pk])
        return bool(cursor.fetchone()[0])


def _seconds(begun: Any, ended: Any) -> float:
    return float((ended - begun).total_seconds())


BENCH = Bench("jobs", f"items a second: {ROUNDS} drills of {ITEMS:,} items that take no time", run)
