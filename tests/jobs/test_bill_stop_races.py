"""Press bill stop's button from two processes at once, round after round."""

import multiprocessing
import os
import threading
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from rest_framework.throttling import SimpleRateThrottle

from batchops.models import Heartbeat
from jobs import lifecycle
from jobs.models import Job
from tests.jobs.agreements import FakeBilling, press

pytestmark = [pytest.mark.sql, pytest.mark.processes, pytest.mark.django_db]

ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "20"))
PRESSES = 8
PROCESSES = 2


def press_at_once(client: Client, barrier: Barrier, answers: Any) -> None:
    """Press in each round with half of the eight threads; the parent is the ninth to wait."""
    connections.close_all()

    def play() -> None:
        connection.ensure_connection()
        for number in range(ROUNDS):
            barrier.wait()
            answer = press(client)
            body = answer.json()
            holder = body.get("jobId") or body["running"]["jobId"]
            answers.put((number, answer.status_code, holder))
            barrier.wait()
        connections.close_all()

    threads = [threading.Thread(target=play) for _ in range(PRESSES // PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestEightPressesAtOnce:
    def test_start_one_job_and_seven_are_told_which(
        self, client: Client, billing: FakeBilling, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(SimpleRateThrottle, "allow_request", lambda *_: True)
        Heartbeat.objects.update(beat_at=timezone.now() + timedelta(hours=1))
        context = multiprocessing.get_context("fork")
        barrier, answers = context.Barrier(PRESSES + 1, timeout=60), context.Queue()
        connections.close_all()
        both = [
            context.Process(target=press_at_once, args=(client, barrier, answers))
            for _ in range(PROCESSES)
        ]
        for process in both:
            process.start()

        for number in range(ROUNDS):
            barrier.wait()
            barrier.wait()
            got = [answers.get(timeout=20) for _ in range(PRESSES)]
            job = Job.objects.open().get()
            assert sorted(got) == [(number, 200, job.pk)] + [(number, 409, job.pk)] * 7
            lifecycle.cancel(job.pk, actor="user:x")

        for process in both:
            process.join(30)
        assert [process.exitcode for process in both] == [0, 0]
        assert Job.objects.count() == ROUNDS
