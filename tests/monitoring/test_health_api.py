"""How well batches went and how fast, as programs ask: batch-health and batch-performance."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from monitoring.models import Poll
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


class TestHealth:
    def test_it_counts_what_ended_with_a_result(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for number in range(3):
            key = ccb.run("CM-DMRU", number)
            ccb.advance(seconds=100)
            ccb.count(key, 500)
            ccb.complete("CM-DMRU", number)
        ccb.fail("CM-DMRU", 9)
        ccb.run("D1-IMD")
        poll()
        ccb.advance(seconds=60)
        ccb.run("CM-DMRU", 9, status="20", ended_at=None)
        poll()

        body = viewer.get("/api/ami-operational/batch-health?days=2").json()["data"]

        assert body["summary"] == [
            {
                "batch_code": "CM-DMRU",
                "total_runs": 3,
                "successful_runs": 3,
                "failed_runs": 0,
                "success_rate": 100.0,
                "avg_duration": 100,
                "avg_rps": 5.0,
            }
        ]
        assert body["period"] == "Last 2 days"
        assert [(one["batch_nbr"], one["repaired"]) for one in body["recentFailures"]] == [
            (9, False)
        ]

    def test_a_failure_is_repaired_once_it_is_complete_and_keeps_its_message(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU", 9)
        ccb.fail("CM-DMRU", 9, text="ORA-01652: unable to extend")
        poll()
        told = []
        for status, ended_at in (("20", None), ("40", ccb.clock + timedelta(seconds=90))):
            ccb.advance(seconds=60)
            ccb.run("CM-DMRU", 9, status=status, ended_at=ended_at)
            poll()
            body = viewer.get("/api/ami-operational/batch-health?days=2").json()["data"]
            (failure,) = body["recentFailures"]
            told.append((failure["repaired"], "ORA-01652" in (failure["error_message"] or "")))

        assert told == [(False, True), (True, True)]

    @pytest.mark.parametrize("days", ["0", "367", "x"])
    def test_days_have_bounds(self, viewer: Client, days: str) -> None:
        answer = viewer.get(f"/api/ami-operational/batch-health?days={days}")

        assert answer.status_code == 400
        assert "days" in answer.json()["errors"]


class TestPerformance:
    def test_it_tells_the_pace_of_each_run_of_the_days(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.advance(seconds=100)
        ccb.count(key, 500)
        ccb.complete("CM-DMRU")
        poll()

        body = _performance(viewer)
        before = _performance(viewer, endDate=TODAY - timedelta(days=1))

        (row,) = body["performance"]
        assert {name: row[name] for name in ("batchCode", "status", "statusCode")} == {
            "batchCode": "CM-DMRU",
            "status": "Complete",
            "statusCode": "40",
        }
        assert (row["totalDuration"], row["totalRecords"], row["rps"]) == (100, 500, 5.0)
        assert row["businessDate"] == TODAY.isoformat()
        week = {"startDate": str(TODAY - timedelta(days=6)), "endDate": str(TODAY)}
        assert body["dateRange"] == week
        assert (body["total"], before["total"]) == (1, 0)

    @pytest.mark.parametrize(
        "asked",
        [
            {"startDate": "2026-02-02", "endDate": "2026-02-01"},
            {"startDate": "2025-01-01", "endDate": "2026-02-01"},
            {"endDate": "soon"},
        ],
    )
    def test_bad_days_are_refused_by_name(self, viewer: Client, asked: dict[str, str]) -> None:
        answer = viewer.get("/api/ami-operational/batch-performance", asked)

        assert answer.status_code == 400
        assert "endDate" in answer.json()["errors"]


def _performance(viewer: Client, **asked: date) -> dict[str, Any]:
    body: dict[str, Any] = viewer.get(
        "/api/ami-operational/batch-performance", {k: str(v) for k, v in asked.items()}
    ).json()["data"]
    return body
