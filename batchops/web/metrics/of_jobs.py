"""Tell of jobs: what they came to since the first day, what is open, what is scheduled."""

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from math import inf

from prometheus_client.core import HistogramMetricFamily, Metric

from batchops import tallies
from batchops.web.metrics.families import PREFIX, counter, figure, gauge
from jobs import queries, registry, states
from jobs.models import SECONDS_BOUNDS


def read(at: datetime) -> Iterator[Metric]:
    """Yield the metrics of jobs."""
    totals = queries.totals()
    yield counter(
        "jobs_started", "Jobs that began, retries included.", ["type"],
        [((each.type,), each.started) for each in totals],
    )  # fmt: skip
    yield counter(
        "jobs_finished", "Jobs that ended, by how.", ["type", "state"],
        [((one.type, state), getattr(one, state)) for one in totals for state in states.ENDED],
    )  # fmt: skip
    yield counter(
        "job_items_finished", "Items of ended jobs, by how they ended.", ["type", "state"],
        [(each, n) for one in totals for each, n in _items(one)],
    )  # fmt: skip
    yield _durations(totals)
    yield counter(
        "trigger_conflicts", "Starts refused because a job of the type was open.", ["type"],
        [((job_type,), n) for job_type, n in tallies.kept("trigger_conflicts").items()],
    )  # fmt: skip
    yield counter(
        "status_requests", "Requests for the status of jobs, by route.", ["route"],
        [((route,), n) for route, n in tallies.kept("status_requests").items()],
    )  # fmt: skip
    yield from _open()
    yield from _schedules()


def _items(one: queries.Totals) -> list[tuple[tuple[str, str], int]]:
    return [
        ((one.type, states.SUCCEEDED), one.items_succeeded),
        ((one.type, states.FAILED), one.items_failed),
    ]


def _durations(totals: list[queries.Totals]) -> Metric:
    family = HistogramMetricFamily(
        f"{PREFIX}job_duration_seconds", "How long jobs took from start to end.", labels=["type"]
    )
    bounds = ["+Inf" if bound == inf else f"{bound:.1f}" for bound in SECONDS_BOUNDS]
    for each in totals:
        buckets = list(zip(bounds, each.within, strict=True))
        family.add_metric([each.type], buckets, sum_value=each.seconds_sum)
    return family


def _open() -> Iterator[Metric]:
    found = queries.open_jobs()
    # What is none is told as 0, for a sum of nothing is nothing, and no rule compares that.
    jobs = dict.fromkeys(product(registry.names(), states.OPEN), 0)
    jobs |= {(each.type, each.state): each.jobs for each in found}
    yield gauge("jobs_open", "Jobs that have not ended.", ["type", "state"], jobs.items())
    left = dict.fromkeys(((name,) for name in registry.names()), 0)
    for each in found:
        left[(each.type,)] = left.get((each.type,), 0) + each.items_left
    yield gauge(
        "job_items_left", "Known items of open jobs not settled yet.", ["type"], left.items()
    )


def _schedules() -> Iterator[Metric]:
    on = queries.schedules_on()
    yield figure("schedules_on", "Schedules that are switched on.", len(on))
    yield figure(
        "schedules_waiting",
        "Schedules whose start is due and could not be made yet.",
        sum(each.waits for each in on),
    )
