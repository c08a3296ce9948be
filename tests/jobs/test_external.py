"""Do items of external jobs from outside: one by one, and under leases."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.test import Client
from django_q.models import OrmQ

from batchops.models import Heartbeat
from jobs import lifecycle
from jobs.models import Claim, Job, JobEvent, JobItem, RunSummary
from jobs.runner import run_slice
from jobs.start import Order, start_job
from tests.jobs.conftest import Make
from tests.jobs.test_api import post
from tests.people import client_of

pytestmark = pytest.mark.django_db


def start(client: Client, items: int, **fields: Any) -> str:
    body = {"type": "external", "items": [{"n": n} for n in range(items)], **fields}
    answer = post(client, "/api/batch-jobs", body)
    assert answer.status_code == 201, answer.content
    return str(answer.json()["data"]["id"])


def process_next(client: Client, job: str, **body: Any) -> dict[str, Any]:
    answer = post(client, f"/api/batch-jobs/{job}/process-next", body)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def claim(client: Client, job: str, **body: Any) -> dict[str, Any]:
    answer = post(client, f"/api/batch-jobs/{job}/claim", body)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def report(client: Client, job: str, told: dict[str, Any], *results: Any, **more: Any) -> Any:
    path = f"/api/batch-jobs/{job}/claims/{told['claim']['token']}/results"
    return post(client, path, {"results": list(results), **more})


def ok(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"itemId": item["id"], "status": "ok", **more}


class TestBells:
    def test_one_worker_looks_at_its_many_items_and_four_at_those_of_others(
        self, client: Client
    ) -> None:
        start(client, 9)
        assert OrmQ.objects.count() == 1

        start_job(Order(type="drill", params={}, items=[{}] * 9), actor="user:ada")
        assert OrmQ.objects.count() == 4


class TestParams:
    def test_are_the_programs_own_words(self, client: Client) -> None:
        meanings: tuple[object, ...] = ("", [], "row 7")
        for meant in meanings:
            job = start(client, 1, params={"parentId": meant})

            assert client.get(f"/api/batch-jobs/{job}").json()["data"]["parentId"] is None


class TestProcessNext:
    @pytest.mark.parametrize("items", [1, 3, 10])
    def test_the_answer_to_the_last_item_says_that_the_job_is_completed(
        self, client: Client, items: int
    ) -> None:
        job = start(client, items)

        answers = []
        for _ in range(items):
            answers.append(process_next(client, job))
            stored = Job.objects.get(pk=job)
            assert (answers[-1]["status"] == "job_completed") == (stored.state == "completed")

        assert [a["status"] for a in answers] == ["processed"] * (items - 1) + ["job_completed"]
        assert [a["remainingItems"] for a in answers] == list(range(items - 1, -1, -1))
        assert answers[-1]["progress"] == {
            "total": items, "completed": items, "successful": items, "failed": 0, "percentage": 100
        }  # fmt: skip
        assert len({a["itemId"] for a in answers}) == items

    def test_a_result_is_kept_and_its_reference_answered(self, client: Client) -> None:
        job = start(client, 2)

        first = process_next(client, job, result={"conversationId": "c-1", "n": 5})
        second = process_next(client, job, result={"n": 6})

        assert (first["conversationId"], "conversationId" in second) == ("c-1", False)
        results = JobItem.objects.order_by("position").values_list("result", flat=True)
        assert list(results) == [{"conversationId": "c-1", "n": 5}, {"n": 6}]

    def test_a_failed_item_says_so_and_the_job_goes_on(self, client: Client) -> None:
        job = start(client, 2)

        first = process_next(client, job, error="No such meter.")
        second = process_next(client, job)

        assert (first["status"], first["itemStatus"], first["error"]) == (
            "processed", "failed", "No such meter."
        )  # fmt: skip
        assert (second["status"], second["jobStatus"]) == ("job_completed", "completed")
        assert Job.objects.get().state == "completed_with_errors"

    def test_a_job_that_is_over_answers_its_last_word_and_changes_nothing(
        self, client: Client
    ) -> None:
        done, cancelled, empty = start(client, 1), start(client, 2), start(client, 0)
        process_next(client, done)
        post(client, f"/api/batch-jobs/{cancelled}/cancel")
        events = JobEvent.objects.count()

        words = [process_next(client, job)["status"] for job in (done, cancelled, empty)]

        assert words == ["job_completed", "job_cancelled", "no_items"]
        assert JobEvent.objects.count() == events

    def test_items_that_others_hold_are_left_to_them(self, client: Client) -> None:
        job = start(client, 2)
        claim(client, job, limit=2)

        told = process_next(client, job)

        assert (told["status"], told["itemId"], told["remainingItems"]) == ("processed", None, 2)

    def test_a_job_that_the_cluster_runs_is_only_looked_at(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}, {}], ms=0)

        before = process_next(client, job.pk)
        run_slice()
        after = process_next(client, job.pk)

        assert (before["status"], before["itemId"], before["remainingItems"]) == (
            "processed", None, 2
        )  # fmt: skip
        assert (after["status"], after["progress"]["successful"]) == ("job_completed", 2)

    def test_a_word_about_an_item_of_the_cluster_is_refused(
        self, client: Client, make: Make
    ) -> None:
        job = make(inline=[{}])

        answer = post(client, f"/api/batch-jobs/{job.pk}/process-next", {"result": {}})

        assert answer.status_code == 400
        assert "result" in answer.json()["errors"]

    def test_the_summary_comes_from_a_worker(self, client: Client) -> None:
        process_next(client, start(client, 1))

        run_slice()

        assert RunSummary.objects.get().succeeded == 1


class TestNoCluster:
    def test_works_on_an_external_job_or_is_needed_for_it(self, client: Client) -> None:
        Heartbeat.objects.all().delete()
        job = start(client, 3)

        run_slice()

        assert Job.objects.get(pk=job).state == "pending"
        assert not JobItem.objects.exclude(state="pending").exists()


class TestClaim:
    def test_items_come_with_what_is_needed_to_do_and_report_them(self, client: Client) -> None:
        job = start(client, 3)

        told = claim(client, job, limit=2)

        assert [(i["position"], i["params"], i["attempt"]) for i in told["items"]] == [
            (0, {"n": 0}, 1), (1, {"n": 1}, 1)
        ]  # fmt: skip
        assert told["claim"]["leaseSeconds"] == 60
        assert (told["status"], told["jobStatus"]) == ("processed", "processing")

    def test_reports_may_come_in_parts_and_the_last_ends_the_job(self, client: Client) -> None:
        job = start(client, 3)
        told = claim(client, job, limit=3)
        a, b, c = told["items"]

        first = report(client, job, told, ok(b, result={"x": 1})).json()
        again = report(client, job, told, ok(b)).json()
        last = report(
            client, job, told, ok(a), {"itemId": c["id"], "status": "failed", "error": "Broken."}
        ).json()

        assert (first["accepted"], first["held"], first["status"]) == (1, 2, "processed")
        assert (again["accepted"], again["repeated"]) == (0, 1)
        assert (last["held"], last["status"], last["remainingItems"]) == (0, "job_completed", 0)
        states = JobItem.objects.order_by("position").values_list("state", "result", "error")
        assert list(states) == [
            ("succeeded", None, ""), ("succeeded", {"x": 1}, ""), ("failed", None, "Broken.")
        ]  # fmt: skip
        assert not Claim.objects.exists()

    def test_what_is_released_others_may_take(self, client: Client) -> None:
        job = start(client, 2)
        told = claim(client, job, limit=2)

        answer = report(client, job, told, ok(told["items"][0]), release=True).json()

        assert (answer["held"], answer["remainingItems"]) == (0, 1)
        again = claim(client, job, limit=5)["items"]
        assert [(item["position"], item["attempt"]) for item in again] == [(1, 1)]

    def test_a_heartbeat_prolongs_the_lease_and_tells_of_a_cancel(self, client: Client) -> None:
        job = start(client, 2)
        told = claim(client, job)
        Claim.objects.update(expires_at=Now() + timedelta(seconds=1))
        path = f"/api/batch-jobs/{job}/claims/{told['claim']['token']}/heartbeat"

        calm = post(client, path).json()
        post(client, f"/api/batch-jobs/{job}/cancel")
        warned = post(client, path).json()

        assert (calm["cancelRequested"], warned["cancelRequested"]) == (False, True)
        held = Claim.objects.get()
        assert held.expires_at - held.heartbeat_at == timedelta(seconds=60)

    def test_a_lease_that_ran_out_is_given_to_others_and_its_report_refused(
        self, client: Client
    ) -> None:
        job = start(client, 1)
        late = claim(client, job)
        Claim.objects.update(expires_at=Now() - timedelta(seconds=1))

        taken = claim(client, job)
        answer = report(client, job, late, ok(late["items"][0]))

        assert taken["items"][0]["id"] == late["items"][0]["id"]
        assert (answer.status_code, answer.json()["error"]) == (409, "lost_claim")
        assert JobItem.objects.get().state == "running"
        refused = JobEvent.objects.get(verb="refuse")
        assert (refused.actor, "1 items" in refused.reason) == ("user:operator", True)

    def test_of_reports_that_are_refused_one_is_recorded_for_each_caller(
        self, client: Client
    ) -> None:
        job = start(client, 1)
        held = claim(client, job)
        lost = {"claim": {"token": uuid4()}}
        before = JobEvent.objects.count()

        answers = [report(client, job, lost)] + [
            report(client, job, lost, ok(held["items"][0])) for _ in range(5)
        ]

        assert {answer.status_code for answer in answers} == {409}
        assert JobEvent.objects.filter(verb="refuse").count() == 1
        assert JobEvent.objects.count() == before + 1

    def test_one_whose_holder_vanished_three_times_fails(self, client: Client) -> None:
        job = start(client, 1)
        for _ in range(4):
            assert claim(client, job)["claim"]
            Claim.objects.update(expires_at=Now() - timedelta(seconds=1))

        told = claim(client, job)

        assert (told["claim"], told["status"], told["jobStatus"]) == (
            None, "job_completed", "failed"
        )  # fmt: skip

    def test_after_a_wish_to_cancel_nothing_is_given_out(self, client: Client) -> None:
        job = start(client, 3)
        told = claim(client, job)
        post(client, f"/api/batch-jobs/{job}/cancel")

        refused = claim(client, job)
        answer = report(client, job, told, release=True).json()

        assert (refused["claim"], refused["cancelRequested"]) == (None, True)
        assert answer["status"] == "job_cancelled"

    def test_a_wish_that_is_seen_in_the_taking_gives_it_back(self, client: Client) -> None:
        job = start(client, 3)
        Job.objects.update(cancel_requested_at=Now())  # the cancel has not reached the items yet

        assert lifecycle.take(job, limit=3, worker="outside:x") is None

        stored = Job.objects.get()
        assert (stored.state, stored.cancelled) == ("cancelled", 3)
        assert not Claim.objects.exists()

    def test_a_claim_belongs_to_its_job(self, client: Client) -> None:
        mine, other = start(client, 1), start(client, 1)
        told = claim(client, mine)

        answer = report(client, other, told, ok(told["items"][0]))

        assert answer.status_code == 409
        assert JobItem.objects.get(job=mine).state == "running"

    def test_a_report_with_one_foreign_item_counts_for_none(self, client: Client) -> None:
        job = start(client, 2)
        told = claim(client, job)
        foreign = JobItem.objects.get(job=job, position=1).pk

        answer = report(client, job, told, ok(told["items"][0]), ok({"id": foreign}))

        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["results[1].itemId"]
        assert JobItem.objects.get(position=0).state == "running"

    def test_tokens_nobody_gave_out_are_refused(self, client: Client) -> None:
        job = start(client, 1)
        path = f"/api/batch-jobs/{job}/claims"

        assert post(client, f"{path}/{uuid4()}/heartbeat").status_code == 409
        assert post(client, f"{path}/{uuid4()}/results").status_code == 409
        assert post(client, f"{path}/zzz/results").status_code == 400

    def test_items_of_the_cluster_are_not_given_out(self, client: Client, make: Make) -> None:
        job = make(inline=[{}])

        answer = post(client, f"/api/batch-jobs/{job.pk}/claim")

        assert (answer.status_code, answer.json()["error"]) == (409, "done_by_cluster")

    def test_it_asks_for_the_permission(self, client: Client) -> None:
        job = start(client, 1)
        viewer, operator = client_of("Viewer", "viewer 2"), client_of("Operator", "operator 2")

        answers = [
            post(person, f"/api/batch-jobs/{job}/{way}").status_code
            for person in (viewer, operator)
            for way in ("claim", "process-next")
        ]

        assert answers == [403, 403, 200, 200]
        lifecycle.cancel(job, actor="user:x")
