"""See long items shared among all workers, and what is kept of when each was done."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django_q.models import OrmQ

from jobs import chunk, lifecycle, registry, runner
from jobs.chunk import Chunk
from jobs.models import Claim, Job, JobItem
from jobs.registry import JobType
from jobs.types.drill import Drill
from tests.jobs.conftest import Make
from tests.jobs.harness.types import Flaky
from tests.jobs.harness.workers import FAST, Workers
from tests.jobs.test_progress import AtWork
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


def times_of(item: JobItem) -> tuple[datetime, datetime]:
    assert item.started_at is not None
    assert item.finished_at is not None
    return item.started_at, item.finished_at


def claimed(job: Job, limit: int) -> Chunk:
    lease = lifecycle.claim_items(job.pk, limit=limit, worker="test")
    assert lease is not None
    return Chunk(lease, registry.find(job.type))


class TestLongItems:
    @pytest.mark.processes
    def test_each_is_begun_by_a_worker_of_its_own(self, make: Make) -> None:
        job = make("deaf", items=4, ms=2_500)
        at_work = Claim.objects.filter(job=job, kind="items")

        with Workers(4, {**FAST, "JOBS_LEASE_S": "20"}):
            wait_for(lambda: at_work.count() == 4, 10, "four workers to be at it")
            assert not job.items.exclude(state="running").exists()

    def test_a_worker_that_finds_them_long_gives_the_others_back(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chunk, "LONGEST_S", 0.1)
        job = make(inline=[{}] * 10, ms=60)

        claimed(job, 10).run(is_over=lambda: False)

        left = job.items.exclude(state="succeeded").values_list("state", "attempts", "claim_id")
        assert list(left) == [("pending", 0, None)] * 8
        assert not Claim.objects.exists()


class TestItemsThatAreMadeSlowly:
    def test_the_others_are_called_to_each_part_of_them(
        self, make: Make, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        rung = []

        def slowly(_: JobType, job: Job, start: int) -> Iterator[None]:
            for position in range(start, job.params["items"]):
                if position in (0, 500, 5_500):
                    rung.append(OrmQ.objects.count())
                    OrmQ.objects.all().delete()  # who came found nothing to do and left
                yield None

        monkeypatch.setattr(runner, "LINGER_S", 0)
        monkeypatch.setattr(Drill, "items", slowly)
        make(items=5_600, ms=0)

        runner.run_slice()

        assert rung[1:] == [settings.JOBS_WORKERS - 1] * 2


class TestTheTimesOfAnItem:
    def test_they_are_its_own_and_not_those_of_its_chunk(self, make: Make, settings: Any) -> None:
        settings.JOBS_SETTLE_INTERVAL = settings.JOBS_LEASE
        job = make(inline=[{"ms": 40}, {"ms": 80}, {"ms": 40}], ms=0)

        claimed(job, 3).run(is_over=lambda: False)

        times = [times_of(item) for item in job.items.order_by("position")]
        assert all(began_at < ended_at for began_at, ended_at in times)
        assert all(ended_at <= began_at for (_, ended_at), (began_at, _) in pairwise(times))
        assert (times[1][1] - times[1][0]).total_seconds() >= 0.08
        job.refresh_from_db()
        assert job.finished_at is not None
        assert times[-1][1] <= job.finished_at

    def test_items_done_at_once_have_those_of_all(self, make: Make) -> None:
        job = make("talking_together", items=3, ms=50)
        runner.run_slice()

        for began_at, ended_at in map(times_of, job.items.all()):
            assert (ended_at - began_at).total_seconds() >= 0.05

    def test_an_item_to_be_tried_again_has_a_begin_and_no_end(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Flaky, "backoff", lambda *_: timedelta(hours=1))
        job = make("flaky", items=1)
        before = job.created_at
        runner.run_slice()

        item = job.items.get()
        assert (item.state, item.finished_at) == ("pending", None)
        assert item.started_at is not None
        assert item.started_at > before


class TestTheItemAtWork:
    def test_its_claim_names_it_though_it_reports_nothing(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runner, "size_of", lambda chosen: 3)
        job = make("deaf", items=3, ms=900)

        with AtWork():
            for position in range(2):
                named = job.claims.filter(
                    item_id__in=job.items.filter(position=position).values("pk")
                )
                wait_for(named.exists, 5, f"item {position} to be named")
                assert named.get().item_since is not None
