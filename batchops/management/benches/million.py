"""Measure one job of a million items: how long its list takes, and what memory the workers need."""

from typing import Any

from batchops.management import drills
from batchops.management.benches import Bench
from jobs.models import Job

ITEMS = 1_000_000
WARM_UP = 20_000
WITHIN_S = 900


def run() -> dict[str, Any]:
    """Do one drill of ITEMS items that take no time, looking at the workers' memory all the while.

    `list_s` is from the job's start until all its items are made, while other workers do them
    already. Memory is that of the largest process: at its greatest while the list is made, after
    the first tenth of the items, and after the last.

    :raises Unavailable: when no cluster comes to life, or the job does not end.
    """
    sizes: list[tuple[int | None, int, float]] = []

    def look() -> None:
        job = Job.objects.order_by("-created_at").values_list("items_total", "succeeded")[0]
        sizes.append((*job, drills.greatest_rss_mb()))

    with drills.cluster():
        drills.drill(WARM_UP, ms=0, within_s=WITHIN_S)
        job = drills.drill(ITEMS, ms=0, within_s=WITHIN_S, look=look)
    assert job.expanded_at
    assert job.started_at
    assert job.finished_at
    listing = [size for total, _, size in sizes if total is None]
    early = [size for _, done, size in sizes if done <= ITEMS // 10]
    took_s = (job.finished_at - job.started_at).total_seconds()
    return {
        "items": ITEMS,
        "list_s": round((job.expanded_at - job.started_at).total_seconds(), 1),
        "list_rss_mb": round(max(listing)),
        "items_per_s": round(ITEMS / took_s),
        "rss_mb_first_tenth": round(max(early)),
        "rss_mb_end": round(sizes[-1][2]),
        "rss_mb_max": round(max(size for _, _, size in sizes)),
    }


BENCH = Bench(
    "million", f"one job of {ITEMS:,} items: time to list them, memory of the workers", run
)
