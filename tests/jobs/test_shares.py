"""See long items shared among all workers, and the times that are kept of each."""

import pytest

from jobs import chunk, lifecycle, registry
from jobs.chunk import Chunk
from jobs.models import Claim, Job
from tests.jobs.conftest import Make
from tests.jobs.harness.workers import FAST, Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


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

        done = claimed(job, 10).run(is_over=lambda: False)

        assert done == 2
        left = job.items.exclude(state="succeeded").values_list("state", "attempts", "claim_id")
        assert list(left) == [("pending", 0, None)] * 8
        assert not Claim.objects.exists()
