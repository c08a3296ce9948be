"""Ends of jobs and judgements of what is open, at the same moment: alerts end up true."""

from functools import partial

import pytest

from batchops.models import Heartbeat
from jobs import judge, lifecycle
from jobs.models import Job, JobItem
from tests.jobs.at_once import at_once
from tests.jobs.conftest import Make
from tests.jobs.test_alerts_of_jobs import active, age, fail, workers
from tests.jobs.test_engine import claimed, succeeded
from tests.jobs.test_races import errors
from tests.unguarded import unguarded

__all__ = ["workers"]
pytestmark = [pytest.mark.sql, pytest.mark.django_db]


class TestAtTheSameMoment:
    """Ends of jobs, and judgements of what is open, on connections of their own."""

    ROUNDS = 12

    def test_two_ends_and_a_judgement_leave_exactly_what_is_true(self, make: Make) -> None:
        jobs = [fail(make(inline=[{}], ms=0)) for _ in "ab"]
        gone = fail(make(inline=[{}], ms=0))
        with unguarded():
            Job.objects.filter(pk=gone.pk).delete()
        for number in range(self.ROUNDS):
            for job in jobs:
                lifecycle.retry(job.pk, actor="user:x")
            leases = [claimed(job) for job in jobs]
            ends = [
                partial(
                    lifecycle.settle,
                    lease,
                    [lifecycle.Outcome(lease.items[0].id, state)],
                    ends=True,
                )
                for lease, state in zip(leases, ("failed", "succeeded"), strict=True)
            ]

            answers = at_once([*ends, judge.judge])

            assert errors(answers) == []
            [alert] = active("JOB_FAILED")
            assert (alert.key, alert.occurrence) == (f"job:{jobs[0].pk}", str(number + 2))
            fail_again(jobs[1])

    def test_two_judgements_open_once(self, make: Make, workers: Heartbeat) -> None:
        for _ in range(self.ROUNDS):
            lease = claimed(make(inline=[{}], ms=0))
            age(lease.job)

            answers = at_once([judge.judge, judge.judge])

            assert errors(answers) == []
            assert len(active("JOB_STUCK")) == 1
            lifecycle.settle(lease, succeeded(lease), ends=True)
            assert not active("JOB_STUCK")

    def test_an_end_beside_a_judgement_leaves_no_alert_that_stands_still(
        self, make: Make, workers: Heartbeat
    ) -> None:
        for _ in range(self.ROUNDS):
            lease = claimed(make(inline=[{}], ms=0))
            age(lease.job)

            at_once([partial(lifecycle.settle, lease, succeeded(lease), ends=True), judge.judge])
            judge.judge()

            assert not active("JOB_STUCK")


def fail_again(job: Job) -> None:
    """Bring a completed job back to where one of its items failed."""
    JobItem.objects.filter(job=job).update(state="failed")
    Job.objects.filter(pk=job.pk).update(state="failed", succeeded=0, failed=1)
