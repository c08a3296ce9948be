"""Bill stop through its API and its pages, reading made agreements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from batchops.ccb.bill_stop import IDS, IdRange, Reading
from batchops.ccb.errors import CcbError
from batchops.ccb.failures import failure
from batchops.models import Heartbeat
from jobs import lifecycle
from jobs.errors import ItemFailed
from jobs.models import Job, Schedule
from jobs.types.bill_stop import lifecycle as snapshots
from jobs.types.bill_stop import queries
from jobs.types.bill_stop.job_type import BillStop
from jobs.types.bill_stop.models import BillStopConnection, BillStopSnapshot
from tests.jobs.agreements import (
    BATCH,
    DAY,
    RANGES,
    FakeBilling,
    agreement,
    press,
    run,
    work,
)
from tests.unguarded import unguarded

pytestmark = [pytest.mark.sql, pytest.mark.django_db]


def get(client: Client, path: str = "") -> dict[str, Any]:
    answer = client.get(f"{BATCH}{path}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def cut_off(billing: FakeBilling, *, since: int) -> None:
    """Let CC&B be away for ranges that begin at `since` quarters of all ids or later."""

    def away(span: IdRange) -> CcbError | None:
        return failure("ccb_connection_lost") if span.low >= IDS * since // 4 else None

    billing.fails = away


class TestLists:
    def test_are_those_of_the_newest_run_that_completed(
        self, client: Client, billing: FakeBilling
    ) -> None:
        assert get(client)["batchInfo"] is None
        first = run(client)
        seen: list[Any] = []
        billing.agreements = [agreement(n, of=8, crp="4711") for n in range(8)]

        def look(span: IdRange) -> None:
            seen.append((get(client, "/status"), get(client)))

        billing.fails = look

        second = run(client)

        assert [len(lists["details"]) for _, lists in seen] == [30] * RANGES
        assert {lists["batchInfo"]["detailsCount"] for _, lists in seen} == {30}
        assert all(status["isRunning"] for status, _ in seen)
        progress = [status["latestBatch"]["progressPercent"] for status, _ in seen]
        assert progress == sorted(progress) and progress[-1] > 0
        after = get(client)
        assert [crp["CRP_ACCOUNT_NO"] for crp in after["summary"]] == ["4711"]
        assert (first.state, second.state) == ("completed", "completed")

    def test_add_up_and_name_every_field(self, client: Client, billing: FakeBilling) -> None:
        run(client)

        lists = get(client)

        assert lists["statistics"] == {
            "totalCRPs": 3,
            "totalCPCs": 30,
            "totalBillStopIssues": 6,
            "totalActiveBilling": 24,
            "billStopPercentage": 20.0,
        }
        assert lists["summary"][0] == {
            "CRP_ACCOUNT_NO": "30000000",
            "TOTAL_CPC_COUNT": 10,
            "BILL_STOP_COUNT": 2,
            "ACTIVE_BILLING_COUNT": 8,
            "BILL_STOP_PERCENTAGE": 20.0,
        }
        assert lists["details"][0] == {
            "CRP_ACCOUNT_NO": "30000000",
            "CPC_CUSTOMER_NO": "20000000",
            "METER_NO": "00000000",
            "CUSTOMER_NAME": "Tea stall 0007",
            "ADDRESS": "House 7, Dhaka",
            "NOCS_NAME": "NOCS North 1",
            "PHONE_NO": "01000000007",
            "SA_STATUS_DESC": "Active",
            "LAST_BILL_DATE": "2026-11-13",
            "DAYS_SINCE_BILL": 9,
            "BILLING_STATUS": "Bill Stop Issue",
            "REASON": "segment_in_error",
            "CURRENT_BALANCE": -123.45,
        }
        assert lists["batchInfo"]["summaryCount"] == 3
        one = get(client, "?crp=30000001")
        assert {row["CRP_ACCOUNT_NO"] for row in one["details"]} == {"30000001"}
        assert get(client, "?crp=&batchDate=")["details"] == lists["details"]

    def test_of_a_day_are_found_by_it(self, client: Client, billing: FakeBilling) -> None:
        today = queries.batch_date(run(client))

        assert len(get(client, f"?batchDate={today}")["details"]) == 30
        answer = client.get(f"{BATCH}?batchDate={today - timedelta(days=1)}")
        assert (answer.status_code, answer.json()["error"]) == (404, "no_lists")
        for odd in ("0001-01-01", "9999-12-31", "tomorrow"):
            assert "batchDate" in client.get(f"{BATCH}?batchDate={odd}").json()["errors"]

    def test_do_not_change_when_a_range_is_read_again_or_too_late(
        self, client: Client, billing: FakeBilling
    ) -> None:
        job = Job.objects.get(pk=press(client).json()["jobId"])
        span = IdRange(0, IDS // 2)
        reading = billing.read_agreements(span)
        for _ in range(2):
            snapshots.keep_range(job, span, reading)
        assert BillStopConnection.objects.count() == len(reading.agreements)
        work(job)

        with pytest.raises(ItemFailed, match="ended meanwhile"):
            snapshots.keep_range(job, span, reading)

        assert len(get(client)["details"]) == 30

    def test_count_days_to_the_one_on_which_a_retry_read_them(
        self, client: Client, billing: FakeBilling
    ) -> None:
        job = Job.objects.get(pk=press(client).json()["jobId"])
        late = agreement(1, of=2, last_bill_on=DAY + timedelta(days=2))
        snapshots.keep_range(job, IdRange(0, 1), Reading(DAY, []))

        snapshots.keep_range(job, IdRange(2, IDS), Reading(DAY + timedelta(days=2), [late]))

        assert BillStopConnection.objects.get().days_since_bill == 0

    def test_old_ones_go_with_their_job_s_items_but_never_the_last_good_ones(
        self, client: Client, billing: FakeBilling
    ) -> None:
        old, shown = run(client), run(client)
        Job.objects.update(items_removed_at=timezone.now())

        removed = snapshots.remove_lists(but=shown.pk)

        assert removed == 1
        kept = set(BillStopConnection.objects.values_list("snapshot", flat=True))
        assert kept == {shown.pk}
        assert BillStopSnapshot.objects.get(pk=old.pk).details_count == 30
        assert len(get(client)["details"]) == 30


class TestAFailedRun:
    def test_says_why_keeps_the_old_lists_and_goes_on_when_retried(
        self, client: Client, billing: FakeBilling
    ) -> None:
        run(client)
        billing.agreements = [agreement(n, of=8, crp="4711") for n in range(8)]
        cut_off(billing, since=2)

        failed = run(client)

        newest = get(client, "/status")["latestBatch"]
        assert (failed.state, newest["status"]) == ("failed", "failed")
        assert "the connection was lost while reading" in newest["errorMessage"]
        assert {crp["CRP_ACCOUNT_NO"] for crp in get(client)["summary"]} != {"4711"}
        alert = Alert.objects.get(rule="JOB_FAILED", key=f"job:{failed.pk}")
        assert alert.severity == "CRITICAL"
        assert "Last Job Failed (" in client.get("/admin/bill-stop/").content.decode()

        billing.fails = lambda span: None
        billing.asked.clear()
        lifecycle.retry(failed.pk, actor="user:x")

        assert work(failed).state == "completed"
        assert [span.low * 4 // IDS for span in sorted(billing.asked)] == [2, 3]
        assert [crp["TOTAL_CPC_COUNT"] for crp in get(client)["summary"]] == [8]

    def test_brings_nothing_old_back_when_it_is_retried_after_a_newer_one(
        self, client: Client, billing: FakeBilling
    ) -> None:
        cut_off(billing, since=2)
        failed = run(client)
        billing.fails = lambda span: None
        newer = run(client)

        lifecycle.retry(failed.pk, actor="user:x")

        status, refused = get(client, "/status"), press(client).json()
        assert status["isRunning"] is True
        assert status["latestBatch"]["jobId"] == refused["running"]["jobId"] == failed.pk
        assert "Job Running..." in client.get("/admin/bill-stop/").content.decode()
        assert work(failed).state == "completed"
        assert queries.shown() == newer
        assert get(client, "/status")["latestBatch"]["jobId"] == newer.pk

    def test_with_one_range_that_no_worker_survived_is_a_failed_run_too(
        self, client: Client, billing: FakeBilling
    ) -> None:
        run(client)
        job = Job.objects.get(pk=press(client).json()["jobId"])
        billing.fails = lambda span: None
        for _ in range(2):
            lease = lifecycle.claim_expansion(job.pk, worker="w")
            if lease:
                lifecycle.add_items(lease, list(BillStop().items(job, 0)), start=0)
                lifecycle.close_expansion(lease)
        lease = lifecycle.claim_items(job.pk, limit=1, worker="w")
        assert lease is not None
        outcome = lifecycle.Outcome(lease.items[0].id, "failed", error="It ran too long.")
        lifecycle.settle(lease, [outcome], ends=True)

        assert work(job).state == "completed_with_errors"
        newest = get(client, "/status")["latestBatch"]
        assert newest["status"] == "failed"
        assert "1 of 4 ranges could not be read" in newest["errorMessage"]
        assert get(client)["batchInfo"]["detailsCount"] == 30

    def test_after_a_refused_login_only_a_person_makes_us_log_in_again(
        self, client: Client, billing: FakeBilling
    ) -> None:
        billing.fails = lambda span: failure("ccb_login_wrong")
        assert run(client).state == "failed"
        assert len(billing.asked) == 1
        billing.asked.clear()

        for _ in range(2):
            new = lifecycle.NewJob(
                type="bill-stop", title="t", params={}, created_by="system:schedule/nightly"
            )
            nightly = work(lifecycle.create(new))
            assert "no scheduled job logs in again" in nightly.error
        assert billing.asked == []
        lifecycle.retry(nightly.pk, actor="user:x")
        assert "user name or password is wrong" in work(nightly).error
        assert len(billing.asked) == 1

        billing.fails = lambda span: None
        lifecycle.retry(nightly.pk, actor="user:x")
        assert work(nightly).state == "completed"
        assert work(lifecycle.create(new)).state == "completed"

    def test_a_read_that_takes_too_long_is_read_in_halves(
        self, client: Client, billing: FakeBilling
    ) -> None:
        widest = IDS // RANGES // 2

        def slow(span: IdRange) -> CcbError | None:
            return failure("ccb_call_timeout") if span.high - span.low > widest else None

        billing.fails = slow

        assert run(client).state == "completed"
        assert len(get(client)["details"]) == 30
        assert len(billing.asked) == 3 * RANGES


class TestTrigger:
    def test_a_second_press_is_told_who_holds_it_and_to_wait(
        self, client: Client, billing: FakeBilling
    ) -> None:
        job_id = press(client).json()["jobId"]

        refused = press(client)

        body = refused.json()
        assert (refused.status_code, body["error"]) == (409, "already_running")
        assert body["running"]["jobId"] == job_id
        assert body["running"]["status"] == "running"
        assert set(body["running"]) == {
            "jobId", "startTime", "startedBy", "status", "progressPercent", "etaSeconds"
        }  # fmt: skip
        for said in ("started at", "by you", "0% done", "Wait until it has ended"):
            assert said in body["message"]

    def test_without_a_worker_or_a_source_it_says_which(
        self, client: Client, billing: FakeBilling, settings: Any
    ) -> None:
        Heartbeat.objects.all().delete()
        no_worker = press(client)
        settings.CCB_URL = ""
        no_source = press(client)

        assert (no_worker.status_code, no_source.status_code) == (503, 503)
        assert "manage.py cluster jobs" in no_worker.json()["message"]
        assert "No CC&B is configured" in no_source.json()["message"]
        assert not Job.objects.exists()

    def test_the_status_is_one_look_into_an_index(
        self, client: Client, billing: FakeBilling, django_assert_num_queries: Any
    ) -> None:
        run(client)

        with django_assert_num_queries(1):
            job = queries.latest()
            assert job is not None and queries.figures(job) is not None

    def test_history_is_newest_first(self, client: Client, billing: FakeBilling) -> None:
        ids = [run(client).pk for _ in range(3)]

        history = get(client, "/history?limit=2")["history"]

        assert [one["id"] for one in history] == ids[:0:-1]
        assert history[0]["detailsCount"] == 30 and history[0]["durationSeconds"] is not None
        assert client.get(f"{BATCH}/history?limit=0").status_code == 400


class TestNightly:
    def test_is_planned_once_and_on_where_there_is_a_source(self, settings: Any) -> None:
        settings.CCB_URL = "postgresql://reader@nowhere/ccb"
        for _ in range(2):
            snapshots.seed_schedule()

        schedule = Schedule.objects.get(type="bill-stop")
        assert (schedule.cron, schedule.enabled) == ("0 2 * * *", True)
        with unguarded():
            Schedule.objects.all().delete()
        settings.CCB_URL = ""
        snapshots.seed_schedule()
        assert not Schedule.objects.get(type="bill-stop").enabled
