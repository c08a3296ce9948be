"""Measure how the throughput of items grows from one cluster to four."""

from statistics import median
from typing import Any

from django.conf import settings

from batchops.errors import Unavailable
from batchops.management import drills
from batchops.management.benches import Bench

CLUSTERS = 4
ITEMS = 20_000
NAPS = 8_000
NAP_MS = 5
ROUNDS = 3
ROUND_S = 120


def run() -> dict[str, Any]:
    """Do the same drills with one to CLUSTERS clusters of the jobs kind.

    `items_per_s` is of items that take no time, so of what the engine and PostgreSQL can do;
    `naps_per_s` of items that wait NAP_MS, as for something outside, so of how well the work is
    spread; `naps_pct_of_ideal` compares it with all workers waiting all the time.

    Clusters that run already are the first ones, so with two there are no figures for one.

    :raises Unavailable: when a cluster does not come to life, or a round does not end.
    """
    fewest = max(1, drills.living())
    figures = {str(count): _measured(count) for count in range(fewest, CLUSTERS + 1)}
    return {
        "items": ITEMS,
        "naps": NAPS,
        "nap_ms": NAP_MS,
        "rounds": ROUNDS,
        "workers_each": settings.JOBS_WORKERS,
        "by_clusters": figures,
    }


def _measured(count: int) -> dict[str, int]:
    with drills.clusters(count):
        drills.drill(ITEMS, ms=0, within_s=ROUND_S)
        items_per_s = median(_rate(ITEMS, ms=0) for _ in range(ROUNDS))
        naps_per_s = median(_rate(NAPS, ms=NAP_MS) for _ in range(ROUNDS))
    ideal_per_s = count * settings.JOBS_WORKERS * 1000 / NAP_MS
    return {
        "items_per_s": round(items_per_s),
        "naps_per_s": round(naps_per_s),
        "naps_pct_of_ideal": round(100 * naps_per_s / ideal_per_s),
    }


def _rate(items: int, *, ms: int) -> float:
    job = drills.drill(items, ms=ms, within_s=ROUND_S)
    if job.started_at is None or job.finished_at is None:
        raise Unavailable(f"Job {job.pk} ended without having begun.")
    return items / (job.finished_at - job.started_at).total_seconds()


BENCH = Bench("clusters", f"items a second with one to {CLUSTERS} clusters on this machine", run)
