"""Cancel and retry many jobs at once, over HTTP."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django_q.models import OrmQ

from jobs import bulk, lifecycle
from jobs.models import Job, JobEvent, JobItem
from jobs.runner import run_slice
from tests.jobs.conftest import Make
from tests.jobs.test_api import post
from tests.people import client_of
from tests.test_outage import another_session

pytestmark = pytest.mark.django_db

BULK = "/api/batch-jobs/bulk"


def outcomes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 200, answer.content
    return {one["id"]: one["outcome"] for one in answer.json()["results"]}


class TestIds:
    def test_each_is_told_what_happened_to_it(self, client: Client, make: Make, done: Make) -> None:
        ended = done(items=1, ms=0)
        idle, busy = make(items=3), make(inline=[{}, {}])
        lifecycle.claim_items(busy.pk, limit=1, worker="w")

        answer = post(
            client, BULK, {"action": "cancel", "ids": [ended.pk, idle.pk, busy.pk, "nosuchjob"]}
        )

        assert outcomes(answer) == {
            ended.pk: "refused",
            idle.pk: "cancelled",
            busy.pk: "cancelling",
            "nosuchjob": "not_found",
        }
        refused = answer.json()["results"][0]["message"]
        assert "completed" in refused
        assert answer.json()["counts"] == {
            "refused": 1, "cancelled": 1, "cancelling": 1, "not_found": 1
        }  # fmt: skip

    def test_one_that_somebody_holds_keeps_no_other_from_being_done(
        self, client: Client, make: Make
    ) -> None:
        jobs = [make(items=2) for _ in range(3)]
        with another_session() as other:
            other.execute("SET lock_timeout = 0")
            other.execute("BEGIN")
            other.execute("SELECT FROM jobs_job WHERE id = %s FOR NO KEY UPDATE", [jobs[0].pk])
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 200")

            answer = post(client, BULK, {"action": "cancel", "ids": [job.pk for job in jobs]})

            connection.close()
        assert outcomes(answer) == {
            jobs[0].pk: "refused",
            jobs[1].pk: "cancelled",
            jobs[2].pk: "cancelled",
        }
        assert "Somebody else is changing" in answer.json()["results"][0]["message"]

    def test_retries_ring_for_a_worker_and_name_who_did_it(
        self, client: Client, done: Make
    ) -> None:
        jobs = [done(items=2, ms=0, failPercent=100, recovers=True) for _ in range(2)]
        OrmQ.objects.all().delete()

        answer = post(client, BULK, {"action": "retry", "ids": [job.pk for job in jobs]})

        assert set(outcomes(answer).values()) == {"retried"}
        assert OrmQ.objects.count() == 1
        events = JobEvent.objects.filter(verb="retry")
        assert set(events.values_list("actor", flat=True)) == {"user:operator"}
        run_slice()
        assert set(Job.objects.values_list("state", flat=True)) == {"completed"}

    def test_a_name_given_twice_is_done_once(self, client: Client, make: Make) -> None:
        job = make(items=1)

        answer = post(client, BULK, {"action": "cancel", "ids": [job.pk, job.pk]})

        assert len(answer.json()["results"]) == 1

    def test_what_the_time_does_not_reach_is_named(self, client: Client, make: Make) -> None:
        jobs = [make(items=1).pk for _ in range(3)]

        with patch.object(bulk, "TIME_S", 0):
            answer = post(client, BULK, {"action": "cancel", "ids": jobs})

        assert set(outcomes(answer).values()) == {"not_reached"}
        assert answer.json()["left"] == 3
        assert Job.objects.open().count() == 3


class TestFilter:
    def test_all_that_match_and_can_be_changed_are(
        self, client: Client, make: Make, done: Make
    ) -> None:
        done(items=1, ms=0)
        drills = {make(items=1).pk for _ in range(3)}
        other = make("alone")

        answer = post(client, BULK, {"action": "cancel", "filter": {"type": "drill"}})

        assert set(outcomes(answer)) == drills
        other.refresh_from_db()
        assert other.is_open

    def test_what_is_left_can_be_gone_on_with(self, client: Client, make: Make) -> None:
        made = {make(items=1).pk for _ in range(5)}
        clock = iter(range(100))

        seen: list[str] = []
        body: dict[str, Any] = {"action": "cancel", "filter": {}}
        lefts = []
        with (
            patch.object(bulk, "time", SimpleNamespace(monotonic=lambda: next(clock))),
            patch.object(bulk, "BATCH", 2),
            patch.object(lifecycle, "cancel", cancel_without_a_clock),
        ):
            while True:
                answer = post(client, BULK, body).json()
                seen += [one["id"] for one in answer["results"]]
                lefts.append(answer["left"])
                if answer["nextCursor"] is None:
                    break
                body["cursor"] = answer["nextCursor"]

        assert (sorted(seen), lefts) == (sorted(made), [3, 1, 0])
        assert not Job.objects.open().exists()

    def test_one_that_is_refused_keeps_no_other_from_it(self, client: Client) -> None:
        for _ in range(2):
            job = post(client, "/api/batch-jobs", {"type": "alone"}).json()["data"]
            run_slice()
        Job.objects.update(state="failed", failed=1, succeeded=9)
        JobItem.objects.filter(position=0).update(state="failed")

        answer = post(client, BULK, {"action": "retry", "filter": {"status": "failed"}})

        assert sorted(outcomes(answer).values()) == ["refused", "retried"]
        assert outcomes(answer)[job["id"]] == "retried"


def cancel_without_a_clock(job_id: str, **_: Any) -> Job:
    Job.objects.filter(pk=job_id).update(state="cancelled", finished_at="2026-01-01T00:00Z")
    return Job.objects.get(pk=job_id)


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"action": "cancel"}, "ids"),
            ({"action": "cancel", "ids": ["a"], "filter": {}}, "filter"),
            ({"action": "explode", "ids": ["a"]}, "action"),
            ({"action": "cancel", "ids": []}, "ids"),
            ({"action": "cancel", "ids": ["a"] * 1001}, "ids"),
            ({"action": "cancel", "ids": ["a b"]}, "ids[0]"),
            ({"action": "cancel", "filter": {"what": 1}}, "filter.what"),
            ({"action": "cancel", "filter": {}, "cursor": "x"}, "cursor"),
        ],
    )
    def test_bad_input_names_its_field(
        self, client: Client, body: dict[str, Any], field: str
    ) -> None:
        answer = post(client, BULK, body)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_input")
        assert field in answer.json()["errors"]

    def test_it_asks_for_the_permission(self) -> None:
        answer = post(client_of("Viewer", "bulk viewer"), BULK, {"action": "cancel", "ids": ["a"]})

        assert answer.status_code == 403
