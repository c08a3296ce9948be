"""What is refused says what happened and what to do about it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from jobs.models import Job
from jobs.runner import run_slice
from jobs.serializers import RESERVED
from tests.jobs.conftest import Make
from tests.jobs.test_api import post
from tests.people import client_of

pytestmark = pytest.mark.django_db


def fixed_words() -> set[str]:
    """Return the words that stand in addresses where a job's name may."""
    found = set()
    for one in get_resolver("jobs.api").url_patterns:
        found |= set(re.findall(r"^\^batch-jobs/([a-z-]+)/", str(one.pattern)))
    return found


class TestExternalId:
    def test_every_word_of_an_address_is_kept_from_it(self, client: Client) -> None:
        assert {"bulk", "export", "statistics"} <= fixed_words() <= set(RESERVED)

        for word in fixed_words():
            answer = post(client, "/api/batch-jobs", {"type": "drill", "externalId": word})
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["externalId"])

    def test_it_is_not_the_id_of_another_job(self, client: Client, make: Make) -> None:
        job = make(items=1)

        answer = post(client, "/api/batch-jobs", {"type": "drill", "externalId": job.pk})

        assert (answer.status_code, answer.json()["error"]) == (409, "duplicate_external_id")
        assert Job.objects.count() == 1


class TestRefusals:
    def test_a_move_says_how_the_job_stands_and_what_can_be_done(
        self, client: Client, make: Make, done: Make
    ) -> None:
        ended, pending = done(items=2, ms=0, failPercent=50), make(items=1)

        cancel = post(client, f"/api/batch-jobs/{ended.pk}/cancel").json()
        retry = post(client, f"/api/batch-jobs/{pending.pk}/retry").json()

        assert cancel["message"] == (
            f"Job {ended.pk} has ended: completed with errors. So it cannot be cancelled any more. "
            "If items failed, retry it; else start a new job."
        )
        assert retry["message"] == (
            f"Job {pending.pk} is still open: pending. So it cannot be retried yet. "
            "Wait until it has ended, or cancel it first."
        )

    def test_who_may_not_is_told_what_it_takes_and_whom_to_ask(self, client: Client) -> None:
        answer = post(client_of("Viewer", "words viewer"), "/api/batch-jobs", {"type": "drill"})

        assert answer.status_code == 403
        assert "start job (jobs.start_job)" in answer.json()["message"]
        assert "Ask an administrator" in answer.json()["message"]

    def test_who_is_not_logged_in_is_told_how(self, client: Client) -> None:
        answer = Client().get("/api/batch-jobs")

        assert answer.status_code == 401
        assert "Authorization: Token" in answer.json()["message"]

    @pytest.mark.parametrize(
        ("query", "field", "choices"),
        [
            ("status=stauts", "status", "pending, queued"),
            ("format=odd", "format", "csv, xlsx, pdf"),
        ],
    )
    def test_a_wrong_choice_is_told_the_right_ones(
        self, client: Client, query: str, field: str, choices: str
    ) -> None:
        errors: dict[str, Any] = client.get(f"/api/batch-jobs/export?{query}").json()["errors"]

        assert choices in errors[field][0]


class TestWaiting:
    def test_a_job_says_when_it_goes_on_if_nobody_is_at_it(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}, {}], ms=0)
        run_slice()
        Job.objects.update(state="processing", finished_at=None, succeeded=1)
        later = timezone.now().replace(microsecond=0) + timedelta(hours=2)
        job.items.filter(position=1).update(state="pending", finished_at=None, not_before=later)

        page = client.get(f"/admin/jobs/{job.pk}/fragment/").content.decode()
        assert "Waiting for the next attempt at" in page
        assert timezone.localtime(later).strftime("%H:%M") in page

        job.items.filter(position=1).update(not_before=None)
        assert "Working on its items." in client.get(f"/admin/jobs/{job.pk}/").content.decode()
