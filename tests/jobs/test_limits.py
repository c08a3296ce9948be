"""See that a job takes no more workers and no more time than its type allows."""

from datetime import timedelta
from functools import partial
from unittest.mock import patch

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from batchops.cluster.ticks import registered
from jobs import lifecycle, registry
from jobs.models import Claim, Job
from jobs.runner import ring_if_work, run_slice
from jobs.sweep import sweep
from tests.jobs.at_once import at_once
from tests.jobs.conftest import Make
from tests.jobs.harness.types import Flaky
from tests.jobs.harness.workers import Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


def claim(job: Job, most: int | None = 2) -> lifecycle.Lease | None:
    return lifecycle.claim_items(job.pk, limit=1, worker="w", max_workers=most)


class TestMaxWorkers:
    def test_no_more_hold_items_however_many_ask_at_once(self, make: Make) -> None:
        for _ in range(20):
            job = make(inline=[{}] * 10, ms=0)

            leases = at_once([partial(claim, job)] * 6)

            assert sum(lease is not None for lease in leases) == 2
            assert job.claims.count() == 2
            lifecycle.cancel(job.pk, actor="user:x")

    def test_a_job_that_has_enough_is_not_chosen_and_rings_no_bell(self, make: Make) -> None:
        job = make("few", items=9)
        lease = lifecycle.claim_expansion(job.pk, worker="w")
        assert lease is not None
        lifecycle.add_items(lease, [{"n": n} for n in range(9)], start=0)
        lifecycle.close_expansion(lease)
        held = [claim(job), claim(job)]

        assert lifecycle.choose(registry.caps(), passed=()) is None
        OrmQ.objects.all().delete()
        assert not ring_if_work()
        assert not OrmQ.objects.exists()

        assert held[0] is not None
        lifecycle.settle(held[0], [], ends=True, unbegun=[held[0].items[0].id])
        assert lifecycle.choose(registry.caps(), passed=()) is not None

    @pytest.mark.processes
    def test_real_workers_keep_to_it_and_the_job_ends(self, make: Make) -> None:
        job = make("few", items=40, ms=50)
        most = 0
        with Workers(4) as workers:
            while job.is_open:
                most = max(most, Claim.objects.filter(job=job, kind="items").count())
                workers.heal()
                job.refresh_from_db()

        assert (most, job.succeeded) == (2, 40)


class TestJobLimit:
    def test_a_job_over_it_is_given_up_with_a_reason(self, make: Make) -> None:
        job = make("brief", items=50)
        with Workers(1):
            wait_for(lambda: job.items.filter(state="running").exists(), 10, "the job to begin")
            assert Job.objects.get(pk=job.pk).is_open
            Job.objects.filter(pk=job.pk).update(started_at=Now() - timedelta(seconds=2))
            sweep()
            wait_for(lambda: not is_open(job), 10, "the job to end")

        job.refresh_from_db()
        assert (job.state, job.cancelled, job.succeeded) == ("failed", 50, 0)
        assert "longer than the 0:00:01" in job.error
        assert "retry does the rest" in job.error

    def test_a_retry_has_the_whole_time_again(self, make: Make) -> None:
        job = make("brief", items=1)
        Job.objects.filter(pk=job.pk).update(started_at=Now() - timedelta(seconds=9))
        sweep()
        job.refresh_from_db()
        assert job.state == "failed"

        lifecycle.retry(job.pk, actor="user:x", include_cancelled=True)
        sweep()

        assert is_open(job)

    def test_a_type_without_one_may_take_for_ever(self, make: Make) -> None:
        job = make(items=1)
        Job.objects.filter(pk=job.pk).update(started_at=Now() - timedelta(days=900))

        sweep()

        assert is_open(job)


class TestTheNextAttempt:
    def test_it_is_rung_for_within_seconds_and_only_once(self, make: Make) -> None:
        tried_once(make("flaky", items=3)).items.update(not_before=Now() - timedelta(seconds=1))
        Job.objects.update(waits_until=Now() - timedelta(seconds=1))
        OrmQ.objects.all().delete()
        [tick] = [one for one in registered("jobs") if one.name == "jobs.ring"]

        for _ in range(5):
            tick.run()

        assert tick.every <= timedelta(seconds=2)
        assert OrmQ.objects.count() == 1

    def test_before_it_is_due_nothing_rings(self, make: Make) -> None:
        tried_once(make("flaky", items=3))
        OrmQ.objects.all().delete()

        assert not ring_if_work()
        assert not OrmQ.objects.exists()

    def test_what_is_due_goes_before_what_was_not_tried_yet(self, make: Make) -> None:
        job = make(inline=[{}] * 6, ms=0)
        job.items.filter(position=4).update(not_before=Now() - timedelta(seconds=1))
        job.items.filter(position=1).update(not_before=Now() + timedelta(hours=1))

        lease = lifecycle.claim_items(job.pk, limit=3, worker="w")

        assert lease is not None
        assert [item.position for item in lease.items] == [0, 2, 4]


def tried_once(job: Job) -> Job:
    """Let all items of a flaky job fail once; the next attempt is due in an hour."""
    with patch.object(Flaky, "backoff", return_value=timedelta(hours=1)):
        run_slice()
    return job


def is_open(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).is_open
