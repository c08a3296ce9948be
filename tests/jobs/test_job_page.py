"""Read on a job's page how far it is, what happened to it and what can be done with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from batchops.templatetags.batchops import about
from jobs import lifecycle, queries
from jobs.models import Job, RunSummary
from jobs.runner import run_slice
from jobs.topics import job_facts
from tests.jobs.conftest import Make

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


def worked(
    total: int, done: int, *, elapsed_s: float, recent_rate: float, quiet_s: float = 0
) -> Job:
    """Return a job at work, as queries.jobs() would read it, without storing it."""
    now = timezone.now()
    job = Job(
        state="processing",
        items_total=total,
        succeeded=done,
        recent_rate=recent_rate,
        started_at=now - timedelta(seconds=elapsed_s),
        last_settled_at=now - timedelta(seconds=quiet_s),
    )
    job.read_at = now
    return job


class TestTimeLeft:
    def test_is_a_rounded_range_from_the_whole_and_the_recent_rate(self) -> None:
        job = worked(10_000, 4_000, elapsed_s=400, recent_rate=20)

        assert queries.eta_s(job) == 600
        assert queries.eta_range_s(job) == (270, 600)

    def test_of_a_steady_job_is_narrow(self) -> None:
        low, high = queries.eta_range_s(worked(10_000, 4_000, elapsed_s=400, recent_rate=10)) or (
            0,
            0,
        )

        assert 570 <= low <= 600 <= high <= 660

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"elapsed_s": 14}, "too early"),
            ({"done": 4}, "too few items"),
            ({"done": 1000}, "nothing is left"),
            ({"elapsed_s": 400, "quiet_s": 300}, "nothing moves"),
        ],
    )
    def test_is_hidden_without_evidence(self, changes: dict[str, Any], why: str) -> None:
        given = {"done": 500, "elapsed_s": 100, "recent_rate": 5, **changes}
        done = given.pop("done")

        assert queries.eta_range_s(worked(1000, done, **given)) is None, why

    @pytest.mark.parametrize("state", ["pending", "completed", "cancelled"])
    def test_is_hidden_of_a_job_that_does_not_run(self, state: str) -> None:
        job = worked(1000, 500, elapsed_s=100, recent_rate=5)
        job.state = state

        assert queries.no_progress_since(job) is None
        assert queries.eta_range_s(job) is None or state == "pending"

    def test_gives_way_to_no_progress(self) -> None:
        job = worked(1000, 500, elapsed_s=1000, recent_rate=5, quiet_s=250)

        assert queries.no_progress_since(job) == job.last_settled_at

    def test_takes_slow_items_for_no_standstill(self) -> None:
        job = worked(100, 10, elapsed_s=3000, recent_rate=0.003, quiet_s=1000)

        assert queries.no_progress_since(job) is None

    @pytest.mark.parametrize(
        ("low", "high", "words"),
        [
            (20, 45, "about 20\N{EN DASH}45 s"),
            (300, 420, "about 5\N{EN DASH}7 min"),
            (60, 95, "about 1\N{EN DASH}2 min"),
            (7200, 9000, "about 2\N{EN DASH}3 h"),
            (300, 300, "about 5 min"),
        ],
    )
    def test_is_said_in_few_words(self, low: int, high: int, words: str) -> None:
        assert about(low, high) == words

    def test_follows_from_what_workers_settle(self, done: Make) -> None:
        job = done(items=30, ms=0)

        assert job.recent_rate == pytest.approx(0.5, rel=0.1)
        lifecycle.retry(done(items=4, ms=0, failPercent=50).pk, actor="user:x")
        assert Job.objects.get(generation=2).recent_rate == 0


class TestFacts:
    def test_say_codes_and_numbers(self, make: Make) -> None:
        job = make(inline=[{}, {}])

        facts = job_facts(queries.find_job(job.pk))

        assert {name: facts[name] for name in ("etaLowSeconds", "noProgressSince")} == {
            "etaLowSeconds": None,
            "noProgressSince": None,
        }
        assert (facts["successPercent"], facts["summarised"]) == (0, False)

    def test_never_show_more_success_than_progress(self, done: Make) -> None:
        facts = job_facts(queries.find_job(done(items=7, ms=0, failPercent=50).pk))

        assert facts["successPercent"] < facts["progressPercent"] == 100


class TestPage:
    def test_tells_what_happened_in_sentences(self, client: Client, make: Make) -> None:
        job = make(inline=[{}, {}])
        lifecycle.cancel(job.pk, actor="user:operator")

        page = text_of(client, f"/admin/jobs/{job.pk}/")

        assert "Cancel asked for by you" in page
        assert "Created by tester" in page
        assert "Ended: Cancelled" in page
        assert "Cancelled by you. What was done stays done." in page

    def test_shows_the_summary_of_each_generation(self, client: Client, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50)
        RunSummary.objects.create(
            job=job, generation=7, state="failed", items_total=4, succeeded=0, failed=4,
            cancelled=0, details={"firstMeter": 12},
        )  # fmt: skip

        page = text_of(client, f"/admin/jobs/{job.pk}/")

        assert "firstMeter: 12" in page

    def test_retry_says_how_many_before_it_is_done(self, client: Client, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50)

        page = text_of(client, f"/admin/jobs/{job.pk}/retry/")

        assert "2 failed items are done again" in page
        assert Job.objects.get().generation == 1

    def test_retry_takes_what_a_cancel_left_if_asked(self, client: Client, make: Make) -> None:
        job = make(inline=[{}] * 3)
        lifecycle.cancel(job.pk, actor="user:x")
        path = f"/admin/jobs/{job.pk}/retry/"

        assert "also the 3 items that a cancel left undone" in text_of(client, path)
        client.post(path, {"cancelled": "yes"})

        assert Job.objects.get().state == "pending"

    def test_retry_goes_on_where_a_cancel_came_before_the_list_of_items(
        self, client: Client, make: Make
    ) -> None:
        job = make(items=3, ms=0)
        lifecycle.cancel(job.pk, actor="user:x")
        path = f"/admin/jobs/{job.pk}/retry/"
        asked = client.post(f"/api/batch-jobs/{job.pk}/retry?include=cancelled&dryRun=true").json()

        assert (asked["count"], asked["unlisted"]) == (0, True)
        assert f'href="{path}"' in text_of(client, f"/admin/jobs/{job.pk}/")
        page = text_of(client, path)
        assert "also all that were not listed when the cancel came" in page
        assert "Yes, do them again" in page
        told = client.post(path, {"cancelled": "yes"}, follow=True).content.decode()
        assert "The job goes on with what was left of it." in told
        run_slice()
        assert Job.objects.get().succeeded == 3

    @pytest.mark.parametrize(("priority", "status"), [("7", 302), ("101", 400), ("x", 400)])
    def test_priority_is_changed_within_its_limits(
        self, client: Client, make: Make, priority: str, status: int
    ) -> None:
        job = make(inline=[{}])

        answer = client.post(f"/admin/jobs/{job.pk}/priority/", {"priority": priority})

        assert answer.status_code == status
        assert Job.objects.get().priority == (7 if status == 302 else 0)

    def test_follow_up_is_offered_when_it_is_done_and_links_both_ways(
        self, client: Client, make: Make, done: Make
    ) -> None:
        assert "Enrich All" not in text_of(client, f"/admin/jobs/{make(inline=[{}]).pk}/")
        parent = done(items=2, ms=0)
        path = f"/admin/jobs/{parent.pk}/"
        assert "Enrich All" in text_of(client, path)

        answer = client.post(f"{path}follow-ups/enrich/", follow=True)

        child = Job.objects.get(parent=parent)
        assert f'href="/admin/jobs/{parent.pk}/"' in answer.content.decode()
        page = text_of(client, path)
        assert f'href="/admin/jobs/{child.pk}/"' in page
        assert f'action="{path}follow-ups/enrich/"' not in page
        run_slice()
        assert "Enrich All again" in text_of(client, path)
        assert "takes the 2 items that succeeded" in text_of(client, f"{path}follow-ups/enrich/")
        assert Job.objects.filter(parent=parent).count() == 1
        assert "job that follows on it was started by you" in text_of(client, path)

    def test_nothing_follows_on_nothing(self, client: Client, done: Make) -> None:
        empty = done(items=0, ms=0)
        path = f"/admin/jobs/{empty.pk}/"

        assert "Enrich All" not in text_of(client, path)
        answer = client.post(f"{path}follow-ups/enrich/")

        assert answer.status_code == 409
        assert "none of its items succeeded" in answer.content.decode()

    def test_tells_of_the_attempts_before(self, client: Client, done: Make) -> None:
        job = done(items=20, ms=0, failPercent=100, recovers=True)
        lifecycle.retry(job.pk, actor="user:tester")
        run_slice()

        assert "Attempt 1: Failed" in text_of(client, f"/admin/jobs/{job.pk}/")

    def test_shows_what_workers_have_in_hand(self, client: Client, make: Make) -> None:
        job = make(inline=[{}] * 3)
        lifecycle.claim_items(job.pk, limit=2, worker="w-1")
        path = f"/admin/jobs/{job.pk}/working/fragment/"
        assert "Nothing has been at work for longer" in text_of(client, path)

        job.claims.update(created_at=timezone.now() - timedelta(seconds=9))

        assert "Items 0 to 1" in text_of(client, path)
