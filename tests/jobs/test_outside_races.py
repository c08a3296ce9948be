"""Let programs outside meet cancels, expiries and each other at the same items, many times."""

import os
from functools import partial

import pytest
from django.db.models.functions import Now

from jobs import lifecycle, outside
from jobs.lifecycle import Lease, Outcome
from jobs.models import Claim, Job, JobEvent, JobItem
from tests.jobs.at_once import at_once
from tests.jobs.conftest import Make
from tests.jobs.harness import checks
from tests.jobs.test_races import errors, finishes

pytestmark = [pytest.mark.sql, pytest.mark.django_db]

# `make chaos` plays more.
ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "20"))
WORKER = "outside:user:x"


def taken(job: Job, limit: int = 10) -> Lease:
    lease = lifecycle.take(job.pk, limit=limit, worker=WORKER)
    assert lease is not None
    return lease


def done(lease: Lease) -> list[Outcome]:
    return [Outcome(item.id, "succeeded") for item in lease.items]


def report(lease: Lease, outcomes: list[Outcome]) -> partial[lifecycle.Reported]:
    return partial(
        lifecycle.report, lease.job.pk, lease.token, outcomes, gives_back=False, actor="user:x"
    )


class TestClaimAndCancel:
    def test_nothing_is_left_behind(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make("external", inline=[{}, {}, {}])

            lease, _ = at_once(
                [
                    partial(lifecycle.take, job.pk, limit=2, worker=WORKER),
                    partial(lifecycle.cancel, job.pk, actor="user:x"),
                ]
            )
            if lease is not None:
                report(lease, done(lease))()

            job.refresh_from_db()
            assert (job.state, job.succeeded + job.cancelled) == ("cancelled", 3)
            assert finishes(job) == 1


class TestLastResultAndCancel:
    def test_the_job_ends_once_with_the_result_counted(self, make: Make) -> None:
        checks.install_audit()
        for _ in range(ROUNDS):
            job = make("external", inline=[{}, {}])
            lease = taken(job)

            at_once([report(lease, done(lease)), partial(lifecycle.cancel, job.pk, actor="user:x")])

            job.refresh_from_db()
            assert (job.state, job.succeeded, finishes(job)) == ("completed", 2, 1)
            assert not Claim.objects.exists()


class TestTwoReports:
    def test_an_item_reported_twice_at_once_counts_once(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make("external", inline=[{}, {}, {}])
            lease = taken(job)
            first, second, third = done(lease)

            answers = at_once([report(lease, [first, second]), report(lease, [second, third])])

            job.refresh_from_db()
            assert errors(answers) == []
            assert sum(answer.accepted for answer in answers) == 3
            assert (job.state, job.succeeded, finishes(job)) == ("completed", 3, 1)


class TestReportAndExpiry:
    def test_either_the_result_counts_or_the_item_is_given_to_others(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make("external", inline=[{}])
            lease = taken(job)
            Claim.objects.update(expires_at=Now())

            answer, _ = at_once([report(lease, done(lease)), lifecycle.expire_claims])

            item = JobItem.objects.get(job=job)
            if errors([answer]):
                assert (item.state, item.suspect) == ("pending", True)
                assert JobEvent.objects.filter(job=job, verb="refuse").exists()
                lifecycle.cancel(job.pk, actor="user:x")
            else:
                assert (item.state, finishes(job)) == ("succeeded", 1)


class TestTwoCallers:
    def test_of_one_item_s_two_callers_one_does_it(self, make: Make) -> None:
        for _ in range(ROUNDS):
            job = make("external", inline=[{}])
            word = partial(outside.do_next, job, result=None, error="", actor="user:x")

            answers = at_once([word, word])

            assert sorted(answer is not None for answer in answers) == [False, True]
            job.refresh_from_db()
            assert (job.state, job.succeeded, finishes(job)) == ("completed", 1, 1)


class TestPressAndRetry:
    def test_nothing_follows_on_a_job_that_was_opened_again(self, make: Make) -> None:
        from django.utils import timezone

        from batchops.models import Heartbeat
        from jobs.follow_ups import start_follow_up
        from jobs.runner import run_slice

        now = timezone.now()
        Heartbeat.objects.create(
            part="jobs", host="test", pid=1, started_at=now, beat_at=now, workers=4
        )
        job = make(inline=[{}, {"fails": True}], ms=0)
        run_slice()
        for _ in range(ROUNDS // 3):
            job.refresh_from_db()
            events = JobEvent.objects.order_by("pk").filter(job=job)
            seen = events.count()

            at_once(
                [
                    partial(start_follow_up, job, "enrich", actor="user:x"),
                    partial(lifecycle.retry, job.pk, actor="user:x"),
                ]
            )

            verbs = [e.verb for e in events[seen:] if e.verb in ("follow_up", "retry")]
            assert verbs in (["retry"], ["follow_up", "retry"])
            run_slice()
