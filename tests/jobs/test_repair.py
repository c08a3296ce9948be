"""See what was left behind repaired: summaries, stuck jobs, cancels whose caller died."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models.functions import Now

from batchops.errors import BatchOpsError
from jobs import lifecycle, sweep
from jobs.errors import MoveRefused
from jobs.lifecycle import Outcome, expiry, moves
from jobs.models import Claim, Job, JobEvent, JobItem, RunSummary
from jobs.runner import run_slice
from jobs.types.drill import Drill
from tests.jobs.conftest import Make
from tests.jobs.harness import checks
from tests.unguarded import GUARDED, UNGUARDED

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


class TestSummary:
    def test_it_is_made_once_for_each_generation(self, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50)

        summary = RunSummary.objects.get()
        assert (summary.state, summary.items_total, summary.failed) == (job.state, 4, 2)
        assert lifecycle.claim_summary(job.pk, worker="test") is None

    def test_failing_to_make_it_leaves_the_job_ended_and_is_made_up_for(self, done: Make) -> None:
        with patch.object(Drill, "summarise", side_effect=RuntimeError("no disk")):
            job = done(items=1, ms=0)
        assert job.state == "completed"
        assert not RunSummary.objects.exists()

        Claim.objects.update(expires_at=Now() - timedelta(seconds=1))
        run_slice()

        assert RunSummary.objects.count() == 1

    def test_one_whose_worker_died_over_it_is_due_again_within_seconds(self, make: Make) -> None:
        job = make(inline=[])
        lifecycle.claim_summary(job.pk, worker="dead")
        claim = Claim.objects.get()

        assert claim.expires_at - claim.heartbeat_at <= timedelta(seconds=8)

    @pytest.mark.parametrize("details", [{"of": "a\x00b"}, {"of": object()}])
    def test_one_that_cannot_be_stored_is_told_and_waits(
        self, done: Make, details: dict[str, object]
    ) -> None:
        with patch.object(Drill, "summarise", return_value=details) as summarise:
            job = done(items=1, ms=0)
            run_slice()

        assert summarise.call_count == 1
        assert "Error" in job.events.get(verb="fail_summary").reason

    def test_failing_to_make_it_is_not_repeated_at_once(self, done: Make) -> None:
        with patch.object(Drill, "summarise", side_effect=RuntimeError("no disk")) as summarise:
            done(items=1, ms=0)
            run_slice()

        claim = Claim.objects.get()
        assert summarise.call_count == 1
        assert claim.expires_at > claim.created_at + timedelta(seconds=30)


class TestSweep:
    def test_a_job_that_ended_meanwhile_does_not_stop_it(self, make: Make) -> None:
        doomed, other = make(items=5), make(inline=[{}], ms=0)
        lifecycle.claim_expansion(doomed.pk, worker="dead")
        lifecycle.claim_items(other.pk, limit=1, worker="dead")
        Job.objects.filter(pk=doomed.pk).update(expand_deaths=2)
        Claim.objects.filter(job=doomed).update(expires_at=Now() - timedelta(seconds=2))
        Claim.objects.filter(job=other).update(expires_at=Now() - timedelta(seconds=1))

        def cancelled_first(job_id: str, *, error: str, actor: str) -> Job:
            lifecycle.cancel(job_id, actor="user:x")
            return lifecycle.give_up(job_id, error=error, actor=actor)

        with patch.object(expiry, "give_up", cancelled_first):
            sweep.sweep()

        assert not Claim.objects.exists()

    def stick(self, job: Job) -> None:
        """Leave the job as a crash between counting and ending would have, long ago."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET state = 'processing', finished_at = NULL,"
                " summarised_at = NULL, expanded_at = now() - interval '1 hour',"
                " last_settled_at = now() - interval '1 hour' WHERE id = %s",
                [job.pk],
            )

    def test_it_ends_a_job_whose_items_are_all_settled(self, done: Make) -> None:
        job = done(items=7, ms=0)
        self.stick(job)

        sweep.sweep()

        job.refresh_from_db()
        assert job.state == "completed"

    def test_it_leaves_one_that_was_settled_a_moment_ago(self, done: Make) -> None:
        job = done(items=7, ms=0)
        self.stick(job)
        Job.objects.update(last_settled_at=Now())

        sweep.sweep()

        assert Job.objects.get().state == "processing"

    def test_it_carries_on_a_cancel_whose_caller_died(self, make: Make) -> None:
        job = make(inline=[{}] * 5, ms=0)
        Job.objects.update(cancel_requested_at=Now())

        sweep.sweep()

        job.refresh_from_db()
        assert (job.state, job.cancelled) == ("cancelled", 5)

    def test_it_gives_up_few_late_jobs_at_a_time_and_leaves_their_items_to_workers(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(moves, "CANCEL_BATCH", 2)
        monkeypatch.setattr(Drill, "job_limit", timedelta(seconds=1))
        for _ in range(sweep.GIVEN_UP_AT_ONCE + 1):
            make(inline=[{}] * 5, ms=0)
        Job.objects.update(started_at=Now() - timedelta(hours=1))

        sweep.give_up_late()

        given_up = Job.objects.exclude(error="")
        assert sorted(given_up.values_list("cancelled", flat=True)) == [2] * sweep.GIVEN_UP_AT_ONCE
        sweep.give_up_late()
        while Job.objects.open().exists():
            run_slice()
        assert set(Job.objects.values_list("state", "cancelled")) == {("failed", 5)}

    def test_finalise_may_be_called_any_time(self, make: Make) -> None:
        job = make(items=3, ms=0)

        assert not lifecycle.finalise(job.pk, actor="user:x")
        run_slice()
        assert not lifecycle.finalise(job.pk, actor="user:x")

        assert JobEvent.objects.filter(verb="finish").count() == 1


class TestInvariants:
    def test_they_hold_after_ordinary_work(self, done: Make) -> None:
        checks.install_audit()
        done(items=30, ms=0, failPercent=10)
        lifecycle.retry(Job.objects.get().pk, actor="user:x")
        run_slice()

        assert checks.broken_invariants() == {}

    @pytest.mark.parametrize(
        ("damage", "name"),
        [
            ("UPDATE jobs_job SET succeeded = 2", "counters_equal_the_rows"),
            ("DELETE FROM jobs_runsummary", "one_summary_of_the_last_generation"),
            (
                f"{UNGUARDED}; DELETE FROM jobs_jobevent; {GUARDED}",
                "the_last_generation_ended_exactly_once",
            ),
            (
                "UPDATE jobs_job SET state = 'processing', finished_at = NULL",
                "every_job_has_ended",
            ),
            (
                "UPDATE jobs_jobitem SET state = 'failed' WHERE position = 0",
                "no_result_was_overwritten",
            ),
        ],
    )
    def test_each_kind_of_damage_shows(self, done: Make, damage: str, name: str) -> None:
        checks.install_audit()
        done(items=3, ms=0)

        with connection.cursor() as cursor:
            cursor.execute(damage)

        assert name in checks.broken_invariants()


class TestErrors:
    def test_a_job_that_does_not_exist_is_named(self) -> None:
        with pytest.raises(BatchOpsError, match="nosuchjob"):
            lifecycle.cancel("nosuchjob", actor="user:x")

    def test_items_are_left_alone_by_it(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lease = lifecycle.claim_items(job.pk, limit=1, worker="test")
        assert lease is not None
        lifecycle.settle(lease, [Outcome(lease.items[0].id, "failed", error="no")], ends=True)
        rows = list(JobItem.objects.order_by("pk").values())

        with pytest.raises(MoveRefused):
            lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)

        assert list(JobItem.objects.order_by("pk").values()) == rows
