"""Job types that misbehave on purpose; only the harness' workers know them."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from rest_framework import serializers

from batchops.inputs import StrictSerializer
from jobs import progress
from jobs.errors import ItemCancelled, ItemFailed
from jobs.lifecycle import WorkItem
from jobs.models import Job
from jobs.registry import JobType, Result, register


class _Params(StrictSerializer):
    items = serializers.IntegerField(default=10)
    at = serializers.IntegerField(default=0)
    ms = serializers.IntegerField(default=0)


class _Counted(JobType):
    params = _Params

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        return ({"n": position} for position in range(start, job.params["items"]))


@register
class Poison(_Counted):
    """Item `at` kills its worker, every time; the others take `ms`."""

    name = "poison"
    label = "Poison"

    def run_item(self, job: Job, item: WorkItem) -> Result:
        if item.position == job.params["at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(job.params["ms"] / 1000)
        return {"n": item.params["n"]}


@register
class Overdue(_Counted):
    """Item `at` never returns."""

    name = "overdue"
    label = "Overdue"
    item_limit = timedelta(seconds=0.5)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        if item.position == job.params["at"]:
            time.sleep(3600)
        return None


@register
class Hanging(Overdue):
    """Item `at` never returns either, and may take long enough for a cancel to be seen."""

    name = "hanging"
    label = "Hanging"
    item_limit = timedelta(seconds=2)


@register
class OverdueTogether(_Counted):
    """Does its items at once, and never returns from those among which is item `at`."""

    name = "overdue_together"
    label = "Overdue together"
    chunk_limit = timedelta(seconds=0.5)

    def run_chunk(self, job: Job, items: Any) -> list[Any]:
        if job.params["at"] in [item.position for item in items]:
            time.sleep(3600)
        return [None] * len(items)


@register
class Endless(_Counted):
    """Never says what its first item is."""

    name = "endless"
    label = "Endless"
    step_limit = timedelta(seconds=0.5)

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        time.sleep(3600)
        yield {}


@register
class Unsummed(_Counted):
    """Its first summary never comes."""

    name = "unsummed"
    label = "Unsummed"
    step_limit = timedelta(seconds=0.5)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        return None

    def summarise(self, job: Job) -> dict[str, Any]:
        if not job.events.filter(verb="summary").exists():
            job.events.create(verb="summary", actor="system:test", generation=job.generation)
            time.sleep(3600)
        return {}


@register
class SlowSum(Unsummed):
    """Its summary takes `ms`."""

    name = "slow_sum"
    label = "Slow sum"
    step_limit = timedelta(minutes=1)

    def summarise(self, job: Job) -> dict[str, Any]:
        job.events.create(verb="summary", actor="system:test", generation=job.generation)
        time.sleep(job.params["ms"] / 1000)
        return {}


@register
class Deaf(_Counted):
    """Its items take `ms` and do not ask whether they should stop."""

    name = "deaf"
    label = "Deaf"

    def run_item(self, job: Job, item: WorkItem) -> Result:
        time.sleep(job.params["ms"] / 1000)
        return None


@register
class Few(Deaf):
    """Two workers at most may be at its items."""

    name = "few"
    label = "Few"
    max_workers = 2


@register
class Brief(Deaf):
    """The whole job may take a second."""

    name = "brief"
    label = "Brief"
    job_limit = timedelta(seconds=1)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        while not progress.cancel_wished():
            time.sleep(0.01)
        raise ItemCancelled("Stopped.")


@register
class TalkingTogether(_Counted):
    """Does its items at once, says so, and takes `ms`."""

    name = "talking_together"
    label = "Talking together"

    def run_chunk(self, job: Job, items: Any) -> list[Any]:
        progress.report(1, len(items), "all at once")
        time.sleep(job.params["ms"] / 1000)
        return [None] * len(items)


@register
class Flaky(_Counted):
    """Every item fails at its first attempt and is tried again by itself."""

    name = "flaky"
    label = "Flaky"
    max_attempts = 2

    def backoff(self, attempt: int) -> timedelta:
        return timedelta(milliseconds=10)

    def run_item(self, job: Job, item: WorkItem) -> Result:
        if item.attempt == 1:
            raise ItemFailed("The first attempt always fails.")
        return {"attempt": item.attempt}


@register
class Broken(_Counted):
    """Its items cannot all be made."""

    name = "broken"
    label = "Broken"

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        yield {"n": 0}
        raise ValueError("the list has no end")

    def run_item(self, job: Job, item: WorkItem) -> Result:
        return None


@register
class Together(_Counted):
    """Does its items at once; odd ones fail."""

    name = "together"
    label = "Together"

    def run_chunk(self, job: Job, items: Any) -> list[Any]:
        return [ValueError("odd") if item.position % 2 else {"n": item.position} for item in items]


@register
class Alone(_Counted):
    """Only one job of it may be open."""

    name = "alone"
    label = "Alone"
    single_flight = True

    def run_item(self, job: Job, item: WorkItem) -> Result:
        time.sleep(job.params["ms"] / 1000)
        return None


@register
class Odd(_Counted):
    """Returns what cannot be stored."""

    name = "odd"
    label = "Odd"

    def run_item(self, job: Job, item: WorkItem) -> Result:
        return {"bad": [float("nan"), "\x00", "\ud800", object()][item.position % 4]}
