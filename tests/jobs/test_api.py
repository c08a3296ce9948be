"""Ask about jobs over HTTP, as old clients and careless ones do."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django_q.models import OrmQ

from batchops.access import create_token
from batchops.models import Heartbeat, User
from jobs import lifecycle
from jobs.lifecycle import moves
from jobs.models import Claim, Job, RunSummary
from jobs.runner import run_slice
from jobs.types.drill import Drill
from tests.jobs.conftest import Make

pytestmark = pytest.mark.django_db

JOB_FIELDS = {
    "id", "type", "title", "campaignId", "status", "priority", "totalRecipients",
    "processedCount", "successCount", "failedCount", "progressPercent", "createdAt", "startedAt",
    "completedAt", "durationSeconds", "etaSeconds", "createdBy", "cancelRequestedAt",
    "outputZipPath", "downloadUrl", "artifactState", "parentId", "revision", "error",
}  # fmt: skip


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, str) else json.dumps(body if body is not None else {})
    return client.post(path, data, content_type="application/json", headers=headers or None)


class TestStart:
    def test_it_answers_the_job_with_every_field(self, client: Client) -> None:
        answer = post(client, "/api/batch-jobs", {"type": "drill", "params": {"items": 3}})

        assert answer.status_code == 201
        job = answer.json()["data"]
        assert set(job) >= JOB_FIELDS
        assert job["id"].isalnum()
        assert len(job["id"]) == 16
        assert (job["status"], job["totalRecipients"], job["progressPercent"]) == ("pending", 0, 0)
        assert answer["Cache-Control"] == "no-store"

    def test_the_longest_names_may_start_and_cancel(self, client: Client) -> None:
        user = User.objects.create_superuser("u" * 150)
        key = create_token(user=user, name="n" * 80)
        program = {"Authorization": f"Token {key}"}

        started = post(Client(), "/api/batch-jobs", {"type": "drill"}, **program)
        job = started.json()["data"]
        cancelled = post(Client(), f"/api/batch-jobs/{job['id']}/cancel", **program)
        user.delete()

        assert (started.status_code, cancelled.status_code) == (201, 200)
        assert job["createdBy"] == f"token:{'u' * 150}/{'n' * 80}"

    def test_inline_items_go_in_with_the_request(self, client: Client) -> None:
        body = {"type": "drill", "params": {"ms": 0}, "items": [{}, {"fails": True}]}
        job = post(client, "/api/batch-jobs/", body).json()["data"]
        assert job["totalRecipients"] == 2

        run_slice()

        items = client.get(f"/api/batch-jobs/{job['id']}/items").json()["data"]["items"]
        assert [item["status"] for item in items] == ["succeeded", "failed"]

    @pytest.mark.parametrize(("items", "rung"), [([{}], 1), ([{}] * 3, 3), (None, 4)])
    def test_it_calls_as_many_workers_as_can_begin(
        self, client: Client, settings: Any, items: Any, rung: int
    ) -> None:
        settings.JOBS_WORKERS = 4
        OrmQ.objects.all().delete()

        post(client, "/api/batch-jobs", {"type": "drill", "items": items})

        assert OrmQ.objects.count() == rung

    def test_an_idempotency_key_makes_one_job(self, client: Client) -> None:
        body = {"type": "drill"}
        first = post(client, "/api/batch-jobs", body, **{"Idempotency-Key": "k1"})
        again = post(client, "/api/batch-jobs", body, **{"Idempotency-Key": "k1"})

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["data"]["id"] == again.json()["data"]["id"]
        assert Job.objects.count() == 1

    def test_the_key_with_another_body_is_refused(self, client: Client) -> None:
        post(client, "/api/batch-jobs", {"type": "drill"}, **{"Idempotency-Key": "k1"})
        other = {"type": "drill", "title": "other"}

        answer = post(client, "/api/batch-jobs", other, **{"Idempotency-Key": "k1"})

        assert (answer.status_code, answer.json()["error"]) == (422, "idempotency_key_reused")

    def test_a_second_job_of_a_single_flight_type_is_told_who_holds_it(
        self, client: Client
    ) -> None:
        first = post(client, "/api/batch-jobs", {"type": "alone"}).json()["data"]

        answer = post(client, "/api/batch-jobs", {"type": "alone"})

        assert (answer.status_code, answer.json()["error"]) == (409, "already_running")
        running = answer.json()["running"]
        assert (running["jobId"], running["status"]) == (first["id"], "pending")
        assert set(running) == {
            "jobId", "startTime", "startedBy", "status", "progressPercent", "etaSeconds"
        }  # fmt: skip

    def test_without_a_living_cluster_it_says_so(self, client: Client) -> None:
        Heartbeat.objects.all().delete()

        answer = post(client, "/api/batch-jobs", {"type": "drill"})

        assert answer.status_code == 503
        assert not Job.objects.exists()

    def test_an_external_id_finds_the_job_and_is_not_given_twice(self, client: Client) -> None:
        body = {"type": "drill", "externalId": "batch_1"}
        job = post(client, "/api/batch-jobs", body).json()["data"]

        assert client.get("/api/batch-jobs/batch_1").json()["data"]["id"] == job["id"]
        assert post(client, "/api/batch-jobs", body).status_code == 409


BAD_BODIES: list[tuple[Any, str]] = [
    ({}, "type"),
    ({"type": "nosuch"}, "type"),
    ({"type": 5e300}, "type"),
    ({"type": "drill", "surprise": 1}, "surprise"),
    ({"type": "drill", "title": "a\x00b"}, "title"),
    ({"type": "drill", "title": "x" * 201}, "title"),
    ({"type": "drill", "campaignId": "a b"}, "campaignId"),
    ({"type": "drill", "externalId": "../x"}, "externalId"),
    ({"type": "drill", "priority": 10**30}, "priority"),
    ({"type": "drill", "priority": "high"}, "priority"),
    ({"type": "drill", "params": []}, "params"),
    ({"type": "drill", "params": {"items": -1}}, "params.items"),
    ({"type": "drill", "params": {"items": 10**9}}, "params.items"),
    ({"type": "drill", "params": {"ms": "soon"}}, "params.ms"),
    ({"type": "drill", "params": {"what": 1}}, "params.what"),
    ({"type": "drill", "items": [{}] * 1001}, "items"),
    ({"type": "drill", "items": [5]}, "items[0]"),
    ({"type": "drill", "items": [{"ms": 10**9}]}, "items[0].ms"),
    ({"type": "flaky", "items": [{}]}, "items"),
    ('{"type": "drill", "title": "\\ud800"}', "title"),
    ('{"type": "drill", "params": {"x": 1e400}}', "params"),
    ('{"type": "drill", "params": {"x": "\\u0000"}}', "params"),
]


class TestBadInput:
    @pytest.mark.parametrize(("body", "field"), BAD_BODIES)
    def test_each_is_refused_by_the_field_s_name(
        self, client: Client, body: Any, field: str
    ) -> None:
        answer = post(client, "/api/batch-jobs", body)

        assert answer.status_code == 400, answer.content
        assert field in answer.json()["errors"]
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        "text", ["{", "[]", "5", '"x"', "null", "[" * 100_000, '{"priority": ' + "9" * 5000 + "}"]
    )
    def test_what_is_no_object_is_refused(self, client: Client, text: str) -> None:
        assert post(client, "/api/batch-jobs", text).status_code == 400

    @pytest.mark.parametrize(
        "query",
        [
            "status=odd", "limit=0", "limit=501", "limit=x", "cursor=%00", "cursor=abc",
            "cursor=W10=", "search=%00", "what=1", "type=%00", "campaign=" + "x" * 65,
            "cursor=WyI5OTk5LTEyLTMxVDIzOjU5OjU5KzE0OjAwIiwgImEiXQ==",
        ],
    )  # fmt: skip
    def test_a_list_refuses_what_it_does_not_know(self, client: Client, query: str) -> None:
        assert client.get(f"/api/batch-jobs?{query}").status_code == 400

    @pytest.mark.parametrize("query", ["status=odd", "cursor=LTE=", "limit=-1", "cursor=W10="])
    def test_items_do_so_too(self, client: Client, make: Make, query: str) -> None:
        job = make(items=1)

        assert client.get(f"/api/batch-jobs/{job.pk}/items?{query}").status_code == 400

    def test_a_key_that_is_no_key_is_refused(self, client: Client) -> None:
        answer = post(client, "/api/batch-jobs", {"type": "drill"}, **{"Idempotency-Key": "a b"})

        assert answer.status_code == 400
        assert "Idempotency-Key" in answer.json()["errors"]

    @pytest.mark.parametrize("path", ["", "/status", "/items", "/cancel", "/retry"])
    def test_a_job_that_is_not_there_is_404(self, client: Client, path: str) -> None:
        call = client.post if path in ("/cancel", "/retry") else client.get

        answer = call(f"/api/batch-jobs/nosuchjob{path}")

        assert (answer.status_code, answer.json()["error"]) == (404, "job_not_found")


class TestList:
    def test_it_narrows_down_by_status(self, client: Client, make: Make, done: Make) -> None:
        make(items=1)
        done(items=2, ms=0, failPercent=50)

        def ids(status: str) -> int:
            found = client.get(f"/api/batch-jobs?status={status}").json()["data"]["jobs"]
            return len(found)

        counts = {s: ids(s) for s in ("active", "completed", "failed", "cancelled", "queued")}
        assert counts == {"active": 0, "completed": 2, "failed": 0, "cancelled": 0, "queued": 0}

    def test_pages_follow_each_other_without_gap(self, client: Client, make: Make) -> None:
        made = [make(items=1).pk for _ in range(5)]

        seen: list[str] = []
        address = "/api/batch-jobs?limit=2&stats=true"
        while True:
            data = client.get(address).json()["data"]
            seen += [job["id"] for job in data["jobs"]]
            if data["nextCursor"] is None:
                break
            address = f"/api/batch-jobs?limit=2&stats=true&cursor={data['nextCursor']}"

        assert seen == made[::-1]
        assert data["stats"] == {
            "total": 5, "pending": 5, "processing": 0, "completed": 0, "failed": 0, "cancelled": 0
        }  # fmt: skip


class TestStatus:
    def test_it_reaches_completed_and_hundred_together(self, client: Client, make: Make) -> None:
        job = make(inline=[{}, {}], ms=0)
        before = client.get(f"/api/batch-jobs/{job.pk}/status").json()

        run_slice()

        after = client.get(f"/api/batch-jobs/{job.pk}/status/").json()
        assert (before["status"], before["remainingItems"]) == ("queued", 2)
        assert (after["status"], after["progress"]) == (
            "completed",
            {"total": 2, "completed": 2, "successful": 2, "failed": 0, "percentage": 100},
        )
        assert after["revision"] > before["revision"]


class TestMoves:
    def test_cancel_answers_as_the_old_system_did(self, client: Client, make: Make) -> None:
        job = make(items=5)

        first = post(client, f"/api/batch-jobs/{job.pk}/cancel")
        second = post(client, f"/api/batch-jobs/{job.pk}/cancel")

        assert first.json()["message"] == "Batch job cancelled successfully"
        assert set(first.json()) == {"success", "message", "note"}
        assert (second.status_code, second.json()["state"]) == (409, "cancelled")

    def test_a_cancel_of_very_many_items_is_answered_soon_and_carried_out_by_a_worker(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}] * 50, ms=0)
        with patch.multiple(moves, CANCEL_TIME_S=0, CANCEL_BATCH=5):
            answer = post(client, f"/api/batch-jobs/{job.pk}/cancel")
            body = client.get(f"/api/batch-jobs/{job.pk}").json()["data"]
            rung = OrmQ.objects.count()
            while Job.objects.open().exists():
                run_slice()

        assert answer.status_code == 200
        assert (body["status"], body["cancelledCount"], rung) == ("pending", 10, 1)
        job.refresh_from_db()
        assert (job.state, job.cancelled) == ("cancelled", 50)

    def test_retry_says_how_many_before_it_does_it(self, client: Client, done: Make) -> None:
        job = done(items=10, ms=0, failPercent=20, recovers=True)
        path = f"/api/batch-jobs/{job.pk}/retry"

        assert post(client, f"{path}?dryRun=true").json()["count"] == 2
        assert Job.objects.get().state == "completed_with_errors"
        assert post(client, path).json()["data"]["status"] == "pending"
        run_slice()
        assert post(client, path).status_code == 409

    def test_cancelled_items_are_counted_and_retried_only_when_they_are_asked_for(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}] * 3, ms=0)
        path = f"/api/batch-jobs/{job.pk}/retry"
        post(client, f"/api/batch-jobs/{job.pk}/cancel")

        counts = [
            post(client, f"{path}?dryRun=true{more}").json()["count"]
            for more in ("", "&include=cancelled")
        ]
        refused = post(client, path)
        again = post(client, f"{path}?include=cancelled")

        assert counts == [0, 3]
        assert (refused.status_code, refused.json()["error"]) == (409, "nothing_to_retry")
        assert (again.json()["count"], again.json()["data"]["status"]) == (3, "pending")


class TestBatch:
    def test_it_counts_files(self, client: Client, done: Make) -> None:
        job = done(items=4, ms=0, failPercent=50)

        answer = client.get(f"/api/batches/{job.pk}").json()

        assert (answer["status"], answer["filesTotal"]) == ("completed_with_errors", 4)
        assert (answer["filesSuccess"], answer["filesFailed"]) == (2, 2)
        assert (answer["filesProcessing"], answer["filesPending"]) == (0, 0)

    def test_open_files_are_pending_or_processing(self, client: Client, make: Make) -> None:
        job = make(inline=[{}] * 5)
        for worker in "ab":
            lifecycle.claim_items(job.pk, limit=1, worker=worker)

        answer = client.get(f"/api/batches/{job.pk}").json()

        assert (answer["filesTotal"], answer["status"]) == (5, "processing")
        assert (answer["filesProcessing"], answer["filesPending"]) == (2, 3)

    def test_what_was_cancelled_is_counted_apart_and_is_no_file_that_ended(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}] * 3)
        lifecycle.cancel(job.pk, actor="user:tester")

        answer = client.get(f"/api/batches/{job.pk}").json()

        assert (answer["filesTotal"], answer["filesCancelled"]) == (3, 3)
        assert answer["lastFileCompletedAt"] is None

    @pytest.mark.parametrize("path", ["", "/summary"])
    def test_one_that_is_not_there_is_told_as_old_clients_expect(
        self, client: Client, path: str
    ) -> None:
        answer = client.get(f"/api/batches/nosuchbatch{path}")

        assert answer.status_code == 404
        assert set(answer.json()) == {"message", "error"}

    def test_its_summary_waits_for_the_last_file(self, client: Client, make: Make) -> None:
        answer = client.get(f"/api/batches/{make(items=3).pk}/summary")

        assert answer.status_code == 404
        assert set(answer.json()) == {"message", "status", "progress"}

    def test_a_missing_summary_is_made_because_somebody_asks(
        self, client: Client, done: Make
    ) -> None:
        job = done(items=3, ms=0)
        RunSummary.objects.all().delete()
        Job.objects.update(summarised_at=None)

        first = client.get(f"/api/batches/{job.pk}/summary")
        run_slice()
        second = client.get(f"/api/batches/{job.pk}/summary")

        assert (first.status_code, first["Retry-After"]) == (202, "5")
        assert first.json() == {
            "message": "Summary is being generated. Please retry in a few seconds.",
            "retry_after": 5,
        }
        assert second.status_code == 200
        assert (second.json()["totalFiles"], second.json()["successFiles"]) == (3, 3)

    def test_that_of_an_earlier_generation_is_not_given_out_for_a_retry(
        self, client: Client, done: Make
    ) -> None:
        job = done(items=1, ms=0, failPercent=100, recovers=True)
        lifecycle.retry(job.pk, actor="user:x")
        with patch.object(Drill, "summarise", side_effect=RuntimeError("no disk")):
            run_slice()

        early = client.get(f"/api/batches/{job.pk}/summary")
        Claim.objects.all().delete()
        run_slice()
        late = client.get(f"/api/batches/{job.pk}/summary")

        assert (early.status_code, early["Retry-After"]) == (202, "5")
        assert (late.status_code, late.json()["generation"]) == (200, 2)

    def test_asking_repairs_a_job_that_should_have_ended(self, client: Client, done: Make) -> None:
        job = done(items=3, ms=0)
        Job.objects.update(state="processing", finished_at=None, summarised_at=None)
        RunSummary.objects.all().delete()

        assert client.get(f"/api/batches/{job.pk}/summary").status_code == 202
        assert Job.objects.get().state == "completed"
