"""Do to real worker processes what nights do, and see every job whole afterwards."""

import random
from collections.abc import Iterator

import pytest

from jobs import lifecycle
from jobs.models import Job, JobItem, RunSummary
from tests.jobs.conftest import Make
from tests.jobs.harness import checks
from tests.jobs.harness.plan import Step, make_plan, run_plan, shrink
from tests.jobs.harness.workers import Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db, pytest.mark.sql]


@pytest.fixture(scope="module")
def two_workers(django_db_setup: None) -> Iterator[Workers]:
    with Workers(2) as running:
        yield running


@pytest.fixture
def workers(_django_db_helper: None, two_workers: Workers) -> Workers:
    two_workers.heal()
    return two_workers


def ended(job: Job, workers: Workers) -> bool:
    workers.heal()
    job.refresh_from_db()
    return not job.is_open and job.summarised_at is not None


def cancel_while_running(job: Job) -> None:
    """Cancel a job of one item, and wait until the worker that is at the item knows."""
    wait_for(lambda: job.items.filter(state="running").exists(), 10, "the item to begin")
    lifecycle.cancel(job.pk, actor="user:x")
    wait_for(lambda: job.claims.filter(cancel_seen=True).exists(), 2, "the worker to see it")


class TestWorkers:
    def test_an_item_that_kills_fails_after_three_lives_and_only_it(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("poison", items=10, at=4)

        wait_for(lambda: ended(job, workers), 40, "the poisoned job to end")

        assert (job.state, job.succeeded, job.failed) == ("completed_with_errors", 9, 1)
        assert "died 3 times" in job.items.get(position=4).error

    def test_an_item_over_its_limit_fails_and_the_others_go_on(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("overdue", items=5, at=2)

        wait_for(lambda: ended(job, workers), 30, "the overdue job to end")

        assert (job.succeeded, job.failed) == (4, 1)
        assert "longer than the 0.5 s" in job.items.get(position=2).error

    def test_of_items_done_at_once_only_the_one_over_the_limit_fails(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("overdue_together", items=4, at=2)

        wait_for(lambda: ended(job, workers), 30, "the overdue job to end")

        assert (job.succeeded, job.failed) == (3, 1)
        assert "longer than the 0.5 s" in job.items.get(position=2).error

    def test_a_type_that_never_lists_its_items_is_given_up(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("endless")

        wait_for(lambda: ended(job, workers), 15, "the endless job to end")

        assert job.state == "failed"
        assert "longer than the 0.5 s" in job.error

    def test_a_summary_over_its_limit_is_made_again(self, make: Make, workers: Workers) -> None:
        job = make("unsummed", items=1)

        wait_for(lambda: ended(job, workers), 15, "the summary")

        assert RunSummary.objects.count() == 1

    def test_a_cancelled_job_gets_its_summary_once_though_that_outlasts_the_lease(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("slow_sum", items=1, ms=3_000)  # the lease is 1.5 s
        lifecycle.cancel(job.pk, actor="user:x")

        wait_for(lambda: ended(job, workers), 15, "the summary")

        assert job.state == "cancelled"
        assert job.events.filter(verb="summary").count() == 1
        assert RunSummary.objects.count() == 1

    def test_a_cancel_stops_a_running_job_within_seconds(
        self, make: Make, workers: Workers
    ) -> None:
        checks.install_audit()
        job = make(items=2_000, ms=5)
        wait_for(lambda: JobItem.objects.filter(state="succeeded").exists(), 10, "a first item")
        lifecycle.cancel(job.pk, actor="user:x")

        wait_for(lambda: ended(job, workers), 5, "the cancelled job to end")

        assert job.state == "cancelled"
        assert checks.broken_invariants() == {}

    def test_an_item_begun_before_a_cancel_is_done_in_peace_though_it_outlasts_the_lease(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("deaf", items=1, ms=3_000)  # the lease is 1.5 s
        cancel_while_running(job)

        wait_for(lambda: ended(job, workers), 15, "the item to end")

        assert (job.state, job.succeeded) == ("completed", 1)
        assert not job.events.filter(verb__in=["expire", "refuse"]).exists()

    def test_an_item_over_its_limit_fails_though_a_cancel_was_seen_before(
        self, make: Make, workers: Workers
    ) -> None:
        job = make("hanging", items=1)
        cancel_while_running(job)

        wait_for(lambda: ended(job, workers), 15, "the hanging item to end")

        assert (job.state, job.failed) == ("failed", 1)
        assert "longer than the 2 s" in job.items.get().error

    def test_a_summary_comes_though_its_worker_died_after_the_last_commit(
        self, make: Make, workers: Workers
    ) -> None:
        job = make(items=3, ms=0)
        wait_for(lambda: ended(job, workers), 10, "the job to end")
        workers.kill(random.Random(1))
        RunSummary.objects.all().delete()
        Job.objects.update(summarised_at=None)

        wait_for(lambda: ended(job, workers), 20, "the summary, with nobody asking")

        assert RunSummary.objects.count() == 1


class TestHarness:
    def test_a_seeded_plan_breaks_nothing(self, workers: Workers) -> None:
        report = run_plan(make_plan(20261148, steps=32), workers)

        assert report.broken == {}
        assert report.jobs > 3
        assert Job.objects.filter(type="poison").exists()
        assert JobItem.objects.filter(params__ms=2_000).exists()

    def test_a_plan_is_the_same_for_the_same_seed(self) -> None:
        assert make_plan(5, steps=20) == make_plan(5, steps=20)

    def test_a_plan_that_breaks_is_shrunk_to_what_breaks_it(self) -> None:
        plan = make_plan(5, steps=40)
        guilty = [Step("kill", 1), Step("retry", 2)]
        plan[7:7], plan[30:30] = guilty[:1], guilty[1:]

        shrunk = shrink(plan, lambda steps: all(step in steps for step in guilty))

        assert shrunk == guilty
