"""Business days on pages: today, past ones, two side by side, and those that cannot be shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from batchops.live import topics
from monitoring.models import MonitoringConfig, Poll, Run, RunThread
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


@pytest.fixture
def two_days(ccb: FakeCcb, poll: MakePoll) -> None:
    ccb.advance(days=-1)
    ccb.complete("CM-DMRU", 11)
    ccb.advance(days=1)
    ccb.run("CM-DMRU", 12)
    poll()


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


@pytest.mark.usefixtures("two_days")
class TestDay:
    def test_a_past_day_shows_its_runs_and_the_way_on(self, viewer: Client) -> None:
        page = text_of(viewer, f"/admin/?date={YESTERDAY}")

        assert f"Business day {YESTERDAY}" in page
        assert ">11</a>" in page
        assert ">12</a>" not in page
        assert f'href="/admin/?date={TODAY}" rel="next"' in page
        assert 'rel="prev"' not in page  # nothing is held of the day before
        assert f'data-live-fragment="/admin/workflow/fragment/?date={YESTERDAY}"' in page
        assert "Failed runs" not in page  # figures of now

    def test_two_days_stand_side_by_side(self, viewer: Client) -> None:
        page = text_of(viewer, f"/admin/?date={TODAY}&beside={YESTERDAY}")

        assert ">11</a>" in page
        assert ">12</a>" in page
        assert 'id="step-1"' in page
        assert 'id="beside-step-1"' in page
        assert f"<h1>Business days {TODAY} and {YESTERDAY}</h1>" in page

    def test_each_of_two_days_can_be_changed_for_another(self, viewer: Client) -> None:
        page = text_of(viewer, f"/admin/?date={TODAY}&beside={YESTERDAY}")

        assert f'<input type="hidden" name="beside" value="{YESTERDAY}">' in page
        assert f'<input type="hidden" name="date" value="{TODAY}">' in page
        assert f'<input type="date" name="beside" value="{YESTERDAY}"' in page
        assert 'type="hidden"' not in text_of(viewer, f"/admin/workflow/fragment/?date={TODAY}")

    def test_each_of_two_days_is_drawn_anew_for_itself(self, viewer: Client) -> None:
        address = f"/admin/workflow/fragment/?date={TODAY}&beside={YESTERDAY}&only="
        page = text_of(viewer, f"/admin/?date={TODAY}&beside={YESTERDAY}")
        first, beside = (text_of(viewer, address + which) for which in ("first", "beside"))

        for which, fragment, number in (("first", first, 12), ("beside", beside, 11)):
            asked = f'data-live-fragment="{address + which}"'.replace("&", "&amp;")
            assert asked in page
            assert asked in fragment
            assert f">{number}</a>" in fragment
            assert fragment.count("<section") == 1
        assert 'id="beside-workflow"' in beside
        assert 'id="workflow"' in first

    def test_today_by_its_date_is_today(self, viewer: Client) -> None:
        page = text_of(viewer, f"/admin/?date={TODAY}")

        assert "Today's batch workflow" in page
        assert "Failed runs" in page

    @pytest.mark.parametrize(
        ("asked", "status", "said"),
        [
            ("date=2026-02-30", 400, "date: "),
            ("date=soon", 400, "date: "),
            ("date=9999-12-31", 400, "Must be from 2000-01-01 to 2100-12-31"),
            ("day=2026-02-01", 400, "Unknown field"),
            (f"date={TODAY + timedelta(days=2)}", 404, "has not begun yet"),
            (f"date={YESTERDAY - timedelta(days=1)}", 404, "The history begins at"),
            (f"beside={TODAY + timedelta(days=2)}", 404, "has not begun yet"),
        ],
    )
    @pytest.mark.parametrize("path", ["/admin/", "/admin/workflow/fragment/"])
    def test_an_impossible_day_is_refused_in_a_sentence(
        self, viewer: Client, path: str, asked: str, status: int, said: str
    ) -> None:
        answer = viewer.get(f"{path}?{asked}")

        assert answer.status_code == status
        assert said in answer.content.decode()

    def test_pages_cost_as_many_queries_however_many_runs_and_days(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        def queries(address: str) -> int:
            with CaptureQueriesContext(
                connection,
            ) as found:
                text_of(viewer, address)
            return len(found)

        addresses = ["/admin/", f"/admin/?date={YESTERDAY}"]
        api = "/api/ami-operational/batch-timeline?from={}&to={}".format
        few = [queries(address) for address in [*addresses, api(TODAY, TODAY)]]
        for number in range(40):
            ccb.run("F1-FLUSH", number)
        poll()
        RunThread.objects.bulk_create(_thread(run, 1) for run in Run.objects.all())
        many = [
            queries(address) for address in [*addresses, api(TODAY - timedelta(days=30), TODAY)]
        ]

        assert many == few


def _thread(run: Run, number: int, **values: Any) -> RunThread:
    given = {
        "status_code": "20",
        "executions": 1,
        "retries": 0,
        "records_processed": 5,
        "records_in_error": 0,
        "seen_at": run.created_at,
    }
    return RunThread(run=run, number=number, **{**given, **values})


class TestExpansion:
    def test_threads_speak_in_oracles_words(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU", 4711)
        poll()
        _thread(
            Run.objects.get(), 3, status_code="30", records_in_error=9, last_message="ORA-1"
        ).save()

        page = text_of(viewer, "/admin/workflow/fragment/")

        assert "Threads of run 4711" in page
        for words in ("Records in error", "ORA-1", "data-bad>9<", "Executions"):
            assert words in page

    def test_only_a_step_behind_what_it_waits_for_is_pointed_to(
        self, viewer: Client, poll: MakePoll
    ) -> None:
        poll()

        page = text_of(viewer, "/admin/workflow/fragment/")

        free = [
            part.split('"')[1]
            for part in page.split("data-step=")[1:]
            if " data-free>" in part[:80]
        ]
        assert free == ["F1-FLUSH", "CM_BSGGN"]
        assert "waits for C1-PPBTR" in page

    def test_the_measurements_that_drain_have_a_rate(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("D1-IMD")
        for pending in (9000, 6000):
            ccb.imd = pending
            poll()
            ccb.advance(minutes=10)

        body = viewer.get("/api/ami-operational/batch-timeline").json()["data"]
        page = text_of(viewer, "/admin/workflow/fragment/")

        assert body["timeline"][1]["drainPerSecond"] == 5.0
        assert "IMDs drain</dt><dd>5.0/s" in page

    def test_a_run_has_the_speed_of_the_last_interval_too(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        for minutes, records in ((10, 60_000), (10, 72_000)):
            ccb.advance(minutes=minutes)
            ccb.count(key, records)
            poll()

        assert "60.0/s, lately 20.0/s" in text_of(viewer, "/admin/workflow/fragment/")

    def test_very_many_runs_of_a_step_are_listed_elsewhere(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for number in range(130):
            ccb.fail("F1-FLUSH", number, text="ORA-00001 " + "x" * 300)
        poll()

        page = text_of(viewer, "/admin/workflow/fragment/")
        found = topics.find("workflow")
        assert found is not None
        frame = found[0].read("")

        assert f"batchCode=F1-FLUSH&amp;startDate={TODAY}" in page
        assert "All 130 runs" in page
        assert frame is not None
        flush = frame["timeline"][3]
        assert (flush["totalRuns"], len(flush["allRuns"])) == (130, 10)


class TestAge:
    def test_today_says_of_when_it_is_not_what_time_it_was_when_it_was_drawn(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        made = poll()
        Poll.objects.filter(pk=made.pk).update(started_at=made.started_at - timedelta(minutes=9))

        page = text_of(viewer, "/admin/workflow/fragment/")

        assert made.source_at
        read = date_format(timezone.localtime(made.source_at), "H:i")
        assert f"{read}</time> by CC&amp;B's clock" in page


class TestUnknownSince:
    def test_what_moved_says_since_when_it_is_unknown(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        ccb.run("CM-DMRU")
        ccb.advance(minutes=14)  # 05:44 in Dhaka
        poll()

        made_stale()

        page = text_of(viewer, "/admin/")
        assert page.count("Unknown since 05:44") >= 7  # the run, and every step
        assert "Unknown since 05:44" in text_of(viewer, "/admin/runs/?status=unknown")
        assert "No run matches" in text_of(viewer, "/admin/runs/?status=running")


class TestCountdowns:
    def test_a_page_knows_its_next_refresh_and_the_next_poll(
        self, viewer: Client, poll: MakePoll
    ) -> None:
        poll()
        MonitoringConfig.objects.update(page_refresh_minutes=20)

        page = text_of(viewer, "/admin/")

        assert 'data-refresh-every="1200"' in page
        assert '<noscript><meta http-equiv="refresh" content="1200"></noscript>' in page
        assert "next poll in" in page
        assert 'data-tick="until"' in page
