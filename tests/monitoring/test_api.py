"""Section 4 of the contract, as old clients call it; and the SQL printed for operators."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from batchops.live import topics
from monitoring.models import Poll
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
BASE = "/api/ami-operational/"
STEP_FIELDS = {
    "batch_code",
    "batch_name",
    "sequence_order",
    "expected_start_time",
    "expected_duration_minutes",
    "max_duration_minutes",
    "is_critical",
    "depends_on_batch",
    "can_run_multiple",
    "todayStatus",
    "allRuns",
    "totalRuns",
}
STATUS_FIELDS = {
    "status",
    "statusCode",
    "start_time",
    "end_time",
    "duration_seconds",
    "records_processed",
    "rps",
    "business_date",
    "batch_nbr",
    "thread_count",
}
LOG_FIELDS = {
    "id",
    "batch_code",
    "batch_nbr",
    "status",
    "start_time",
    "end_time",
    "duration_seconds",
    "thread_count",
    "records_processed",
    "rps",
    "business_date",
    "error_message",
    "created_at",
}


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


def data(client: Client, route: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(BASE + route, asked)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["success"] is True
    body: dict[str, Any] = answer.json()["data"]
    return body


class TestTimeline:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_has_every_field_old_clients_read(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, slash: str
    ) -> None:
        ccb.count(ccb.run("CM-DMRU", 77), 900)
        ccb.imd = 41
        poll()

        shown = data(viewer, "batch-timeline" + slash)

        assert set(shown) >= {
            "businessDate",
            "timeline",
            "timelines",
            "totalPendingIMD",
            "pendingIMDByDate",
            "currentTime",
            "lastUpdated",
        }
        assert shown["businessDate"] == TODAY.isoformat()
        assert shown["totalPendingIMD"] == 41
        first, imd, third = shown["timeline"][:3]
        assert set(first) >= STEP_FIELDS
        assert set(first["todayStatus"]) >= STATUS_FIELDS
        assert first["todayStatus"]["batch_nbr"] == 77
        assert (first["totalRuns"], len(first["allRuns"])) == (1, 1)
        assert (imd["pendingIMDCount"], imd["needsToRun"]) == (41, True)
        assert third["todayStatus"] is None
        assert shown["timelines"] == [
            {"businessDate": shown["businessDate"], "timeline": shown["timeline"]}
        ]

    def test_nothing_read_is_not_nothing_pending(self, viewer: Client) -> None:
        shown = data(viewer, "batch-timeline")

        assert shown["totalPendingIMD"] is None
        assert list(shown["pendingIMDByDate"].values()) == [None]
        assert (shown["timeline"][1]["pendingIMDCount"], shown["timeline"][1]["needsToRun"]) == (
            None,
            None,
        )

    def test_days_may_be_asked_for(self, viewer: Client, poll: MakePoll) -> None:
        poll()
        first = TODAY - timedelta(days=2)

        shown = data(viewer, "batch-timeline", **{"from": first, "to": TODAY})

        assert [t["businessDate"] for t in shown["timelines"]] == [
            (first + timedelta(days=n)).isoformat() for n in range(3)
        ]

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"date": "2026-02-30"}, "date"),
            ({"date": "0001-01-01"}, "date"),
            ({"date": "9999-12-31"}, "date"),
            ({"from": "0001-01-01", "to": "0001-01-02"}, "from"),
            ({"from": "9999-12-30", "to": "9999-12-31"}, "to"),
            ({"from": "2026-01-01"}, "to"),
            ({"from": "2026-01-01", "to": "2026-03-01"}, "to"),
            ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ],
    )
    def test_bad_days_are_refused_by_name(
        self, viewer: Client, asked: dict[str, str], field: str
    ) -> None:
        answer = viewer.get(BASE + "batch-timeline", asked)

        assert answer.status_code == 400
        assert field in answer.json()["errors"]

    def test_the_topic_sends_the_same(self, viewer: Client, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.complete("CM-DMRU")
        poll()
        found = topics.find("workflow")
        assert found is not None

        frame = found[0].read("")

        shown = data(viewer, "batch-timeline")
        assert frame is not None
        assert {k: v for k, v in frame.items() if k != "currentTime"} == {
            k: v for k, v in shown.items() if k != "currentTime"
        }


class TestRunning:
    def test_it_lists_what_runs(self, viewer: Client, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.count(ccb.run("CM-DMRU"), 900)
        ccb.complete("F1-FLUSH")
        poll()

        told = data(viewer, "running-batches")

        assert told.pop("asOf")
        assert told == {
            "stale": False,
            "count": 1,
            "batches": [
                {
                    "batchCode": "CM-DMRU",
                    "status": "Running",
                    "startTime": ccb.clock.isoformat(),
                    "businessDate": TODAY.isoformat(),
                    "totalRecords": 900,
                }
            ],
        }


class TestPendingImd:
    def test_it_is_the_count_of_the_last_reading(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.imd = 69_895
        poll()

        assert data(viewer, "pending-imd-count/")["count"] == 69_895

    def test_it_is_no_zero_when_nothing_was_read(self, viewer: Client) -> None:
        answer = viewer.get(BASE + "pending-imd-count")

        assert (answer.status_code, answer.json()["error"]) == (503, "nothing_read")


class TestLogs:
    def test_pages_follow_each_other_newest_first(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for number in range(1, 8):
            ccb.complete("F1-FLUSH", number)
            if number % 2:
                ccb.advance(seconds=30)
        poll()
        seen: list[int] = []
        cursor: dict[str, str] = {}

        while True:
            page = data(viewer, "batch-logs", limit=3, **cursor)
            seen += [log["batch_nbr"] for log in page["logs"]]
            assert page["total"] == 7
            if page["nextCursor"] is None:
                break
            cursor = {"cursor": page["nextCursor"]}

        assert len(seen) == len(set(seen)) == 7
        assert seen[0] in {6, 7}
        assert seen[-1] == 1

    def test_it_has_every_field_old_clients_read(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("C1-PPBTR", text="ORA-12545")
        poll()

        (log,) = data(viewer, "batch-logs")["logs"]

        assert set(log) >= LOG_FIELDS
        assert (log["status"], log["error_message"]) == ("Error", "ORA-12545")

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"batchCode": "CM-DMRU"}, 1),
            ({"status": "error"}, 1),
            ({"status": "30"}, 1),
            ({"status": "Complete"}, 1),
            ({"startDate": TODAY.isoformat(), "endDate": TODAY.isoformat()}, 2),
            ({"endDate": (TODAY - timedelta(days=1)).isoformat()}, 0),
        ],
    )
    def test_filters_narrow(
        self,
        viewer: Client,
        ccb: FakeCcb,
        poll: MakePoll,
        asked: dict[str, str],
        found: int,
    ) -> None:
        ccb.complete("CM-DMRU")
        ccb.fail("C1-PPBTR")
        poll()

        assert data(viewer, "batch-logs", **asked)["total"] == found

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"startDate": "yesterday"}, "startDate"),
            ({"startDate": "2026-03-02", "endDate": "2026-03-01"}, "endDate"),
            ({"status": "Great"}, "status"),
            ({"limit": "0"}, "limit"),
            ({"limit": "501"}, "limit"),
            ({"limit": "ten"}, "limit"),
            ({"cursor": "eHg="}, "cursor"),
            ({"cursor": "\u00e9"}, "cursor"),
            ({"batchCode": "x" * 41}, "batchCode"),
        ],
    )
    def test_bad_filters_are_refused_by_name(
        self, viewer: Client, asked: dict[str, str], field: str
    ) -> None:
        answer = viewer.get(BASE + "batch-logs", asked)

        assert answer.status_code == 400
        assert field in answer.json()["errors"]


class TestPrintedSql:
    """As the seed prints it for operators, word for word."""

    @pytest.mark.parametrize(
        ("statement", "rows"),
        [
            ("SELECT COUNT(*) FROM batch_workflow_config;", [(6,)]),
            ("SELECT COUNT(*) FROM batch_execution_logs;", [(1,)]),
        ],
    )
    def test_counts(
        self, ccb: FakeCcb, poll: MakePoll, statement: str, rows: list[tuple[int]]
    ) -> None:
        ccb.fail("C1-PPBTR")
        poll()

        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.fetchall() == rows

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM batch_execution_logs ORDER BY created_at DESC LIMIT 10;",
            "SELECT * FROM batch_monitoring_alerts WHERE acknowledged = false;",
        ],
    )
    def test_rows(self, ccb: FakeCcb, poll: MakePoll, statement: str) -> None:
        ccb.fail("C1-PPBTR")
        poll()

        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert len(cursor.fetchall()) == 1
