"""See that no job keeps others waiting, however large it is."""

import heapq
import json
from collections.abc import Iterator
from datetime import timedelta
from math import ceil
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Min
from django.test.utils import CaptureQueriesContext

from jobs import lifecycle, registry, runner
from jobs.chunk import LONGEST_S
from jobs.lifecycle import Lease, Outcome
from jobs.lifecycle.turns import CHOOSE_SQL
from jobs.models import Claim, Job, JobItem
from jobs.queries.work import CANCELS_SQL
from jobs.runner import run_slice
from tests.jobs.conftest import Make
from tests.jobs.harness.workers import FAST, Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

MILLION = 1_000_000
# So that nobody gets a turn only because a slice ended.
ONE_SLICE = {**FAST, "JOBS_SLICE_S": "60", "JOBS_LEASE_S": "60"}


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
            wait_for(lambda: Job.objects.open().count() == 1, 60, "the small jobs to end")

        large.refresh_from_db()
        assert large.is_open
        # By its own pace and not by the clock, for nobody knows what else the machine has to do.
        assert large.succeeded < MILLION / 5
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


class Shift:
    """Four workers at jobs whose items take a known time, on a clock that runs as fast as it can.

    They choose, lease and settle as real ones do; only the work itself is made up.
    """

    def __init__(self, each_s: dict[str, float]) -> None:
        self.each_s = each_s
        self.now_s = 0.0
        self._busy: list[tuple[float, int, Lease]] = []
        self._turns = 0

    def run(self, until_s: float) -> None:
        while True:
            while len(self._busy) < 4 and self._take():
                pass
            if not self._busy or self._busy[0][0] > until_s:
                return
            self.now_s, _, lease = heapq.heappop(self._busy)
            begun = self._begun(lease)
            done = [Outcome(item.id, "succeeded") for item in lease.items[:begun]]
            unbegun = [item.id for item in lease.items[begun:]]
            lifecycle.settle(lease, done, ends=True, unbegun=unbegun)

    def _begun(self, lease: Lease) -> int:
        return min(len(lease.items), ceil(LONGEST_S / self.each_s[lease.job.pk]))

    def _take(self) -> bool:
        chosen = lifecycle.choose(registry.caps(), passed=())
        if chosen is None:
            return False
        lease = lifecycle.claim_items(chosen.job_id, limit=runner.size_of(chosen), worker="w")
        assert lease is not None
        took_s = self.each_s[chosen.job_id] * self._begun(lease)
        Claim.objects.filter(pk=lease.claim_id).update(
            created_at=F("created_at") - timedelta(seconds=took_s)
        )
        self._turns += 1
        heapq.heappush(self._busy, (self.now_s + took_s, self._turns, lease))
        return True


class TestWorkersTime:
    def test_jobs_share_it_however_long_their_items_take(self, make: Make) -> None:
        long = [make(inline=[{}] * 20, ms=0) for _ in range(5)]
        short = make(inline=[{}] * 1_500, ms=0)
        shift = Shift({short.pk: 0.002} | {job.pk: 5.0 for job in long})
        shift.run(until_s=12)
        short.refresh_from_db()
        assert short.state == "completed"

        shift.run(until_s=40)

        done = [Job.objects.get(pk=job.pk).succeeded for job in long]
        assert sum(done) >= 26
        assert max(done) - min(done) <= 2

    def test_who_comes_late_or_waited_long_has_no_claim_to_the_past(self, make: Make) -> None:
        old, idle = (make(inline=[{}] * 1_000, ms=0) for _ in range(2))
        idle.items.update(not_before="2999-01-01T00:00Z")
        shift = Shift({old.pk: 1.0})
        shift.run(until_s=15)
        new = make(inline=[{}] * 1_000, ms=0)
        idle.items.update(not_before=None)
        shift.each_s |= {new.pk: 1.0, idle.pk: 1.0}
        before = Job.objects.get(pk=old.pk).succeeded
        shift.run(until_s=30)

        shares = [Job.objects.get(pk=job.pk).succeeded for job in (old, idle, new)]
        assert all(16 <= share <= 24 for share in (shares[0] - before, *shares[1:])), shares

    def test_it_counts_however_late_or_early_items_are_settled(
        self, make: Make, settings: Any
    ) -> None:
        settings.JOBS_SETTLE_INTERVAL = timedelta(0)
        job = make(inline=[{}] * 3, ms=5)

        run_slice()

        job.refresh_from_db()
        assert job.item_s < 0.2
        assert job.served_s < 2

    def test_a_dead_worker_costs_its_job_no_more_than_it_worked(self, make: Make) -> None:
        killed, ended = (make(inline=[{}] * 200, ms=0) for _ in range(2))
        for job, worker in ((killed, "killed"), (ended, "ended")):
            assert lifecycle.claim_items(job.pk, limit=200, worker=worker) is not None
        Claim.objects.filter(worker="killed").update(expires_at="2020-01-01T00:00Z")

        lifecycle.expire_claims()
        lifecycle.end_claims_of("ended", culprits=())

        for job in (killed, ended):
            job.refresh_from_db()
            assert job.served_s < 1

    def test_programs_outside_use_none_of_it(self, make: Make) -> None:
        outside = make("external", inline=[{}] * 400)
        lease = lifecycle.take(outside.pk, limit=200, worker="outside:x")
        assert lease is not None
        Claim.objects.update(created_at=F("created_at") - timedelta(hours=1))
        done = [Outcome(item.id, "succeeded") for item in lease.items]
        lifecycle.report(outside.pk, lease.token, done, gives_back=False, actor="x")
        assert lifecycle.take(outside.pk, limit=200, worker="outside:x") is not None

        job = make(inline=[{}], ms=0)
        assert lifecycle.claim_items(job.pk, limit=1, worker="w") is not None
        job.refresh_from_db()

        assert job.served_from_s < 1

    @pytest.mark.parametrize(("items", "leased"), [(40, 1), (200, 6), (10_000, 32)])
    def test_of_a_new_job_it_takes_several_items_only_of_plenty_and_pays_for_one(
        self, make: Make, settings: Any, items: int, leased: int
    ) -> None:
        settings.JOBS_WORKERS = 4
        job = make(items=items, ms=0)
        expansion = lifecycle.claim_expansion(job.pk, worker="w")
        assert expansion is not None
        lifecycle.add_items(expansion, [None] * items, start=0)
        lifecycle.close_expansion(expansion)

        chosen = lifecycle.choose(registry.caps(), passed=())
        assert chosen is not None
        assert runner.size_of(chosen) == leased
        lease = lifecycle.claim_items(job.pk, limit=leased, worker="w")

        assert lease is not None
        assert lease.charged_s == job.item_s

    def test_a_new_slice_knows_how_much_a_worker_does_at_once(self, make: Make) -> None:
        job = make(inline=[{}] * 1_000, ms=0)
        Shift({job.pk: 0.02}).run(until_s=3)

        chosen = lifecycle.choose(registry.caps(), passed=())

        assert chosen is not None
        assert 1 < runner.size_of(chosen) <= 10


class TestWaitingWorkers:
    def test_they_ask_little_while_another_makes_items(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = make(items=1, ms=0)
        assert lifecycle.claim_expansion(job.pk, worker="other") is not None
        looks: list[float] = []
        monkeypatch.setattr("jobs.runner.time.sleep", looks.append)

        with CaptureQueriesContext(connection) as asked:
            run_slice()

        assert len(looks) > 10
        assert len(asked) < 30 + 3 * len(looks)


class TestWaitingJobs:
    def test_they_are_not_looked_into_until_they_are_due(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        put_off(job)
        assert lifecycle.choose(registry.caps(), passed=()) is not None
        put_off(job)
        job.refresh_from_db()

        assert job.waits_until == job.items.aggregate(first=Min("not_before"))["first"]
        assert lifecycle.choose(registry.caps(), passed=()) is None
        assert not lifecycle.wake_jobs()

        make_due(job)
        assert lifecycle.wake_jobs() == 1
        assert lifecycle.choose(registry.caps(), passed=()) is not None

    def test_what_a_dead_worker_held_wakes_its_job(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        assert lifecycle.claim_items(job.pk, limit=1, worker="dead") is not None
        put_off(job)
        assert lifecycle.choose(registry.caps(), passed=()) is None

        lifecycle.end_claims_of("dead", culprits=())

        assert lifecycle.choose(registry.caps(), passed=()) is not None


def put_off(job: Job) -> None:
    lease = lifecycle.claim_items(job.pk, limit=1, worker="w")
    assert lease is not None
    later = Outcome(lease.items[0].id, "pending", retry_after=timedelta(hours=1))
    lifecycle.settle(lease, [later], ends=True)


def make_due(job: Job) -> None:
    long_ago = "2020-01-01T00:00Z"
    job.items.update(not_before=long_ago)
    Job.objects.filter(pk=job.pk).update(waits_until=long_ago)


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

    def test_it_finds_jobs_to_cancel_by_an_index_of_their_own(self) -> None:
        Job.objects.bulk_create(Job(type="drill", title="one of many") for _ in range(500))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("ANALYZE jobs_job")
            cursor.execute(f"EXPLAIN (FORMAT TEXT) {CANCELS_SQL}")
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "job_to_cancel" in plan, plan


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
