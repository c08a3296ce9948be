"""Let two sessions meet at the same row, many times, and see exactly one effect each time."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from batchops.errors import BatchOpsError
from batchops.models import User
from jobs import lifecycle, queries, start
from jobs.errors import HolderBody
from jobs.lifecycle import Outcome
from jobs.models import Job, JobEvent, JobItem, StartKey
from jobs.runner import run_slice
from jobs.start import Order
from tests.jobs.at_once import at_once
from tests.jobs.conftest import Make
from tests.jobs.harness import checks

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

# `make chaos` plays more.
ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "20"))


def errors(answers: list[Any]) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, BatchOpsError)]


def end_of(lease: lifecycle.Lease | None) -> Callable[[], Any]:
    assert lease is not None
    outcomes = [Outcome(item.id, "succeeded") for item in lease.items]
    return lambda: lifecycle.settle(lease, outcomes, ends=True)


def finishes(job: Job) -> int:
    return JobEvent.objects.filter(job=job, verb="finish").count()


class TestTwoLastItems:
    def test_the_job_ends_exactly_once(self, make: Make) -> None:
        checks.install_audit()
        for _ in range(ROUNDS):
            job = make(inline=[{}, {}], ms=0)
            leases = [lifecycle.claim_items(job.pk, limit=1, worker=w) for w in "ab"]

            answers = at_once([end_of(lease) for lease in leases])

            assert errors(answers) == []
            assert finishes(job) == 1
        run_slice()
        assert checks.broken_invariants() == {}


class TestCancelAndLastItem:
    def test_one_word_wins_and_nothing_is_left_open(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make(inline=[{}, {}], ms=0)
            lease = lifecycle.claim_items(job.pk, limit=2, worker="a")

            at_once([end_of(lease), partial(lifecycle.cancel, job.pk, actor="user:x")])

            job.refresh_from_db()
            assert (job.state, job.succeeded, finishes(job)) == ("completed", 2, 1)

    def test_a_cancel_meeting_a_claim_leaves_no_item_behind(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make(inline=[{}, {}, {}], ms=0)

            lease, _ = at_once(
                [
                    partial(lifecycle.claim_items, job.pk, limit=2, worker="a"),
                    partial(lifecycle.cancel, job.pk, actor="user:x"),
                ]
            )
            if lease is not None:
                unbegun = [item.id for item in lease.items]
                lifecycle.settle(lease, [], ends=True, unbegun=unbegun)

            job.refresh_from_db()
            assert (job.state, job.cancelled) == ("cancelled", 3)


class TestDoubleRetry:
    def test_one_opens_a_generation_and_the_other_is_refused(self, done: Make) -> None:
        job = done(items=3, ms=0, failPercent=100)
        for generation in range(2, 2 + ROUNDS // 2):
            retry = partial(lifecycle.retry, job.pk, actor="user:x")
            answers = at_once([retry, retry])

            job.refresh_from_db()
            assert errors(answers) == ["move_refused"]
            assert (job.generation, job.failed) == (generation, 0)
            run_slice()


class TestDoubleStart:
    def test_single_flight_lets_one_through_whose_holder_ends_at_that_moment(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held, named = make("alone"), queries.holder_of

        def end_then_look(key: str) -> HolderBody | None:
            lifecycle.cancel(held.pk, actor="user:other")
            return named(key)

        monkeypatch.setattr(queries, "holder_of", end_then_look)

        assert make("alone").is_open

    def test_single_flight_lets_one_through_and_names_it_to_the_other(self, make: Make) -> None:
        new = start.checked(Order(type="alone", params={}), actor="user:x")
        for _ in range(ROUNDS):
            answers = at_once([partial(lifecycle.create, new)] * 2)

            assert errors(answers) == ["already_running"]
            holder = Job.objects.open().get()
            refusal = next(a for a in answers if isinstance(a, BatchOpsError))
            assert refusal.extra["running"]["jobId"] == holder.pk
            lifecycle.cancel(holder.pk, actor="user:x")

    def test_one_idempotency_key_makes_one_job(self, make: Make) -> None:
        user = User.objects.create_user("operator")
        new = start.checked(Order(type="drill", params={"items": 1}), actor="user:x")
        for number in range(ROUNDS):
            key = f"key-{number}"

            answers = at_once(
                [partial(start.once, user, key, {}, partial(lifecycle.create, new))] * 3
            )

            assert len({job.pk for job in answers}) == 1
        assert Job.objects.count() == StartKey.objects.count() == ROUNDS


class TestTwoClaims:
    def test_no_item_is_leased_twice(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make(inline=[{}] * 10, ms=0)
            claim = partial(lifecycle.claim_items, job.pk, limit=6, worker="w")

            leases = at_once([claim, claim])

            taken = [item.id for lease in leases if lease for item in lease.items]
            assert len(taken) == len(set(taken))
            assert not JobItem.objects.filter(job=job, attempts__gt=1).exists()
            lifecycle.cancel(job.pk, actor="user:x")
