"""Cancel jobs and retry them: what was done stays done, and is counted once."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db.models.functions import Now

from jobs import lifecycle, queries
from jobs.errors import LostClaim, MoveRefused, NothingToRetry
from jobs.lifecycle import Outcome, moves
from jobs.models import Job, JobEvent, RunSummary
from jobs.runner import run_slice
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
