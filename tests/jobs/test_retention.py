"""What is old goes, a little at a time and in nobody's way; what a site needs stays."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ, Task

from batchops.cluster import cleaning
from batchops.db import database_now
from batchops.models import User
from jobs import lifecycle, registry, retention
from jobs.lifecycle import Outcome
from jobs.models import Artifact, Job, JobItem, RunSummary, Schedule, ScheduleSlot, StartKey
from jobs.runner import run_slice
from tests.jobs.conftest import Make
from tests.jobs.test_api import post
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db

KEPT = registry.JobType.items_kept
MANY = 30_000
ADD_ITEMS = """
    INSERT INTO jobs_jobitem
           (job_id, position, state, attempts, deaths, suspect, error, finished_at)
    SELECT %s, n, 'succeeded', 1, 0, false, '', now() FROM generate_series(1000, %s) AS n
"""


def age(job: Job, days: float) -> Job:
    """Let a job have ended so many days ago."""
    moved = timezone.now() - timedelta(days=days)
    Job.objects.filter(pk=job.pk).update(finished_at=moved, created_at=moved)
    with unguarded():
        job.events.update(at=moved)
    job.refresh_from_db()
    return job


def fill(job: Job, items: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD_ITEMS, [job.pk, 999 + items])


def clean_up(*, for_s: float = 30) -> bool:
    return retention.clean_up(database_now(), for_s=for_s).all_gone


@pytest.fixture
def old(done: Make) -> Job:
    """Make a job of which items failed, and that ended longer ago than items are kept."""
    return age(done(items=4, ms=0, failPercent=50), KEPT.days + 1)


class TestItems:
    def test_they_go_when_they_are_old_and_the_rest_stays(self, old: Job, done: Make) -> None:
        young = age(done(items=4, ms=0), KEPT.days - 1)

        assert clean_up()

        old.refresh_from_db()
        assert not old.items.exists()
        assert (old.succeeded, old.failed, old.items_purged) == (2, 2, True)
        assert RunSummary.objects.filter(job=old).count() == 1
        assert old.events.filter(verb="remove_items", actor="system:retention").count() == 1
        assert young.items.count() == 4

    def test_each_type_says_how_long(self, done: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        job = age(done(items=2, ms=0), 3)
        monkeypatch.setattr(type(registry.find("drill")), "items_kept", timedelta(days=2))

        clean_up()

        assert not job.items.exists()

    def test_those_of_a_type_that_is_gone_go_as_well(self, old: Job) -> None:
        Job.objects.filter(pk=old.pk).update(type="removed", summarised_at=None)

        clean_up()

        assert not old.items.exists()

    def test_what_is_open_or_not_summarised_is_kept(self, make: Make, old: Job) -> None:
        job = make(inline=[{}, {}], ms=0)
        Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(days=999))
        Job.objects.filter(pk=old.pk).update(summarised_at=None)

        clean_up()

        assert (job.items.count(), old.items.count()) == (2, 4)

    def test_those_that_an_open_follow_up_needs_stay_until_it_has_ended(
        self, client: Client, done: Make
    ) -> None:
        parent = age(done(items=4, ms=0), KEPT.days + 1)
        child = post(client, f"/api/batch-jobs/{parent.pk}/enrich").json()["jobId"]

        clean_up()
        run_slice()

        assert parent.items.count() == 4
        assert JobItem.objects.filter(job=child, state="succeeded").count() == 4
        clean_up()
        assert not parent.items.exists()

    def test_it_stops_anywhere_and_goes_on_another_time(
        self, old: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(old, 20)
        monkeypatch.setattr(lifecycle, "remove_items", partial(lifecycle.remove_items, limit=3))
        turns = 0

        while not clean_up(for_s=0):
            turns += 1
            seen = Job.objects.get(pk=old.pk)
            assert seen.items_removed_at is not None
            assert seen.items.exists() or turns > 8

        assert turns > 8
        assert not old.items.exists()
        assert Job.objects.get(pk=old.pk).items_purged
        assert old.events.filter(verb="remove_items").count() == 1

    @pytest.mark.sql
    def test_workers_never_wait_for_it(self, old: Job, make: Make) -> None:
        fill(old, MANY)
        job = make(inline=[{}] * 100, ms=0)
        settled = 0

        with ThreadPoolExecutor(1) as pool:
            purge = pool.submit(purge_alone)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")  # whoever waits longer fails here
            while (lease := lifecycle.claim_items(job.pk, limit=2, worker="busy")) is not None:
                outcomes = [Outcome(item.id, "succeeded") for item in lease.items]
                lifecycle.settle(lease, outcomes, ends=True)
                settled += not purge.done()
            assert purge.result()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")

        assert settled > 10  # while it was being removed
        assert JobItem.objects.filter(job=old).count() == 0
        assert Job.objects.get(pk=job.pk).state == "completed"


def purge_alone() -> bool:
    """Clean up on a connection of its own."""
    try:
        return clean_up()
    finally:
        connections.close_all()


class TestAJobWithoutItems:
    def test_its_page_says_when_they_went(self, client: Client, old: Job) -> None:
        clean_up()

        page = client.get(f"/admin/jobs/{old.pk}/").content.decode()

        assert "Items were removed on" in page
        assert "Retry failed" not in page

    def test_it_cannot_be_retried_and_a_sentence_says_why(self, client: Client, old: Job) -> None:
        clean_up()

        answer = client.post(f"/api/batch-jobs/{old.pk}/retry")

        assert (answer.status_code, answer.json()["error"]) == (409, "items_removed")
        assert "Start a new job" in answer.json()["message"]
        assert client.post(f"/admin/jobs/{old.pk}/retry/").status_code == 409

    def test_nothing_follows_on_it_any_more(self, client: Client, done: Make) -> None:
        parent = age(done(items=4, ms=0), KEPT.days + 1)
        clean_up()

        answer = post(client, f"/api/batch-jobs/{parent.pk}/enrich")

        assert (answer.status_code, answer.json()["error"]) == (409, "items_removed")
        assert "Start a new job" in answer.json()["message"]
        assert client.get(f"/api/batch-jobs/{parent.pk}").json()["data"]["followUps"] == []
        assert "Enrich All" not in client.get(f"/admin/jobs/{parent.pk}/").content.decode()

    def test_a_follow_up_cut_short_cannot_make_the_rest_of_its_items(
        self, client: Client, done: Make
    ) -> None:
        parent = age(done(items=4, ms=0), KEPT.days + 1)
        child = post(client, f"/api/batch-jobs/{parent.pk}/enrich").json()["jobId"]
        post(client, f"/api/batch-jobs/{child}/cancel")
        clean_up()

        answer = client.post(f"/api/batch-jobs/{child}/retry?include=cancelled")

        assert (answer.status_code, answer.json()["error"]) == (409, "items_removed")
        assert Job.objects.get(pk=child).state == "cancelled"

    def test_a_retry_that_was_first_keeps_them(self, client: Client, old: Job) -> None:
        client.post(f"/api/batch-jobs/{old.pk}/retry")

        clean_up()

        assert Job.objects.get(pk=old.pk).is_open
        assert old.items.count() == 4

    def test_its_row_goes_after_three_years_but_not_before_those_that_follow_it(
        self, old: Job, done: Make
    ) -> None:
        child = age(done(items=1, ms=0), 10)
        Job.objects.filter(pk=child.pk).update(parent=old)
        lonely = age(done(items=1, ms=0), 3 * 365 + 1)
        age(old, 3 * 365 + 1)

        clean_up()

        assert set(Job.objects.values_list("pk", flat=True)) == {old.pk, child.pk}
        assert not RunSummary.objects.filter(job_id=lonely.pk).exists()


class TestZips:
    def test_a_row_stays_until_its_file_is_gone(self, old: Job) -> None:
        age(old, 3 * 365 + 1)
        zipped = Artifact.objects.create(job=old, generation=1, state="expired")

        clean_up()
        assert Job.objects.filter(pk=old.pk).exists()
        lifecycle.forget_files(zipped)
        clean_up()

        assert not Job.objects.filter(pk=old.pk).exists()


@pytest.fixture
def records() -> Iterator[None]:
    yield
    Task.objects.all().delete()


class TestOtherRows:
    def test_a_key_goes_when_it_no_longer_binds(self, client: Client) -> None:
        user = User.objects.get(username="operator")
        for key, hours in (("old", 25), ("young", 23)):
            StartKey.objects.create(
                user=user, key=key, created_at=timezone.now() - timedelta(hours=hours)
            )

        clean_up()

        assert list(StartKey.objects.values_list("key", flat=True)) == ["young"]

    def test_old_due_times_go_but_the_newest(self, client: Client) -> None:
        now = timezone.now()
        schedule = Schedule.objects.create(name="rare", type="drill", cron="0 0 1 1 *")
        for days in (500, 400, 300):
            due_at = now - timedelta(days=days)
            ScheduleSlot.objects.create(
                schedule=schedule, due_at=due_at, decided_at=due_at, outcome="started"
            )

        clean_up()

        assert [(now - slot.due_at).days for slot in schedule.slots.all()] == [300]

    def test_old_failures_of_calls_go(self, client: Client, records: None) -> None:
        for name, days in (("old", 61), ("young", 1)):
            at = timezone.now() - timedelta(days=days)
            Task.objects.create(id=name, name=name, func="f", started=at, stopped=at, success=False)

        clean_up()

        assert list(Task.objects.values_list("pk", flat=True)) == ["young"]


class TestTurns:
    def test_a_slice_rings_for_the_next_while_something_is_left(
        self, old: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cleaning, "SLICE_S", 0.0)
        waiting = []

        for _ in range(10):
            OrmQ.objects.all().delete()
            retention.remove_old()
            waiting.append(OrmQ.objects.filter(key="watch").count())

        assert waiting[0] == 1
        assert waiting[-1] == 0
        assert not old.items.exists()
