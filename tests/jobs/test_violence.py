"""Stop and kill real clusters: nothing is lost, and only what really killed a worker is blamed."""

from datetime import timedelta

import pytest
from django.db.models import F

from jobs.models import Job
from tests.jobs.conftest import Make
from tests.jobs.harness import checks
from tests.jobs.harness.workers import FAST, Cluster
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db, pytest.mark.sql]

# Leases so long that only a cluster that hands back what its workers held can be in time.
PATIENT = {"HEARTBEAT_INTERVAL_S": "0.5", "JOBS_LEASE_S": "60", "JOBS_SWEEP_INTERVAL_S": "1"}

# A slice and a lease so long that neither can be what ends the work.
UNHURRIED = {"JOBS_LEASE_S": "60", "JOBS_SLICE_S": "15"}


def healed_and_ended(cluster: Cluster, job: Job) -> bool:
    cluster.heal()
    job.refresh_from_db()
    return not job.is_open and job.summarised_at is not None


class TestAKilledWorker:
    def test_its_neighbours_items_are_not_blamed(self, make: Make) -> None:
        checks.install_audit()
        job = make("poison", items=8, at=0, ms=300)
        with Cluster({**PATIENT, "JOBS_WORKERS": "4"}) as cluster:
            wait_for(lambda: healed_and_ended(cluster, job), 90, "the poisoned job to end")

        assert (job.succeeded, job.failed) == (7, 1)
        assert "died 3 times" in job.items.get(position=0).error
        assert set(job.items.exclude(position=0).values_list("deaths", flat=True)) == {0}
        assert checks.broken_invariants() == {}


class TestAStop:
    def test_it_takes_moments_loses_nothing_and_gives_back_what_is_not_begun(
        self, make: Make
    ) -> None:
        checks.install_audit()
        job = make(items=30_000, ms=1)
        with Cluster(UNHURRIED) as cluster:
            wait_for(lambda: job.items.filter(state="succeeded").exists(), 10, "a first item")
            wait_for(lambda: job.claims.filter(kind="items").count() > 2, 10, "three at work")

            exit_code = cluster.stop()

            # A stop that waited for the slice would find no item left: it lasts longer than they.
            assert exit_code == 0
            assert not job.claims.exists()
            assert not job.items.filter(state="running").exists()
            job.refresh_from_db()
            assert 0 < job.items.filter(state="succeeded").count() == job.succeeded < 30_000
            assert not job.items.filter(state="pending", attempts__gt=0).exists()
            broken = checks.broken_invariants()
            assert set(broken) == {"every_job_has_ended"}


class TestTheEndOfTheGrace:
    def test_it_gives_back_what_it_cuts_off_at_once_and_blames_nothing(self, make: Make) -> None:
        job = make(inline=[{"ms": 30_000}])
        # When a claim is made the clock is read for each column, which may lie a tick apart.
        renewed = job.claims.filter(heartbeat_at__gt=F("created_at") + timedelta(seconds=0.1))
        hasty = {**FAST, "CLUSTER_STOP_GRACE_S": "1", "JOBS_SLICE_S": "0.5"}
        with Cluster(hasty) as cluster:
            wait_for(renewed.exists, 10, "the item to be worked on for a while")

            exit_code = cluster.stop()

        item = job.items.get()
        assert exit_code == 71
        assert (item.state, item.suspect, item.deaths, item.attempts) == ("pending", False, 0, 0)
        assert not job.claims.exists()
