"""Play workers, callers and clocks against the lifecycle, step by step, as hypothesis wishes.

Real processes meet by chance; here each step is one call, so that what breaks is found within
seconds and is the same for the same seed. A lease that ran out is kept and used again: that is
the frozen worker which does not know how late it is.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import hypothesis.strategies as st
import pytest
from django.db import connection
from django.db.models.functions import Now
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from batchops.errors import Conflict
from jobs import lifecycle
from jobs.errors import LostClaim, MoveRefused
from jobs.lifecycle import Lease, NewJob, Outcome, reopening
from jobs.models import Claim, Job, JobItem
from tests.jobs.harness import checks
from tests.unguarded import unguarded

ACTOR = "user:machine"
PICK = st.integers(0, 1_000)
# What must hold between any two steps; the other invariants are for when everything has ended.
ALWAYS = (
    "each_generation_ended_at_most_once",
    "the_last_generation_ended_exactly_once",
    "counters_equal_the_rows",
    "no_open_item_in_an_ended_job",
    "no_job_with_items_ready_waits",
    "no_item_has_two_results_in_a_generation",
    "no_result_was_overwritten",
    "no_counter_fell_within_a_generation",
    "the_end_state_follows_from_the_items",
)
# With one step at a time nothing may be left for a sweep to repair.
LEFT_OPEN_SQL = """
    SELECT j.id FROM jobs_job AS j
     WHERE j.finished_at IS NULL
       AND (j.items_total = j.succeeded + j.failed + j.cancelled
            OR j.cancel_requested_at IS NOT NULL
               AND NOT EXISTS (SELECT FROM jobs_claim AS c WHERE c.job_id = j.id))
"""


# Few rows are deleted in a fraction of the time that it takes to truncate their tables.
CLEAR_SQL = """
    DELETE FROM jobs_runsummary; DELETE FROM jobs_jobevent; DELETE FROM jobs_claim;
    DELETE FROM jobs_jobitem; DELETE FROM jobs_job;
    DELETE FROM harness_result; DELETE FROM harness_violation
"""


def clear() -> None:
    """Remove what the night before has left."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(CLEAR_SQL)


@dataclass
class Worker:
    """A lease, what is still to be reported under it, and the last report."""

    lease: Lease
    left: list[int]
    is_lost: bool = False
    last: list[Outcome] = field(default_factory=list)


class Nights(RuleBasedStateMachine):
    """What may happen to jobs of a few items; whoever plays it has installed the audit."""

    def __init__(self) -> None:
        super().__init__()
        clear()
        # What is few elsewhere is many here.
        self.small = patch.object(reopening, "BATCH", 1)
        self.small.start()
        self.jobs: list[str] = []
        self.workers: list[Worker] = []
        self.reopeners: list[Lease] = []
        # What was accepted of each item: its state, and in which generation.
        self.accepted: dict[int, tuple[str, int]] = {}

    @rule(items=st.integers(1, 4))
    def start(self, items: int) -> None:
        new = NewJob(type="drill", title="t", params={}, created_by=ACTOR, items=[{}] * items)
        self.jobs.append(lifecycle.create(new).pk)

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK, limit=st.integers(2, 4))
    def claim(self, pick: int, limit: int) -> None:
        lease = lifecycle.claim_items(self._job(pick), limit=limit, worker="w")
        if lease is not None:
            self.workers.append(Worker(lease, [item.id for item in lease.items]))

    @precondition(lambda self: self.workers)
    @rule(pick=PICK, how_many=st.integers(1, 2), fails=st.booleans(), twice=st.booleans())
    def report(self, pick: int, how_many: int, fails: bool, twice: bool) -> None:
        """Report some items, and again at once when the answer is lost."""
        self._report(self._worker(pick), how_many, fails=fails, twice=twice)

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK, twice=st.booleans(), dies=st.booleans())
    def begin(self, pick: int, twice: bool, dies: bool) -> None:
        """Claim items, do the first, and perhaps die over the second."""
        number = len(self.workers)
        self.claim(pick, 3)
        for worker in self.workers[number:]:
            self._report(worker, 1, fails=False, twice=twice)
            if dies:
                self._lose(worker)

    def _report(self, worker: Worker, how_many: int, *, fails: bool, twice: bool) -> None:
        ids, worker.left = worker.left[:how_many], worker.left[how_many:]
        worker.last = [Outcome(item_id, "failed" if fails else "succeeded") for item_id in ids]
        self._settle(worker, worker.last, ends=not worker.left)
        if twice:
            self._settle(worker, worker.last, ends=False)

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def report_late(self, pick: int) -> None:
        """A report that was long on its way comes once more."""
        worker = self._worker(pick)
        self._settle(worker, worker.last, ends=False)

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def put_off(self, pick: int) -> None:
        """One item failed and is to be tried again later."""
        worker = self._worker(pick)
        ids, worker.left = worker.left[:1], worker.left[1:]
        later = [Outcome(one, "pending", retry_after=timedelta(hours=1)) for one in ids]
        self._settle(worker, later, ends=not worker.left)

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def give_back(self, pick: int) -> None:
        self._return(self._worker(pick))

    def _return(self, worker: Worker) -> None:
        self._settle(worker, [], ends=True, unbegun=worker.left)

    @precondition(lambda self: self.workers)
    @rule(pick=PICK)
    def die(self, pick: int) -> None:
        self._lose(self._worker(pick))

    def _lose(self, worker: Worker) -> None:
        late = Now() - timedelta(seconds=1)
        Claim.objects.filter(pk=worker.lease.claim_id).update(expires_at=late)
        lifecycle.expire_claims()
        worker.is_lost = True

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        was_open = self._is_open(pick)
        try:
            lifecycle.cancel(self._job(pick), actor=ACTOR)
        except MoveRefused:
            assert not was_open
        else:
            assert was_open

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK, limit=st.integers(1, 2), dies=st.booleans())
    def cancel_at_work(self, pick: int, limit: int, dies: bool) -> None:
        """Somebody cancels a job whose worker then dies or gives back what it has not begun."""
        number = len(self.workers)
        self.claim(pick, limit)
        self.cancel(pick)
        if len(self.workers) > number:
            (self._lose if dies else self._return)(self.workers[number])

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK, include_cancelled=st.booleans())
    def retry(self, pick: int, include_cancelled: bool) -> None:
        was_open = self._is_open(pick)
        try:
            lifecycle.retry(self._job(pick), actor=ACTOR, include_cancelled=include_cancelled)
        except Conflict:
            return
        assert not was_open

    @precondition(lambda self: self.jobs)
    @rule(pick=PICK, batches=st.integers(0, 2), dies=st.booleans())
    def reopen(self, pick: int, batches: int, dies: bool) -> None:
        """Open some items of a retried job again, and give the rest back or die over it."""
        lease = lifecycle.claim_reopening(self._job(pick), worker="w")
        if lease is None:
            return
        while batches and lifecycle.reopen_items(lease):
            batches -= 1
        self.reopeners.append(lease)
        if dies:
            self._end_reopening(lease)
        else:
            lifecycle.release(lease)

    @precondition(lambda self: self.reopeners)
    @rule(pick=PICK)
    def reopen_late(self, pick: int) -> None:
        """One that was given up for dead goes on."""
        with pytest.raises(LostClaim):
            lifecycle.reopen_items(self.reopeners[pick % len(self.reopeners)])

    def _end_reopening(self, lease: Lease) -> None:
        late = Now() - timedelta(seconds=1)
        Claim.objects.filter(pk=lease.claim_id).update(expires_at=late)
        lifecycle.expire_claims()

    @invariant()
    def nothing_is_broken(self) -> None:
        assert checks.broken_invariants(ALWAYS) == {}
        with connection.cursor() as cursor:
            cursor.execute(LEFT_OPEN_SQL)
            assert cursor.fetchall() == []

    @invariant()
    def what_was_accepted_is_kept(self) -> None:
        rows = JobItem.objects.filter(pk__in=self.accepted).values_list(
            "pk", "state", "job__generation"
        )
        for item_id, state, generation in rows:
            accepted, since = self.accepted[item_id]
            assert state == accepted or (generation > since and accepted != "succeeded")

    def teardown(self) -> None:
        """Let time pass: every lease runs out, and a worker that never dies does the rest."""
        self.small.stop()
        for worker in self.workers:
            self._lose(worker)
        JobItem.objects.update(not_before=None)
        Job.objects.update(waits_until=None)
        for job_id in self.jobs:
            if lease := lifecycle.claim_reopening(job_id, worker="last"):
                lifecycle.reopen_items(lease)
                lifecycle.release(lease)
            while lease := lifecycle.claim_items(job_id, limit=9, worker="last"):
                outcomes = [Outcome(item.id, "succeeded") for item in lease.items]
                lifecycle.settle(lease, outcomes, ends=True)
        self.nothing_is_broken()
        assert not Job.objects.open().exists()
        assert not Claim.objects.exists()

    def _settle(self, worker: Worker, outcomes: list[Outcome], **how: Any) -> None:
        """Report as a worker does, who may have lost the lease without knowing."""
        if how["ends"]:
            worker.left = []
        try:
            lifecycle.settle(worker.lease, outcomes, **how)
        except LostClaim:
            assert worker.is_lost
            return
        finally:
            worker.is_lost = worker.is_lost or how["ends"]
        generation = Job.objects.get(pk=worker.lease.job.pk).generation
        for outcome in (one for one in outcomes if one.state != "pending"):
            self.accepted.setdefault(outcome.item_id, (outcome.state, generation))
            if self.accepted[outcome.item_id][1] < generation:
                self.accepted[outcome.item_id] = (outcome.state, generation)

    def _job(self, pick: int) -> str:
        return self.jobs[pick % len(self.jobs)]

    def _is_open(self, pick: int) -> bool:
        return Job.objects.get(pk=self._job(pick)).is_open

    def _worker(self, pick: int) -> Worker:
        """Return one that holds its lease by what it knows; each fourth time, any of them."""
        holding = [worker for worker in self.workers if not worker.is_lost]
        workers = holding if holding and pick % 4 else self.workers
        return workers[pick // 4 % len(workers)]
