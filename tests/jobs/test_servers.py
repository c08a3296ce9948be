"""Ask real web servers: many programs that wait at one, and two at once for the same thing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from batchops.access import create_token
from batchops.models import Heartbeat, User
from jobs import lifecycle
from jobs.lifecycle import NewJob, Outcome
from jobs.models import Claim, Job
from tests.embedded import ROOT
from tests.jobs.conftest import Make
from tests.waiting import wait_for
from tests.web_process import WebProcess

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

WAITERS = 24
ROUNDS = 20
Call = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def servers(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[WebProcess]]:
    folder = tmp_path_factory.mktemp("web")
    with django_db_blocker.unblock():
        described = dict(connection.settings_dict)
    both = [
        WebProcess(
            database=described,
            log=folder / f"{name}.log",
            BATCHOPS_DATA_DIR=str(folder),
            DJANGO_SETTINGS_MODULE="tests.jobs.harness.settings",
        )
        for name in ("one", "two")
    ]
    with ThreadPoolExecutor() as pool:
        list(pool.map(WebProcess.start, both))
    yield both
    for server in both:
        server.stop()


@pytest.fixture
def web(servers: list[WebProcess]) -> WebProcess:
    return servers[0]


@pytest.fixture
def token(_django_db_helper: None) -> str:
    return create_token(user=User.objects.create_superuser("operator"), name="waiter")


@pytest.fixture
def call(token: str, servers: list[WebProcess]) -> Call:
    """Call the API as a program, at the first server unless `at` says otherwise."""
    now = timezone.now()
    Heartbeat.objects.create(
        part="jobs", host="test", pid=1, started_at=now, beat_at=now, workers=4
    )

    def post(
        path: str, *, at: int = 0, timeout_s: float = 30, once: str = "", **body: Any
    ) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{servers[at].origin}/api/batch-jobs/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
        )
        if once:
            request.add_header("Idempotency-Key", once)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                told: dict[str, Any] = json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            told = json.loads(refused.read())
        return told

    return post


def at_both(call: Call, path: str, **body: Any) -> list[dict[str, Any]]:
    """Make the same call at both servers at the same moment."""
    barrier = threading.Barrier(2)

    def one(at: int) -> dict[str, Any]:
        barrier.wait()
        return call(path, at=at, **body)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, (0, 1)))


def external(empty: int, *others: dict[str, Any]) -> Job:
    items = [*[{}] * empty, *others]
    new = NewJob(type="external", title="x", params={}, created_by="user:x", items=items)
    return lifecycle.create(new)


def sessions() -> list[str]:
    """Return what the server's connections do now, this one's aside."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name <> 'batchops live'"
        )
        return [row[0] for row in cursor.fetchall()]


def connected(web: WebProcess) -> int:
    """Count the clients of a server."""
    lines = psutil.Process(web.pid).net_connections()
    return sum(one.laddr[1] == web.port and one.status == "ESTABLISHED" for one in lines)


def wait_until_held(web: WebProcess, requests: int) -> None:
    """Wait until so many requests have come and none of them is being answered."""
    wait_for(lambda: connected(web) == requests, 10, f"{requests} requests to arrive")
    wait_for(lambda: "active" not in sessions(), 10, "them to be held")


class TestProcessNext:
    def test_it_waits_for_the_cluster_and_tells_what_changed(
        self, call: Call, make: Make, web: WebProcess
    ) -> None:
        lease = lifecycle.claim_items(make(inline=[{}, {}]).pk, limit=2, worker="w")
        assert lease is not None

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(call, f"{lease.job.pk}/process-next")
            wait_until_held(web, 1)
            first, second = (Outcome(item.id, "succeeded") for item in lease.items)
            lifecycle.settle(lease, [first], ends=False)
            told = waiting.result()
        lifecycle.settle(lease, [second], ends=True)

        assert (told["status"], told["remainingItems"]) == ("processed", 1)
        assert told["progress"]["completed"] == 1
        assert call(f"{lease.job.pk}/process-next")["status"] == "job_completed"

    def test_after_two_seconds_it_says_that_nothing_did(self, call: Call, make: Make) -> None:
        job = make(inline=[{}])
        began_at = time.monotonic()

        told = call(f"{job.pk}/process-next")

        assert 1.9 < time.monotonic() - began_at < 4
        assert (told["status"], told["remainingItems"]) == ("processed", 1)


class TestClaim:
    def test_many_wait_without_a_connection_and_the_first_items_go_to_one_each(
        self, call: Call, web: WebProcess
    ) -> None:
        job = external(2)
        held = lifecycle.take(job.pk, limit=2, worker="outside:other")
        assert held is not None
        before = len(sessions())  # of other tests' servers, which live as long as all tests

        with ThreadPoolExecutor(WAITERS) as pool:
            waiting = [pool.submit(call, f"{job.pk}/claim", wait=20) for _ in range(WAITERS)]
            wait_until_held(web, WAITERS)
            threads = psutil.Process(web.pid).num_threads
            wait_for(lambda: threads() < WAITERS, 10, "no thread to wait with them")
            most = before + settings.DATABASE_POOL["max_size"]
            wait_for(lambda: len(sessions()) <= most, 10, "connections to be given back")
            assert call("bulk", action="cancel", ids=["nosuchjob"])["counts"] == {"not_found": 1}
            lifecycle.settle(held, [], ends=True, unbegun=[item.id for item in held.items])
            given_out = Claim.objects.filter(worker="outside:token:operator/waiter")
            wait_for(lambda: given_out.count() == 2, 5, "two of them to be given an item")
            lifecycle.cancel(job.pk, actor="user:x")
            told = [one.result() for one in waiting]

        given = [one["items"][0]["id"] for one in told if one["claim"]]
        assert sorted(given) == sorted(item.id for item in held.items)

    def test_a_caller_who_left_is_given_nothing(self, call: Call, web: WebProcess) -> None:
        job = external(1)
        held = lifecycle.take(job.pk, limit=1, worker="outside:other")
        assert held is not None

        with pytest.raises(TimeoutError):
            call(f"{job.pk}/claim", wait=20, timeout_s=1)
        wait_for(lambda: not connected(web), 5, "the server to see it")
        # One that is answered came after: by then the server has dealt with who left.
        call("bulk", action="cancel", ids=["nosuchjob"])
        lifecycle.settle(held, [], ends=True, unbegun=[held.items[0].id])

        assert call(f"{job.pk}/claim", wait=0)["claim"] is not None

    def test_a_server_that_stops_answers_who_waits(self, call: Call, web: WebProcess) -> None:
        job = external(1)
        assert lifecycle.take(job.pk, limit=1, worker="outside:other") is not None

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(call, f"{job.pk}/claim", wait=25)
            wait_until_held(web, 1)
            assert web.stop(timeout_s=10) == 0
            told = waiting.result(timeout=5)
        web.start()

        assert (told["claim"], told["status"]) == (None, "processed")


class TestTheWorkerOfTheDocs:
    PAGE = (ROOT / "docs/api.md").read_text().partition("## Batch jobs")[2]
    TEXT = PAGE.partition("```python\n")[2].partition("```")[0]

    def test_it_does_a_job_whose_first_worker_was_killed_midway(
        self, web: WebProcess, token: str
    ) -> None:
        job = external(2, {"number": 12})
        took = self.TEXT.replace("results = [", "input()\n        results = [", 1)
        killed = self.begin(took, job, web, token)
        wait_for(job.claims.exists, 20, "the first worker to take items")
        killed.kill()
        killed.communicate()
        job.claims.update(expires_at=timezone.now())

        told, _ = self.begin(self.TEXT, job, web, token).communicate(timeout=30)

        assert told == "job_completed\n"
        kept = list(job.items.order_by("position").values_list("result", "error"))
        assert kept == [(None, "It has no number.")] * 2 + [({"square": 144}, "")]

    def begin(self, text: str, job: Job, web: WebProcess, token: str) -> subprocess.Popen[str]:
        environment = os.environ | {
            "BATCHOPS_JOB": f"{web.origin}/api/batch-jobs/{job.pk}",
            "BATCHOPS_TOKEN": token,
        }
        return subprocess.Popen(
            [sys.executable, "-c", text],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip


class TestAHeldRow:
    """Somebody's transaction stands still with the rows of three jobs in its hand."""

    def test_who_would_move_them_is_told_to_try_again_and_other_jobs_go_on(
        self, call: Call, done: Make
    ) -> None:
        waits, stops, over = external(1), external(1), done(items=1, ms=0, failPercent=100)
        moves = [
            (f"{waits.pk}/claim", {"limit": 1}),
            (f"{stops.pk}/cancel", {}),
            (f"{over.pk}/retry", {}),
        ]
        other = external(1)
        with psycopg.connect(**connection.get_connection_params()) as holder:
            rows = "SELECT 1 FROM jobs_job WHERE id = ANY(%s) FOR UPDATE"
            holder.execute(rows, [[waits.pk, stops.pk, over.pk]])
            with ThreadPoolExecutor() as pool:
                told = list(pool.map(lambda move: call(move[0], **move[1]), moves))
            assert call(f"{other.pk}/process-next")["jobStatus"] == "completed"
        assert {one["error"] for one in told} == {"unavailable"}
        assert all("Somebody else" in one["message"] for one in told)
        assert all(call(path, **body)["success"] for path, body in moves)


class TestTwoAtOnce:
    def test_one_of_two_starts_a_single_flight_job_and_the_other_is_told_who_runs(
        self, call: Call
    ) -> None:
        for _ in range(ROUNDS):
            answers = at_both(call, "", type="alone")

            started, refused = sorted(answers, key=lambda answer: not answer["success"])
            assert (started["success"], refused["error"]) == (True, "already_running")
            assert refused["running"]["jobId"] == started["data"]["id"]
            assert refused["running"]["startedBy"] == "token:operator/waiter"
            lifecycle.cancel(started["data"]["id"], actor="user:x")
        assert Job.objects.count() == ROUNDS

    def test_one_idempotency_key_makes_one_job(self, call: Call) -> None:
        for number in range(ROUNDS):
            answers = at_both(call, "", once=f"key-{number}", type="drill", params={"items": 1})

            assert len({answer["data"]["id"] for answer in answers}) == 1
        assert Job.objects.count() == ROUNDS

    def test_every_item_is_done_by_one_call_and_the_last_says_so(self, call: Call) -> None:
        for _ in range(ROUNDS // 4):
            job = external(7)

            told: list[dict[str, Any]] = []
            while not told or any(one["status"] == "processed" for one in told[-2:]):
                told += at_both(call, f"{job.pk}/process-next")

            done = [one["itemId"] for one in told if one["itemId"]]
            assert sorted(done) == sorted(job.items.values_list("pk", flat=True))
            job.refresh_from_db()
            assert (job.state, job.succeeded) == ("completed", 7)
            assert job.events.filter(verb="finish").count() == 1

    def test_one_press_of_two_starts_the_follow_up(self, call: Call, done: Make) -> None:
        job = done(items=1, ms=0)
        for _ in range(ROUNDS // 2):
            answers = at_both(call, f"{job.pk}/enrich")

            assert sorted(answer["success"] for answer in answers) == [False, True]
            child = Job.objects.open().get()
            assert child.parent_id == job.pk
            lifecycle.cancel(child.pk, actor="user:x")
