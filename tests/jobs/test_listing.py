"""Find jobs in the list: by tabs, filters and one search box; change many of them at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from jobs import lifecycle, queries
from jobs.models import Job, JobItem
from jobs.queries import searching
from jobs.topics import read_jobs
from tests.jobs.conftest import Make

pytestmark = pytest.mark.django_db


def titles(client: Client, query: str) -> set[str]:
    """Return the titles of the jobs that the list at this query shows."""
    answer = client.get(f"/admin/jobs/{query}")
    assert answer.status_code == 200
    return {row.job.title for row in answer.context["rows"]}


def text_of(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


@pytest.fixture
def named(make: Make) -> dict[str, Job]:
    """Three jobs of known names, campaigns and days, oldest first."""
    jobs = {}
    for age, (title, more) in enumerate(
        {
            "Meter notices": {"campaign_id": "north-7", "external_id": "batch_881"},
            "January statements": {"created_by": "token:bea/nightly"},
            "CM-DMRU repair": {"created_by": "user:bea"},
        }.items()
    ):
        job = make(inline=[{"label": f"Account {age}77"}, {}])
        Job.objects.filter(pk=job.pk).update(title=title, **more)
        jobs[title] = Job.objects.get(pk=job.pk)
    first = jobs["Meter notices"]
    Job.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(days=40))
    return jobs


class TestSearch:
    @pytest.mark.parametrize(
        "text",
        ["meter", "METER notices", "notices met", "not", "north-7", "NORTH 7", "batch 881", "881",
         "account 077", "Account 07", "077"],
    )  # fmt: skip
    def test_finds_a_job_by_its_words_and_its_items_labels(
        self, client: Client, named: dict[str, Job], text: str
    ) -> None:
        expected = set() if text == "077" else {"Meter notices"}

        assert titles(client, f"?search={text}") == expected

    @pytest.mark.parametrize("length", [1, 8, 16])
    def test_finds_a_job_by_how_its_id_begins(
        self, client: Client, named: dict[str, Job], length: int
    ) -> None:
        job = named["CM-DMRU repair"]

        assert job.title in titles(client, f"?search={job.pk[:length]}")

    @pytest.mark.parametrize(
        "text", ["etices", "nowhere", "meter statements", "%", "'", "no' | 'a"]
    )
    def test_finds_nothing_for_what_is_not_there(
        self, client: Client, named: dict[str, Job], text: str
    ) -> None:
        assert titles(client, f"?search={text}") == set()

    def test_finds_a_job_by_its_error_and_by_that_of_an_item(
        self, client: Client, make: Make, done: Make
    ) -> None:
        given_up = make(inline=[{}])
        lifecycle.give_up(given_up.pk, error="The file is truncated.", actor="system:worker")
        failing = done(items=2, ms=0, failPercent=100)

        assert titles(client, "?search=truncat") == {given_up.title}
        assert titles(client, "?search=nothing wrong with the eng") == {failing.title}

    @pytest.mark.parametrize("scanned", [0, 1, 100])
    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_finds_the_newest_whether_it_scans_or_asks_the_index(
        self, monkeypatch: Any, named: dict[str, Job], scanned: int, limit: int
    ) -> None:
        monkeypatch.setattr(searching, "SCANNED_FOR_ONE", scanned)
        wanted = queries.JobFilter(search="account")

        first = queries.page_of_jobs(wanted, limit=limit)
        rest = (
            queries.page_of_jobs(wanted, limit=9, after=first.next_key).rows
            if first.next_key
            else []
        )

        assert [job.title for job in [*first.rows, *rest]] == [*reversed(list(named))]

    def test_counts_for_bulk_and_export_what_the_list_shows(self, named: dict[str, Job]) -> None:
        found = queries.JobFilter(search="account 1").apply(queries.jobs())

        assert [job.title for job in found] == ["January statements"]

    def test_says_on_the_page_what_is_searched(self, client: Client, make: Make) -> None:
        assert "how ids and item labels begin" in text_of(client, "/admin/jobs/")


class TestFilters:
    def test_narrow_down_by_who_started_it(self, client: Client, named: dict[str, Job]) -> None:
        both = {"January statements", "CM-DMRU repair"}

        assert titles(client, "?createdBy=bea") == both
        assert titles(client, "?createdBy=user:bea") == {"CM-DMRU repair"}

    def test_narrow_down_by_days_of_the_sites_calendar(
        self, client: Client, named: dict[str, Job], settings: Any
    ) -> None:
        day = named["Meter notices"].created_at - timedelta(days=40)
        local = f"{day.astimezone(settings.SITE_ZONE):%Y-%m-%d}"

        assert titles(client, f"?createdFrom={local}&createdTo={local}") == {"Meter notices"}
        assert "Meter notices" not in titles(client, "?createdFrom=2100-01-01")

    @pytest.mark.parametrize(
        "query",
        ["createdFrom=yesterday", "createdTo=0001-01-01", "createdFrom=2026-02-30"],
    )
    def test_refuse_what_is_no_day(self, client: Client, query: str) -> None:
        answer = client.get(f"/admin/jobs/?{query}")

        assert answer.status_code == 400
        assert "Must be a day such as 2026-01-31" in answer.content.decode()

    def test_refuse_days_that_end_before_they_begin(self, client: Client) -> None:
        answer = client.get("/admin/jobs/?createdFrom=2026-03-02&createdTo=2026-03-01")

        assert answer.status_code == 400
        assert "Must not be before createdFrom" in answer.content.decode()

    def test_stay_in_the_address_of_tabs_and_pages(
        self, client: Client, named: dict[str, Job]
    ) -> None:
        page = text_of(client, "/admin/jobs/?search=account&createdBy=bea")

        assert 'href="/admin/jobs/?status=active&amp;search=account&amp;createdBy=bea"' in page

    def test_an_empty_result_offers_to_clear_them(self, client: Client) -> None:
        page = text_of(client, "/admin/jobs/?search=nothing&status=failed")

        assert "No job matches these filters" in page
        assert 'href="/admin/jobs/?status=failed"' in page


class TestCounts:
    def test_are_those_of_the_states(self, client: Client, make: Make, done: Make) -> None:
        done(items=1, ms=0)
        make(items=1)

        page = client.get("/admin/jobs/").context

        assert {one["label"]: one["count"] for one in page["cards"]} == {
            "All": "2", "Pending": "1", "Processing": "0", "Completed": "1", "Failed": "0",
            "Cancelled": "0",
        }  # fmt: skip

    def test_stop_at_a_limit_and_say_so(self, make: Make) -> None:
        for _n in range(3):
            make(items=1)

        assert queries.count_capped(limit=2)["pending"] == 2


class TestMany:
    def test_ticked_ones_are_previewed_then_cancelled(
        self, client: Client, make: Make, done: Make
    ) -> None:
        ended, open_ones = done(items=1, ms=0), [make(items=9) for _n in range(2)]
        other = make(items=9)
        path = "/admin/jobs/bulk/cancel/?" + "&".join(f"id={j.pk}" for j in [*open_ones, ended])

        page = text_of(client, path)
        assert "2 open jobs would be cancelled" in page
        assert "1 of the 3 ticked jobs cannot change" in page
        assert Job.objects.filter(state="cancelled").count() == 0
        client.post(path)

        cancelled = set(Job.objects.filter(state="cancelled").values_list("pk", flat=True))
        assert cancelled == {job.pk for job in open_ones}
        assert Job.objects.get(pk=other.pk).is_open

    def test_all_that_match_are_previewed_then_retried(self, client: Client, done: Make) -> None:
        failed = done(items=2, ms=0, failPercent=50)
        Job.objects.filter(pk=failed.pk).update(title="Statements")
        left = done(items=2, ms=0, failPercent=50)
        path = "/admin/jobs/bulk/retry/?search=statements"

        assert "1 ended job has failed items" in text_of(client, path)
        answer = client.post(path, follow=True)

        assert "1 job is retried." in answer.content.decode()
        assert Job.objects.get(pk=failed.pk).generation == 2
        assert Job.objects.get(pk=left.pk).generation == 1

    def test_none_is_offered_when_nothing_would_change(self, client: Client) -> None:
        page = text_of(client, "/admin/jobs/bulk/cancel/?status=completed")

        assert "0 open jobs would be cancelled" in page
        assert "Yes, cancel" not in page


class TestDrawnFrom:
    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("/admin/", "moves"),
            ("/admin/hand-over/", "moves"),
            ("/admin/search/?q=january", "moves"),
            ("/admin/jobs/", "structure"),
        ],
    )
    def test_is_what_the_frame_says_until_a_job_moves(
        self, client: Client, make: Make, path: str, field: str
    ) -> None:
        job = make(inline=[{}])
        drawn = client.get(path).context["jobs_drawn"]
        assert drawn == {field: read_jobs("")[field]}

        lifecycle.cancel(job.pk, actor="user:bea")

        assert drawn != {field: read_jobs("")[field]}
        assert client.get(path).context["jobs_drawn"] == {field: read_jobs("")[field]}


class TestItems:
    def test_are_found_by_position_and_label(self, client: Client, make: Make) -> None:
        job = make(inline=[{"label": f"Meter {n}"} for n in range(30)])

        def found(text: str) -> list[int]:
            page = client.get(f"/admin/jobs/{job.pk}/items/fragment/?search={text}")
            return [row.item.position for row in page.context["items"]]

        assert found("17") == [17]
        assert found("meter 2") == [2, *range(20, 30)]
        assert found("eter") == []
        assert found("9" * 30) == []

    def test_label_stands_in_the_table(self, client: Client, make: Make) -> None:
        job = make(inline=[{"label": "Meter 4711"}])

        assert re.search(r"Label.*Meter 4711", text_of(client, f"/admin/jobs/{job.pk}/"))
        assert JobItem.objects.get().params == {"label": "Meter 4711"}
