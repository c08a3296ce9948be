"""Start what follows on a finished job, once at a time."""

from typing import Any

import pytest
from django.test import Client

from jobs.models import Job, JobEvent, JobItem
from jobs.runner import run_slice
from jobs.topics import read_job
from tests.jobs.conftest import Make
from tests.jobs.test_api import post

pytestmark = pytest.mark.django_db


def follow_ups(client: Client, job: Job) -> list[dict[str, Any]]:
    status: dict[str, Any] = client.get(f"/api/batch-jobs/{job.pk}/status").json()
    shown = client.get(f"/api/batch-jobs/{job.pk}").json()["data"]["followUps"]
    frame = read_job(job.pk) or {}
    assert status["followUps"] == shown == frame["followUps"]
    return list(status["followUps"])


class TestEnrichAll:
    def test_it_appears_when_the_job_completes(self, client: Client, make: Make) -> None:
        job = make(inline=[{}, {"fails": True}], ms=0)

        before = follow_ups(client, job)
        run_slice()
        after = follow_ups(client, job)

        assert before == []
        assert [(one["action"], one["label"]) for one in after] == [("enrich", "Enrich All")]

    def test_it_does_the_items_that_succeeded(self, client: Client, make: Make) -> None:
        job = make(inline=[{}, {"fails": True}, {}], ms=0)
        run_slice()

        answer = post(client, follow_ups(client, job)[0]["url"])
        run_slice()

        assert answer.status_code == 201
        child = answer.json()["data"]
        assert (child["parentId"], child["id"]) == (job.pk, answer.json()["jobId"])
        results = JobItem.objects.filter(job=child["id"]).order_by("position")
        assert list(results.values_list("result", flat=True)) == [{"enriched": 0}, {"enriched": 2}]
        assert Job.objects.get(pk=child["id"]).state == "completed"
        assert child["id"] in JobEvent.objects.get(job=job, verb="follow_up").reason

    def test_the_contract_s_own_address_does_the_same(self, client: Client, done: Make) -> None:
        job = done(items=2, ms=0)

        assert post(client, f"/api/batch-jobs/{job.pk}/enrich").status_code == 201

    def test_a_second_press_while_it_runs_is_told_which_job_does(
        self, client: Client, done: Make
    ) -> None:
        path = f"/api/batch-jobs/{done(items=1, ms=0).pk}/enrich"

        first, second = post(client, path), post(client, path)
        run_slice()
        third = post(client, path)

        assert (second.status_code, second.json()["error"]) == (409, "already_running")
        assert second.json()["running"]["jobId"] == first.json()["jobId"]
        assert third.status_code == 201

    def test_it_is_refused_before_completion_and_after_a_failure(
        self, client: Client, make: Make, done: Make
    ) -> None:
        failed, early = done(items=1, ms=0, failPercent=100), make(items=1)

        for job, state in ((early, "pending"), (failed, "failed")):
            answer = post(client, f"/api/batch-jobs/{job.pk}/enrich")

            assert (answer.status_code, answer.json()["state"]) == (409, state)
            assert follow_ups(client, job) == []
        assert Job.objects.count() == 2

    def test_what_does_not_follow_on_a_type_is_not_found(self, client: Client, done: Make) -> None:
        job = done(items=1, ms=0)
        other = done("together", items=1)

        nothing = post(client, f"/api/batch-jobs/{job.pk}/follow-ups/polish")
        none = post(client, f"/api/batch-jobs/{other.pk}/enrich")

        assert [a.status_code for a in (nothing, none)] == [404, 404]
        assert nothing.json()["error"] == "no_follow_up"
        assert "enrich" in nothing.json()["message"]


class TestPriority:
    def test_it_changes_what_workers_choose_first(self, client: Client, make: Make) -> None:
        first, second = make(inline=[{}], ms=0), make(inline=[{}], ms=0)

        answer = post(client, f"/api/batch-jobs/{second.pk}/priority", {"priority": 5})
        again = post(client, f"/api/batch-jobs/{second.pk}/priority", {"priority": 5})
        run_slice()

        assert (answer.json()["data"]["priority"], again.status_code) == (5, 200)
        assert JobEvent.objects.get(verb="prioritise").reason == "0 -> 5"
        first.refresh_from_db()
        second.refresh_from_db()
        assert second.started_at is not None
        assert first.started_at is not None
        assert second.started_at < first.started_at

    def test_an_ended_job_has_none_to_change(self, client: Client, done: Make) -> None:
        job = done(items=1, ms=0)

        answer = post(client, f"/api/batch-jobs/{job.pk}/priority", {"priority": 0})

        assert (answer.status_code, answer.json()["state"]) == (409, "completed")
