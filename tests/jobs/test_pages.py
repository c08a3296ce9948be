"""See and press what people see and press about jobs."""

import pytest
from django.test import Client

from jobs import lifecycle
from jobs.models import Job
from tests.jobs.conftest import Make

pytestmark = pytest.mark.django_db


class TestPages:
    @pytest.mark.parametrize(
        "path", ["", "?status=active", "fragment/", "new/", "{id}/", "{id}/fragment/",
                 "{id}/items/fragment/?status=failed", "{id}/?status=pending"]
    )  # fmt: skip
    def test_each_shows(self, client: Client, make: Make, path: str) -> None:
        job = make(inline=[{}, {}], ms=0)

        assert client.get(f"/admin/jobs/{path.format(id=job.pk)}").status_code == 200

    @pytest.mark.parametrize("name", ["a%0A", "x" * 65, "no%20name"])
    @pytest.mark.parametrize("rest", ["", "fragment/", "items/fragment/", "cancel/"])
    def test_what_can_be_no_job_is_not_found(self, client: Client, name: str, rest: str) -> None:
        assert client.get(f"/admin/jobs/{name}/{rest}").status_code == 404

    def test_a_job_that_its_type_gave_up_is_not_called_cancelled(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}, {}], ms=0)
        lifecycle.claim_items(job.pk, limit=1, worker="busy")
        lifecycle.give_up(job.pk, error="It cannot go on.", actor="system:worker")

        page = client.get(f"/admin/jobs/{job.pk}/").content.decode()

        body = client.get(f"/api/batch-jobs/{job.pk}").json()["data"]
        assert (body["status"], body["cancelRequestedAt"]) == ("processing", None)
        assert "Cancelling..." not in page
        assert "Cancel asked for" not in page

    def test_cancel_asks_first(self, client: Client, make: Make) -> None:
        job = make(items=9)

        assert "Yes, cancel" in client.get(f"/admin/jobs/{job.pk}/cancel/").content.decode()
        assert Job.objects.get().is_open
        client.post(f"/admin/jobs/{job.pk}/cancel/")
        assert Job.objects.get().state == "cancelled"

    def test_retry_does_the_failed_items_again(self, client: Client, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50, recovers=True)
        assert "Retry failed (2)" in client.get(f"/admin/jobs/{job.pk}/").content.decode()

        client.post(f"/admin/jobs/{job.pk}/retry/")

        assert Job.objects.get().generation == 2

    def test_a_job_without_items_says_that_it_had_none(self, client: Client, done: Make) -> None:
        job = done(items=0)

        page = client.get(f"/admin/jobs/{job.pk}/").content.decode()

        assert "This job had none" in page
        assert "100%" in page

    def test_one_that_failed_before_its_items_says_so_and_is_tried_again(
        self, client: Client, done: Make
    ) -> None:
        job = done("broken")
        page = client.get(f"/admin/jobs/{job.pk}/").content.decode()
        assert "Retry failed (0)" not in page
        assert "Try again" in page

        answer = client.post(f"/admin/jobs/{job.pk}/retry/", follow=True)

        assert "0 items" not in answer.content.decode()
        assert Job.objects.get().generation == 2

    def test_a_cancelled_one_shows_how_many_items_it_left_undone(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}] * 7)
        lifecycle.cancel(job.pk, actor="user:x")

        page = " ".join(client.get(f"/admin/jobs/{job.pk}/").content.decode().split())

        assert 'data-live-text="cancelledCount" data-live-format="int">7<' in page
        assert "remainingCount" not in page

    def test_one_cancelled_before_its_items_were_made_says_so(
        self, client: Client, make: Make
    ) -> None:
        job = make(items=9)
        lifecycle.cancel(job.pk, actor="user:x")

        page = client.get(f"/admin/jobs/{job.pk}/").content.decode()

        assert "cancelled before its items were made" in page

    @pytest.mark.parametrize(
        ("query", "words"),
        [("", "as soon as a worker has made them"), ("?status=failed", "No item is in this state")],
    )
    def test_a_list_without_items_says_why(
        self, client: Client, make: Make, query: str, words: str
    ) -> None:
        job = make(items=9)

        assert words in client.get(f"/admin/jobs/{job.pk}/{query}").content.decode()

    def test_a_wish_to_cancel_is_visible_at_once(self, client: Client, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        lifecycle.claim_items(job.pk, limit=1, worker="test")
        lifecycle.cancel(job.pk, actor="user:x")

        assert "Cancelling..." in client.get(f"/admin/jobs/{job.pk}/").content.decode()

    @pytest.mark.parametrize("path", ["/batch-jobs", "/batch-jobs/"])
    def test_old_addresses_lead_to_the_list(self, client: Client, path: str) -> None:
        assert client.get(path)["Location"] == "/admin/jobs/"

    def test_old_addresses_of_jobs_lead_to_the_job(self, client: Client) -> None:
        assert client.get("/batch-jobs/abc")["Location"] == "/admin/jobs/abc/"
