"""See that no job keeps others waiting, however large it is."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import lifecycle, registry, runner
from jobs.lifecycle.claims import CHOOSE_SQL
from jobs.models import Job, JobItem
from jobs.queries.work import CANCELS_SQL
from jobs.runner import run_slice
from tests.jobs.conftest import Make
from tests.jobs.harness.workers import FAST, Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

MILLION = 1_000_000
# Behind a million items they would wait for a minute.
SOON = timedelta(seconds=15)
# So that nobody gets a turn only because a slice ended.
ONE_SLICE = {**FAST, "JOBS_SLICE_S": "60", "JOBS_LEASE_S": "60"}


def waited(job: Job) -> timedelta:
    job.refresh_from_db()
    assert job.finished_at is not None
    return job.finished_at - job.created_at


class TestAMillionItems:
    @pytest.mark.processes
    def test_they_do_not_starve_small_jobs_and_the_most_urgent_comes_first(
        self, make: Make
    ) -> None:
        large = make(items=MILLION, ms=0)
        with Workers(2, ONE_SLICE):
            wait_for(lambda: JobItem.objects.filter(state="succeeded").exists(), 15, "first items")
            with transaction.atomic():
                small = [make(inline=[{"ms": 1}] * 5, ms=0) for _ in range(20)]
                urgent = make(inline=[{"ms": 1}] * 5, ms=0)
                Job.objects.filter(pk=urgent.pk).update(priority=5)
            wait_for(lambda: Job.objects.open().count() == 1, 20, "the small jobs to end")

        large.refresh_from_db()
        assert large.is_open
        assert max(waited(job) for job in [*small, urgent]) < SOON
        others = Job.objects.filter(pk__in=[job.pk for job in small])
        later = others.filter(started_at__gte=Job.objects.get(pk=urgent.pk).started_at)
        # The other worker may have begun one of them at the same moment.
        assert later.count() >= 19

    def test_two_of_them_being_listed_take_turns(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "EXPAND_TURN_S", 0)
        jobs = [make(items=12_000, ms=0) for _ in range(2)]
        listed: list[str] = []
        add = lifecycle.add_items

        def noted(lease: lifecycle.Lease, *args: object, **kwargs: object) -> int:
            listed.append(lease.job.pk)
            return add(lease, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(lifecycle, "add_items", noted)
        run_slice()

        assert set(listed[:2]) == {job.pk for job in jobs}
        assert not Job.objects.open().exists()


class TestChoosing:
    def test_it_looks_into_each_job_by_itself_and_never_through_all_pending_items(
        self, make: Make
    ) -> None:
        make(inline=[{}] * 1_000, ms=0).items.update(not_before="2999-01-01T00:00Z")
        caps = registry.caps()
        choosing = {"types": list(caps), "caps": list(caps.values()), "passed": []}

        assert lifecycle.choose(caps, passed=()) is None
        for sql, values in ((CHOOSE_SQL, choosing), (CANCELS_SQL, None)):
            looks = how_items_are_found(sql, values)
            assert looks
            assert all("(j.id)" in look for look in looks), looks


def how_items_are_found(sql: str, values: Any) -> list[str]:
    """Return by what the server looks into the table of items or an index of it."""
    with connection.cursor() as cursor:
        # Of which kind the look is depends on how large the table is, not what it is by.
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    return [
        " ".join(str(node.get(kind, "")) for kind in ("Index Cond", "Recheck Cond", "Filter"))
        for node in nodes(plan[0]["Plan"])
        if node.get("Relation Name") == "jobs_jobitem"
    ]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return a plan and all plans below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
