"""Bill stop over a simulated CC&B, read by real processes, that is cut off or loses its worker."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from batchops.ccb.bill_stop import read_agreements
from jobs import lifecycle
from jobs.models import Job
from jobs.types.bill_stop import job_type, queries
from jobs.types.bill_stop.models import BillStopConnection
from tests.ccb.conftest import (
    TODAY,
    CcbDatabase,
    make_database,  # noqa: F401  (a fixture)
    reader,  # noqa: F401  (a fixture)
    server,  # noqa: F401  (a fixture)
)
from tests.jobs.agreements import FakeBilling, press, work
from tests.jobs.harness.workers import FAST, Workers
from tests.waiting import wait_for

pytestmark = [pytest.mark.sql, pytest.mark.processes, pytest.mark.django_db]
AGREEMENTS = 60
RANGES = 4


@pytest.fixture(scope="module")
def source(make_database: Callable[[], CcbDatabase]) -> CcbDatabase:  # noqa: F811
    database = make_database()
    simulator = database.simulator(agreements=AGREEMENTS)
    simulator.prepare(today=TODAY)
    simulator.close()
    return database


@pytest.fixture
def job(client: Client, billing: FakeBilling, source: CcbDatabase, settings: Any) -> Iterator[Job]:
    """A bill-stop job that nobody has begun, of four ranges, read from the source."""
    settings.CCB_URL = source.reader_url
    settings.BILL_STOP_RANGES = RANGES
    yield Job.objects.get(pk=press(client).json()["jobId"])
    _let_in(source, allowed=True)


def _let_in(source: CcbDatabase, *, allowed: bool) -> None:
    with source.server.connect() as session:
        session.execute(f"ALTER DATABASE {source.name} ALLOW_CONNECTIONS {allowed}".encode())


class TestCutOff:
    def test_midway_it_fails_with_a_sentence_and_a_retry_reads_the_rest(
        self, job: Job, source: CcbDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        def read(span: Any, **how: Any) -> Any:
            asked.append(span.low)
            if job.generation == 1 and len(asked) == RANGES // 2:
                _let_in(source, allowed=False)
            return read_agreements(span, **how)

        monkeypatch.setattr(job_type, "read_agreements", read)
        work(job)
        assert (job.state, job.succeeded) == ("failed", RANGES // 2 - 1)
        assert job.error.startswith("CC&B (")
        assert queries.shown() is None
        _let_in(source, allowed=True)
        asked.clear()

        lifecycle.retry(job.pk, actor="user:x")
        job.refresh_from_db()

        assert work(job).state == "completed"
        assert len(asked) == RANGES // 2 + 1
        assert BillStopConnection.objects.filter(snapshot=job.pk).count() == AGREEMENTS


class TestAWorkerThatDies:
    def test_costs_nothing(self, job: Job, source: CcbDatabase) -> None:
        environment = FAST | {"CCB_URL": source.reader_url, "BILL_STOP_RANGES": str(RANGES)}

        def is_midway() -> bool:
            job.refresh_from_db()
            return job.succeeded >= 1

        def is_done() -> bool:
            workers.heal()
            job.refresh_from_db()
            return not job.is_open

        with Workers(1, environment) as workers:
            wait_for(is_midway, 30, "a range to be read")
            workers.kill(random.Random(1))
            wait_for(is_done, 40, "the job to end")

        assert (job.state, job.succeeded) == ("completed", RANGES)
        assert BillStopConnection.objects.filter(snapshot=job.pk).count() == AGREEMENTS
        assert queries.totals(job).connections == AGREEMENTS
