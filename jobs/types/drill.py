"""Engine drill: items that only take time, some of which fail, to see that workers are alive."""

import time
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from rest_framework import serializers

from batchops.inputs import StrictSerializer
from jobs import progress, states
from jobs.errors import ItemCancelled, ItemFailed
from jobs.inputs import LabelledItem
from jobs.lifecycle import WorkItem
from jobs.models import Job, JobItem
from jobs.registry import FollowUp, JobType, Result, register

MAX_ITEMS = 1_000_000
MAX_MS = 60_000
STEP_MS = 100


class DrillParams(StrictSerializer):
    items = serializers.IntegerField(
        label=_("Items"), min_value=0, max_value=MAX_ITEMS, default=100
    )
    ms = serializers.IntegerField(
        label=_("Milliseconds an item"), min_value=0, max_value=MAX_MS, default=10
    )
    failPercent = serializers.IntegerField(  # noqa: N815
        label=_("Items that fail, in percent"), min_value=0, max_value=100, default=0
    )
    recovers = serializers.BooleanField(
        label=_("Failing items succeed when they are retried"), default=False
    )
    zip = serializers.BooleanField(
        label=_("Make a ZIP with a file for each item that succeeded"), default=False
    )


class DrillItem(LabelledItem):
    ms = serializers.IntegerField(min_value=0, max_value=MAX_MS, required=False)
    fails = serializers.BooleanField(required=False)


@register
class Drill(JobType):
    """Takes `items` items of `ms` milliseconds; `failPercent` of them fail, spread evenly.

    With `recovers` the failing ones succeed when they are retried; with `zip` a ZIP is made with a
    file for each item that succeeded. An item of more than STEP_MS
    says how far it is, and stops when its job is cancelled.
    """

    name = "drill"
    label = gettext_noop("Engine drill")
    about = (
        "Does items that only take time, through the same engine as every job. It shows whether "
        "the workers are alive, and changes nothing."
    )
    params = DrillParams
    item_params = DrillItem
    follow_ups = (FollowUp("enrich", "Enrich All", "drill_enrichment"),)

    def title(self, params: dict[str, Any]) -> str:
        return f"{self.label}: {params['ms']} ms an item"

    def items(self, job: Job, start: int) -> Iterator[None]:
        return repeat(None, max(0, job.params["items"] - start))

    def run_item(self, job: Job, item: WorkItem) -> Result:
        wanted = {**job.params, **(item.params or {})}
        _take(wanted["ms"])
        if self._fails(job, item.position, wanted):
            raise ItemFailed(
                f"Item {item.position} failed as the drill asked ({wanted['failPercent']} % do). "
                "Nothing is wrong with the engine."
            )
        return None

    def makes_artifact(self, params: dict[str, Any]) -> bool:
        return bool(params["zip"])

    def artifact_files(self, job: Job) -> Iterator[tuple[str, Iterable[bytes]]]:
        done = job.items.filter(state=states.SUCCEEDED).order_by("position")
        for item in done.iterator(chunk_size=1_000):
            text = f"Item {item.position} took from {item.started_at} to {item.finished_at}.\n"
            yield f"item-{item.position:07}.txt", [text.encode()]

    def _fails(self, job: Job, position: int, wanted: dict[str, Any]) -> bool:
        if wanted["recovers"] and job.generation > 1:
            return False
        share = wanted["failPercent"]
        return bool(wanted.get("fails", share and position * share % 100 >= 100 - share))


def _take(ms: int) -> None:
    """Let the time pass, in steps.

    :raises ItemCancelled: when the job is cancelled meanwhile.
    """
    begun_at = time.monotonic()
    for passed_ms in range(0, ms, STEP_MS):
        if passed_ms:
            progress.report(passed_ms, ms)
        if passed_ms and progress.cancel_wished():
            raise ItemCancelled(f"Stopped after {passed_ms} of {ms} ms, as its job was cancelled.")
        ends_at = begun_at + min(passed_ms + STEP_MS, ms) / 1000
        time.sleep(max(0.0, ends_at - time.monotonic()))


class EnrichmentParams(StrictSerializer):
    parentId = serializers.RegexField(r"^[A-Za-z0-9]{16}\Z")  # noqa: N815
    ms = serializers.IntegerField(min_value=0, max_value=MAX_MS, default=10)

    def validate_parentId(self, value: str) -> str:  # noqa: N802
        job = Job.objects.filter(pk=value).first()
        if job is None or job.type != Drill.name or job.state not in states.DONE:
            raise serializers.ValidationError("Must be the id of an engine drill that completed.")
        return value


@register
class DrillEnrichment(JobType):
    """Does something more, for `ms` milliseconds, with each item that succeeded in a drill."""

    name = "drill_enrichment"
    label = gettext_noop("Engine drill, enrichment")
    about = (
        "Does something more with each item that succeeded in a drill, to show what follows on it."
    )
    params = EnrichmentParams

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        parents = JobItem.objects.filter(job_id=job.params["parentId"], state=states.SUCCEEDED)
        positions = parents.order_by("position").values_list("position", flat=True)
        return ({"of": position} for position in positions[start:].iterator())

    def run_item(self, job: Job, item: WorkItem) -> Result:
        time.sleep(job.params["ms"] / 1000)
        return {"enriched": item.params["of"]}
