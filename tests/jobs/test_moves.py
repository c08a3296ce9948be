"""Cancel jobs and retry them: what was done stays done, and is counted once."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db.models.functions import Now

from jobs import lifecycle, queries
from jobs.errors import LostClaim, MoveRefused, NothingToRetry
from jobs.lifecycle import Outcome, moves, reopening
from jobs.models import Claim, Job, JobEvent, RunSummary
from jobs.runner import ring_if_work, run_slice
from tests.jobs.conftest import Make
from tests.jobs.test_engine import claimed, states_of, succeeded

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


class TestCancel:
    def test_a_pending_job_ends_at_once(self, make: Make) -> None:
        job = lifecycle.cancel(make(inline=[{}, {}], ms=0).pk, actor="user:x")

        assert (job.state, job.cancelled) == ("cancelled", 2)

    def test_a_job_whose_items_nobody_made_ends_at_once(self, make: Make) -> None:
        job = lifecycle.cancel(make(items=50).pk, actor="user:x")

        assert (job.state, job.items_total) == ("cancelled", 0)

    def test_a_processing_job_ends_when_its_worker_sees_the_wish(self, make: Make) -> None:
        lease = claimed(make(inline=[{}, {}, {}], ms=0), limit=2)

        job = lifecycle.cancel(lease.job.pk, actor="user:x")
        assert (job.state, job.cancelled) == ("processing", 1)
        settled = lifecycle.settle(lease, succeeded(lease)[:1], ends=False)
        assert settled.cancel_wished
        lifecycle.settle(lease, [], ends=True, unbegun=[lease.items[1].id])

        job.refresh_from_db()
        assert (job.state, job.succeeded, job.cancelled) == ("cancelled", 1, 2)

    def test_a_wish_that_came_too_late_leaves_the_job_completed(self, make: Make) -> None:
        lease = claimed(make(inline=[{}], ms=0))
        lifecycle.cancel(lease.job.pk, actor="user:x")

        lifecycle.settle(lease, succeeded(lease), ends=True)

        assert Job.objects.get().state == "completed"

    def test_it_refuses_an_ended_job_and_changes_nothing(self, done: Make) -> None:
        job = done(items=1, ms=0)
        events = JobEvent.objects.count()

        with pytest.raises(MoveRefused):
            lifecycle.cancel(job.pk, actor="user:x")

        assert JobEvent.objects.count() == events
        assert Job.objects.get().cancel_requested_at is None

    def test_it_leaves_a_retry_that_came_meanwhile_alone(self, make: Make) -> None:
        job = make(inline=[{}] * 3, ms=0)
        one_batch = moves._cancel_one_batch

        def somebody_retries_first(job_id: str, *, actor: str) -> int:
            if Job.objects.get().generation == 1:
                lifecycle.retry(job_id, actor="user:other", include_cancelled=True)
            return one_batch(job_id, actor=actor)

        with patch.object(moves, "_cancel_one_batch", somebody_retries_first):
            lifecycle.cancel(job.pk, actor="user:x")

        job.refresh_from_db()
        assert (job.state, job.generation, job.cancelled) == ("pending", 2, 0)
        assert states_of(job) == ["pending"] * 3

    def test_the_making_of_items_ends_with_it(self, make: Make) -> None:
        job = make(items=100)
        lease = lifecycle.claim_expansion(job.pk, worker="test")
        assert lease is not None
        lifecycle.add_items(lease, [None] * 10, start=0)

        lifecycle.cancel(job.pk, actor="user:x")
        with pytest.raises(LostClaim):
            lifecycle.add_items(lease, [None] * 10, start=10)

        job.refresh_from_db()
        assert (job.state, job.items_total, job.items.count()) == ("cancelled", 10, 10)


class TestRetry:
    def test_its_rate_counts_only_what_was_done_since(self, make: Make) -> None:
        job = make(inline=[{}] * 20, ms=0)
        lease = claimed(job, 15)
        outcomes = [
            Outcome(i.id, "failed" if n else "succeeded") for n, i in enumerate(lease.items)
        ]
        lifecycle.settle(lease, outcomes, ends=True)
        lifecycle.cancel(job.pk, actor="user:x")

        lifecycle.retry(job.pk, actor="user:x")

        lease = claimed(job, 10)
        lifecycle.settle(lease, succeeded(lease), ends=True)
        Job.objects.update(started_at=Now() - timedelta(seconds=10))
        speed = queries.rate(queries.find_job(job.pk))
        assert speed == pytest.approx(1.0, abs=0.05)

    def test_failed_items_are_done_again_in_a_new_generation(self, done: Make) -> None:
        job = done(items=10, ms=0, failPercent=30, recovers=True)

        job = lifecycle.retry(job.pk, actor="user:x")
        assert (job.state, job.generation, job.succeeded, job.failed) == ("pending", 2, 7, 0)
        assert job.finished_at is None
        run_slice()

        job.refresh_from_db()
        assert (job.state, job.succeeded, job.failed) == ("completed", 10, 0)
        assert RunSummary.objects.filter(job=job).count() == 2

    def test_it_refuses_a_job_in_which_nothing_failed(self, done: Make) -> None:
        with pytest.raises(NothingToRetry):
            lifecycle.retry(done(items=2, ms=0).pk, actor="user:x")

    def test_it_refuses_an_open_job(self, make: Make) -> None:
        with pytest.raises(MoveRefused):
            lifecycle.retry(make(items=2).pk, actor="user:x")

    def test_cancelled_items_come_back_only_when_asked_for(self, make: Make) -> None:
        job = lifecycle.cancel(make(items=20, ms=0).pk, actor="user:x")

        with pytest.raises(NothingToRetry):
            lifecycle.retry(job.pk, actor="user:x")
        lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)
        run_slice()

        job.refresh_from_db()
        assert (job.state, job.succeeded) == ("completed", 20)


class TestARetryOfMany:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reopening, "BATCH", 3)

    def retried(self, done: Make, **params: Any) -> Job:
        job = done(items=10, ms=0, failPercent=80, **params)
        lifecycle.retry(job.pk, actor="user:x")
        job.refresh_from_db()
        return job

    def opened(self, job: Job) -> lifecycle.Lease:
        lease = lifecycle.claim_reopening(job.pk, worker="w")
        assert lease is not None
        assert lifecycle.reopen_items(lease)
        return lease

    def test_the_request_only_opens_the_generation_and_workers_the_items(self, done: Make) -> None:
        job = self.retried(done, recovers=True)
        assert (job.state, job.generation, job.to_reopen) == ("pending", 2, 8)
        assert (job.succeeded, job.failed, job.items.filter(state="failed").count()) == (2, 0, 8)
        assert ring_if_work()

        run_slice()

        job.refresh_from_db()
        assert (job.state, job.succeeded, job.to_reopen) == ("completed", 10, 0)
        assert not Claim.objects.exists()

    def test_what_fails_anew_is_not_opened_twice(self, done: Make) -> None:
        job = self.retried(done)
        lease = self.opened(job)
        chunk = lifecycle.claim_items(job.pk, limit=3, worker="w")
        assert chunk is not None
        again = [Outcome(item.id, "failed", error="again") for item in chunk.items]
        lifecycle.settle(chunk, again, ends=True)
        lifecycle.release(lease)

        run_slice()

        job.refresh_from_db()
        assert (job.state, job.failed, job.succeeded) == ("completed_with_errors", 8, 2)
        assert job.items.filter(error="again").count() == 3

    def test_another_worker_goes_on_where_one_died(self, done: Make) -> None:
        job = self.retried(done, recovers=True)
        lease = self.opened(job)
        Claim.objects.update(expires_at=Now() - timedelta(seconds=1))
        run_slice()

        with pytest.raises(LostClaim):
            lifecycle.reopen_items(lease)
        job.refresh_from_db()
        assert (job.state, job.succeeded) == ("completed", 10)

    def test_a_cancel_leaves_what_was_not_opened_as_it_ended(self, done: Make) -> None:
        job = self.retried(done, recovers=True)
        lease = self.opened(job)

        lifecycle.cancel(job.pk, actor="user:x")

        assert not lifecycle.reopen_items(lease)
        lifecycle.release(lease)
        job.refresh_from_db()
        assert (job.state, job.cancelled, job.failed, job.to_reopen) == ("cancelled", 3, 5, 0)
        lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)
        run_slice()
        job.refresh_from_db()
        assert (job.state, job.succeeded) == ("completed", 10)

    def test_a_cancel_that_comes_during_a_batch_wins(self, done: Make) -> None:
        job = self.retried(done)
        lease = lifecycle.claim_reopening(job.pk, worker="w")
        assert lease is not None
        stale = Job.objects.get(pk=job.pk)
        lifecycle.cancel(job.pk, actor="user:x")

        with patch.object(Job.objects, "get", return_value=stale), pytest.raises(LostClaim):
            lifecycle.reopen_items(lease)

        job.refresh_from_db()
        assert (job.failed, job.items.filter(state="failed").count()) == (8, 8)
