"""What the jobs of a business day came to, counted again and again."""

from datetime import UTC, date, datetime, timedelta
from statistics import quantiles
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from batchops.db import database_now
from jobs import lifecycle, statistics
from jobs.models import Job, JobDay, JobEvent
from jobs.runner import run_slice
from jobs.topics import read_statistics
from tests.jobs.conftest import Make
from tests.unguarded import unguarded

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

DHAKA = ZoneInfo("Asia/Dhaka")


def happen(job: Job, *, at: datetime, seconds: float = 0, generation: int = 1) -> None:
    """Let a generation of a job have ended at a moment, after so many seconds."""
    events = JobEvent.objects.filter(job=job, generation=generation)
    with unguarded():
        events.filter(verb="start").update(at=at - timedelta(seconds=seconds))
        events.filter(verb="finish").update(at=at)


def figures(day: date, job_type: str = "") -> list[float]:
    kept = JobDay.objects.get(date=day, type=job_type)
    return [
        kept.started,
        kept.completed,
        kept.completed_with_errors,
        kept.failed,
        kept.cancelled,
        kept.items_succeeded,
        kept.items_failed,
    ]


def today() -> date:
    return statistics.site_day(timezone.now())


class TestCounting:
    def test_each_type_and_all_together_are_counted_by_how_they_ended(
        self, done: Make, make: Make
    ) -> None:
        done(items=4, ms=0)
        done(items=4, ms=0, failPercent=50)
        done(items=2, ms=0, failPercent=100)
        done("alone")
        lifecycle.cancel(make(items=3, ms=0).pk, actor="user:x")

        statistics.count_until(database_now())

        assert figures(today(), "drill") == [3, 1, 1, 1, 1, 6, 4]
        alone = figures(today(), "alone")
        assert alone[:5] == [1, 1, 0, 0, 0]
        together = [a + b for a, b in zip(figures(today(), "drill"), alone, strict=True)]
        assert figures(today()) == together

    def test_counting_again_changes_nothing(self, done: Make) -> None:
        done(items=2, ms=0)

        first = statistics.count_until(database_now())
        again = statistics.count_until(database_now())

        assert (first, again) == (2, 0)

    def test_durations_are_told_by_sum_median_and_95th_percentile(self, done: Make) -> None:
        lengths = [10.0, 20.0, 30.0, 40.0, 100.0]
        for seconds in lengths:
            happen(done(items=1, ms=0), at=timezone.now(), seconds=seconds)

        statistics.count_until(database_now())

        day = JobDay.objects.get(date=today(), type="drill")
        assert day.seconds_sum == pytest.approx(sum(lengths))
        assert day.seconds_p50 == pytest.approx(30)
        assert day.seconds_p95 == pytest.approx(quantiles(lengths, n=20, method="inclusive")[18])

    def test_a_late_retry_counts_in_the_day_in_which_it_ends(self, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50, recovers=True)
        before = timezone.now() - timedelta(days=5)
        happen(job, at=before)
        statistics.count_until(database_now())
        then = figures(statistics.site_day(before))

        lifecycle.retry(job.pk, actor="user:x")
        statistics.count_until(database_now())
        run_slice()
        statistics.count_until(database_now())

        assert then == [1, 0, 1, 0, 0, 2, 2]
        assert figures(statistics.site_day(before)) == then
        assert figures(today()) == [1, 1, 0, 0, 0, 2, 0]

    @pytest.mark.parametrize(
        ("at", "day"),
        [
            (datetime(2026, 6, 2, 4, 59, 59, tzinfo=DHAKA), date(2026, 6, 1)),
            (datetime(2026, 6, 2, 5, 0, tzinfo=DHAKA), date(2026, 6, 2)),
            (datetime(2026, 6, 2, 22, 30, tzinfo=UTC), date(2026, 6, 2)),
        ],
    )
    def test_a_day_is_the_sites_business_day(self, done: Make, at: datetime, day: date) -> None:
        happen(done(items=1, ms=0), at=at)

        statistics.count_until(at + timedelta(days=1))

        assert set(JobDay.objects.values_list("date", flat=True)) == {day}

    def test_after_a_long_pause_no_day_is_left_out(self, done: Make) -> None:
        ends = [datetime(2026, month, 10, tzinfo=DHAKA) for month in (1, 3, 6)]
        for at in ends:
            happen(done(items=1, ms=0), at=at + timedelta(hours=9))

        statistics.count_until(ends[0] + timedelta(days=1))
        statistics.count_until(ends[2] + timedelta(days=1))

        assert set(JobDay.objects.values_list("date", flat=True)) == {at.date() for at in ends}


class TestDoors:
    @pytest.fixture
    def counted(self, done: Make) -> Job:
        job = done(items=4, ms=0, failPercent=50)
        statistics.count_until(database_now())
        return job

    def test_the_page_shows_the_days_asked_for(self, client: Client, counted: Job) -> None:
        page = client.get("/admin/jobs/statistics/?days=14&type=drill").content.decode()
        empty = client.get("/admin/jobs/statistics/fragment/?type=alone").content.decode()

        assert f'id="day-{today()}"' in page
        assert "No job ended in these days" in empty

    @pytest.mark.parametrize("query", ["days=0", "days=x", "days=5000", "kind=drill"])
    def test_what_cannot_be_shown_is_refused(self, client: Client, query: str) -> None:
        assert client.get(f"/admin/jobs/statistics/?{query}").status_code == 400
        assert client.get(f"/api/batch-jobs/statistics?{query}").status_code == 400

    def test_the_api_tells_each_type_and_all_together(self, client: Client, counted: Job) -> None:
        data = client.get("/api/batch-jobs/statistics?days=7").json()["data"]
        drills = client.get("/api/batch-jobs/statistics/?type=drill").json()["data"]["days"]

        assert data["last"] == today().isoformat()
        assert [day["type"] for day in data["days"]] == [None, "drill"]
        assert [day["type"] for day in drills] == ["drill"]
        assert drills[0]["completedWithErrors"] == 1
        assert (drills[0]["itemsSucceeded"], drills[0]["itemsFailed"]) == (2, 2)

    def test_screens_hear_of_it(self, counted: Job, done: Make) -> None:
        seen = read_statistics("")["structure"]
        assert read_statistics("")["structure"] == seen

        done(items=1, ms=0)
        statistics.count_until(database_now())

        assert read_statistics("")["structure"] != seen
