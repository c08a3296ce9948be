"""See the engine do jobs whole: every item once, counters that equal the rows, one end."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now

from jobs import lifecycle, runner
from jobs.errors import LostClaim
from jobs.lifecycle import Outcome
from jobs.models import Claim, Job
from jobs.runner import run_slice
from jobs.types.drill import Drill
from tests.jobs.conftest import Make

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


def states_of(job: Job) -> list[str]:
    return list(job.items.order_by("position").values_list("state", flat=True))


def claimed(job: Job, limit: int = 500) -> lifecycle.Lease:
    lease = lifecycle.claim_items(job.pk, limit=limit, worker="test")
    assert lease is not None
    return lease


def succeeded(lease: lifecycle.Lease) -> list[Outcome]:
    return [Outcome(item.id, "succeeded") for item in lease.items]


def run_out(lease: lifecycle.Lease) -> None:
    Claim.objects.filter(pk=lease.claim_id).update(expires_at=Now() - timedelta(seconds=1))
    lifecycle.expire_claims()


class TestWork:
    def test_it_does_every_item_and_completes(self, done: Make) -> None:
        job = done(items=120, ms=0)

        assert (job.state, job.items_total, job.succeeded) == ("completed", 120, 120)
        assert set(states_of(job)) == {"succeeded"}

    def test_a_job_without_items_completes(self, done: Make) -> None:
        assert done(items=0).state == "completed"

    def test_a_job_with_an_empty_list_completes_at_once(self, make: Make) -> None:
        assert make(inline=[]).state == "completed"

    def test_a_share_that_fails_shows_in_state_and_error(self, done: Make) -> None:
        job = done(items=100, ms=0, failPercent=25)

        assert (job.state, job.failed, job.succeeded) == ("completed_with_errors", 25, 75)
        errors = set(job.items.filter(state="failed").values_list("error", flat=True))
        assert all("as the drill asked" in error for error in errors)

    def test_all_items_failing_fails_the_job(self, done: Make) -> None:
        assert done(items=3, ms=0, failPercent=100).state == "failed"

    def test_a_type_that_cannot_list_its_items_fails_the_job_with_its_reason(
        self, done: Make
    ) -> None:
        job = done("broken")

        assert job.state == "failed"
        assert "the list has no end" in job.error

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            ("SELECT no_such_column", "no_such_column"),
            ("SELECT 1 / 0", "division by zero"),
            ("INSERT INTO jobs_jobday (date) VALUES ('2026-01-01')", "null value"),
        ],
    )
    def test_a_wrong_query_of_its_type_fails_the_job_with_its_reason(
        self, done: Make, made: str, said: str
    ) -> None:
        def ask(self: Drill, job: Job, start: int) -> Iterator[None]:
            with connection.cursor() as cursor:
                cursor.execute(made)
            yield None

        with patch.object(Drill, "items", ask):
            job = done(items=1)

        assert (job.state, job.expand_deaths) == ("failed", 0)
        assert said in job.error

    def test_an_item_that_cannot_be_stored_fails_the_job_with_its_reason(self, done: Make) -> None:
        with patch.object(Drill, "items", return_value=iter([{"label": "a\x00b"}])):
            job = done(items=1)

        assert job.state == "failed"
        assert "DataError" in job.error

    def test_a_reason_with_a_nul_is_kept_without_it(self, done: Make) -> None:
        with patch.object(Drill, "items", side_effect=ValueError("row a\x00b")):
            job = done(items=1)

        assert job.state == "failed"
        assert "ValueError: row ab" in job.error

    def test_an_item_is_tried_again_by_itself(self, done: Make) -> None:
        done("flaky", items=5)
        while Job.objects.open().exists():
            run_slice()

        job = Job.objects.get()
        assert (job.state, job.succeeded) == ("completed", 5)
        assert list(job.items.values_list("attempts", flat=True)) == [2] * 5

    def test_results_that_cannot_be_stored_fail_only_their_item(self, done: Make) -> None:
        job = done("odd", items=4)

        assert job.failed == 4
        errors = job.items.values_list("error", flat=True)
        assert all("cannot be stored" in error for error in errors)

    def test_a_type_may_do_its_items_at_once(self, done: Make) -> None:
        job = done("together", items=10)

        assert (job.succeeded, job.failed) == (5, 5)
        assert job.items.get(position=4).result == {"n": 4}

    def test_a_retry_after_a_cancel_finds_the_making_of_items_free(self, make: Make) -> None:
        job = make(items=12_000, ms=0)
        batches = runner._batches

        def cancelled_after_one(items: Iterator[Any]) -> Iterator[list[Any]]:
            for number, batch in enumerate(batches(items)):
                if number == 1:
                    lifecycle.cancel(job.pk, actor="user:x")
                yield batch

        with patch.object(runner, "_batches", cancelled_after_one):
            run_slice()
        assert not Claim.objects.filter(kind="expand").exists()
        lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)
        run_slice()

        job.refresh_from_db()
        assert (job.state, job.succeeded) == ("completed", 12_000)

    def test_a_type_that_fails_while_its_job_is_cancelled_ends_no_slice(self, make: Make) -> None:
        job, other = make(items=1, ms=0), make(items=1, ms=0)

        def cancelled_then_broken(self: Drill, job: Job, start: int) -> Iterator[None]:
            if job.pk == other.pk:
                yield None
            lifecycle.cancel(job.pk, actor="user:x")
            raise ValueError("boom")

        with patch.object(Drill, "items", cancelled_then_broken):
            run_slice()

        job.refresh_from_db()
        other.refresh_from_db()
        assert (job.state, other.state) == ("cancelled", "cancelled")

    @pytest.mark.parametrize("wait", [KeyError("x"), timedelta(days=10**8), "soon", -1])
    def test_a_type_that_cannot_say_when_to_try_again_fails_its_items(
        self, make: Make, wait: Any
    ) -> None:
        job = make(inline=[{"fails": True}, {}], ms=0)

        with patch.multiple(Drill, max_attempts=3, backoff=Mock(side_effect=[wait])):
            run_slice()

        job.refresh_from_db()
        assert (job.state, job.failed, job.succeeded) == ("completed_with_errors", 1, 1)
        assert "when to try again" in job.items.get(state="failed").error

    def test_the_making_of_items_goes_on_where_it_stopped(self, make: Make) -> None:
        job = make("flaky", items=12_000)
        first = lifecycle.claim_expansion(job.pk, worker="one")
        assert first is not None
        lifecycle.add_items(first, [{"n": n} for n in range(7_000)], start=0)
        run_out(first)

        while Job.objects.open().exists():
            run_slice()

        job.refresh_from_db()
        assert job.items_total == job.succeeded == 12_000
        assert job.items.filter(params__n=11_999, position=11_999).exists()

    def test_higher_priority_is_served_first_then_who_was_served_least(self, make: Make) -> None:
        one, two, urgent = (make(inline=[{}, {}], ms=0) for _ in range(3))
        Job.objects.filter(pk=urgent.pk).update(priority=5)

        served = []
        for _ in range(6):
            chosen = lifecycle.choose({"drill": None}, passed=())
            assert chosen is not None
            lease = lifecycle.claim_items(chosen.job_id, limit=1, worker="test")
            assert lease is not None
            lifecycle.settle(lease, succeeded(lease), ends=True)
            served.append(chosen.job_id)

        assert served[:4] == [urgent.pk, urgent.pk, one.pk, two.pk]
        assert set(served[4:]) == {one.pk, two.pk}


class TestSettle:
    def test_the_last_item_ends_the_job_in_the_same_transaction(self, make: Make) -> None:
        lease = claimed(make(inline=[{}, {}], ms=0))

        with transaction.atomic():
            lifecycle.settle(lease, succeeded(lease), ends=True)
            state = Job.objects.get().state
            transaction.set_rollback(True)

        assert state == "completed"
        assert Job.objects.get().state == "processing"

    def test_it_refuses_a_lost_lease_and_records_that(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lease = claimed(job)
        run_out(lease)

        with pytest.raises(LostClaim):
            lifecycle.settle(lease, succeeded(lease), ends=True)

        assert states_of(job) == ["pending", "pending"]
        assert job.events.filter(verb="refuse").count() == 1

    def test_a_report_that_comes_twice_counts_once(self, make: Make) -> None:
        lease = claimed(make(inline=[{}, {}, {}], ms=0))
        first = succeeded(lease)[:1]

        lifecycle.settle(lease, first, ends=False)
        lifecycle.settle(lease, first, ends=False)

        assert Job.objects.get().succeeded == 1

    def test_an_end_whose_answer_was_lost_is_no_late_report(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        settle = lifecycle.settle
        answers: list[Any] = [OperationalError("the connection is gone")]

        def lose_the_first_answer(*args: Any, **kwargs: Any) -> Any:
            settled = settle(*args, **kwargs)
            if answers:
                raise answers.pop()
            return settled

        with patch.object(lifecycle, "settle", lose_the_first_answer):
            run_slice()

        job.refresh_from_db()
        assert (job.state, job.succeeded) == ("completed", 2)
        assert not job.events.filter(verb="refuse").exists()

    def test_unbegun_items_are_given_back_as_if_never_taken(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lease = claimed(job)

        lifecycle.settle(lease, succeeded(lease)[:1], ends=True, unbegun=[lease.items[1].id])

        assert states_of(job) == ["succeeded", "pending"]
        assert job.items.get(position=1).attempts == 0

    def test_only_a_settled_item_is_progress(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lease = claimed(job, 1)
        later = Outcome(lease.items[0].id, "pending", error="down", retry_after=timedelta(hours=1))
        lifecycle.settle(lease, [later], ends=True)
        lease = claimed(job, 1)
        lifecycle.settle(lease, [], ends=True, unbegun=[lease.items[0].id])
        job.refresh_from_db()
        assert (job.last_settled_at, job.recent_rate) == (None, 0)

        lease = claimed(job, 1)
        lifecycle.settle(lease, succeeded(lease), ends=True)
        job.refresh_from_db()
        before = job.last_settled_at, job.recent_rate
        job.items.update(not_before=None)
        lease = claimed(job, 1)
        lifecycle.settle(lease, [], ends=True, unbegun=[lease.items[0].id])

        job.refresh_from_db()
        assert job.last_settled_at is not None
        assert (job.last_settled_at, job.recent_rate) == before

    def test_the_database_refuses_an_end_without_its_time(self, make: Make) -> None:
        job = make(inline=[{}], ms=0)

        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET state = 'completed' WHERE id = %s", [job.pk])


class TestExpiry:
    def test_items_of_a_dead_worker_are_done_alone_afterwards(self, make: Make) -> None:
        job = make(inline=[{}, {}, {}], ms=0)
        run_out(claimed(job))

        leases = [claimed(job) for _ in range(3)]
        assert [len(lease.items) for lease in leases] == [1, 1, 1]
        assert {lease.items[0].attempt for lease in leases} == {1}

    def test_a_first_death_only_makes_suspect_even_alone(self, make: Make) -> None:
        job = make(inline=[{}], ms=0)
        run_out(claimed(job))

        item = job.items.get()
        assert (item.state, item.suspect, item.deaths) == ("pending", True, 0)

    def test_only_a_death_while_alone_counts(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        run_out(claimed(job))
        run_out(claimed(job))

        assert list(job.items.order_by("position").values_list("deaths", flat=True)) == [1, 0]

    def test_an_item_that_killed_three_workers_alone_fails_with_a_reason(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lifecycle.settle(other := claimed(job, 1), succeeded(other), ends=True)
        for _ in range(1 + 3):
            run_out(claimed(job))

        job.refresh_from_db()
        assert job.failed == 1
        assert "died 3 times" in job.items.get(position=1).error

    def test_a_cancel_wished_meanwhile_takes_what_comes_back(self, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lease = claimed(job)
        lifecycle.cancel(job.pk, actor="user:x")

        run_out(lease)

        job.refresh_from_db()
        assert (job.state, job.cancelled) == ("cancelled", 2)

    def test_a_type_that_kills_workers_while_listing_is_given_up(self, make: Make) -> None:
        job = make(items=10)
        for _ in range(3):
            lease = lifecycle.claim_expansion(job.pk, worker="test")
            assert lease is not None
            run_out(lease)

        job.refresh_from_db()
        assert job.state == "failed"
        assert "making the items" in job.error

    def test_deaths_between_which_items_were_made_do_not_add_up(self, make: Make) -> None:
        job = make(items=10)
        for made in range(3):
            lease = lifecycle.claim_expansion(job.pk, worker="test")
            assert lease is not None
            lifecycle.add_items(lease, [None], start=made)
            run_out(lease)

        job.refresh_from_db()
        assert (job.is_open, job.expand_deaths, job.next_position) == (True, 1, 3)


class TestALostCluster:
    def worked_on(self, job: Job, worker: str) -> lifecycle.Lease:
        lease = lifecycle.claim_items(job.pk, limit=1, worker=worker)
        assert lease is not None
        return lease

    def test_only_who_was_killed_first_leaves_suspects(self, make: Make) -> None:
        job = make(inline=[{}, {}, {}], ms=0)
        for worker in ("here/7/8", "here/7/9", "here/70/8"):
            self.worked_on(job, worker)

        assert lifecycle.end_claims_of("here/7/", culprits=["here/7/9"]) == 2

        rows = list(job.items.order_by("position").values_list("state", "suspect", "attempts"))
        assert rows == [("pending", False, 0), ("pending", True, 1), ("running", False, 1)]

    def test_a_cancel_wished_meanwhile_takes_what_comes_back(self, make: Make) -> None:
        job = make(inline=[{}], ms=0)
        self.worked_on(job, "here/7/8")
        lifecycle.cancel(job.pk, actor="user:x")

        lifecycle.end_claims_of("here/7/", culprits=[])

        job.refresh_from_db()
        assert (job.state, job.cancelled) == ("cancelled", 1)

    def test_a_step_is_free_again_and_counts_no_death(self, make: Make) -> None:
        job = make(items=10)
        lifecycle.claim_expansion(job.pk, worker="here/7/8")

        lifecycle.end_claims_of("here/7/", culprits=[])

        assert lifecycle.claim_expansion(job.pk, worker="here/8/9") is not None
        assert Job.objects.get().expand_deaths == 0
