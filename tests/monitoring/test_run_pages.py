"""The list of runs with its filters and files, one run's page, one step's page."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from alerts.models import Alert
from monitoring.models import Poll, Run, RunThread
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
LOGS = "/api/ami-operational/batch-logs"


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


@pytest.fixture
def runs(ccb: FakeCcb, poll: MakePoll) -> None:
    ccb.fail("C1-PPBTR", 7)
    ccb.fail("CM-DMRU", 8, text="=1+1")
    poll()
    ccb.advance(minutes=5)
    ccb.complete("C1-PPBTR", 7)
    ccb.run("D1-IMD", 7)
    poll()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as found:
        text_of(client, address)
    return len(found)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


@pytest.mark.usefixtures("runs")
class TestList:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("search=7", {"C1-PPBTR", "D1-IMD"}),
            ("search=7&batchCode=D1-IMD", {"D1-IMD"}),
            ("status=failed", {"CM-DMRU"}),
            ("status=ER", {"CM-DMRU"}),
            ("status=failed-24h", {"CM-DMRU", "C1-PPBTR"}),
            ("status=Complete", {"C1-PPBTR"}),
            (f"startDate={TODAY}&endDate={TODAY}", {"CM-DMRU", "C1-PPBTR", "D1-IMD"}),
            (f"endDate={TODAY - timedelta(days=1)}", set()),
        ],
    )
    def test_page_api_and_file_take_the_same_filters(
        self, viewer: Client, asked: str, found: set[str]
    ) -> None:
        page = viewer.get(
            f"/admin/runs/?{asked}&batchCode="
            if "batchCode" not in asked
            else f"/admin/runs/?{asked}"
        )
        logs = viewer.get(f"{LOGS}?{asked}").json()["data"]["logs"]

        assert {view.run.batch_code for view in page.context["runs"]} == found
        assert {log["batch_code"] for log in logs} == found

    def test_repaired_ones_are_marked(self, viewer: Client) -> None:
        page = text_of(viewer, "/admin/runs/?status=failed-24h")

        assert page.count(">repaired</span>") == 1

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("status=great", "Use one of Pending"),
            ("search=x1", "Must be the number of a run"),
            ("search=99999999999", "less than or equal to 9999999999"),
            ("startDate=2026-03-02&endDate=2026-03-01", "Must not be before startDate"),
            ("step=CM-DMRU", "Allowed are: "),
        ],
    )
    def test_what_cannot_be_asked_is_refused_by_name(
        self, viewer: Client, asked: str, said: str
    ) -> None:
        page, api = viewer.get(f"/admin/runs/?{asked}"), viewer.get(f"{LOGS}?{asked}")

        assert (page.status_code, api.status_code) == (400, 400)
        assert said in page.content.decode()
        assert said in str(api.json()["errors"])

    def test_the_page_leads_to_the_files(self, viewer: Client) -> None:
        page = text_of(viewer, "/admin/runs/?status=failed")

        assert f'href="{LOGS}/export?format=xlsx&amp;status=failed"' in page
        assert viewer.get(f"{LOGS}/export?format=doc").status_code == 400

    @pytest.mark.django_db(transaction=True)
    def test_the_files_hold_what_the_filters_leave(self, viewer: Client) -> None:
        answer = viewer.get(f"{LOGS}/export?format=csv&status=failed")
        lines = _whole(answer).decode("utf-8-sig").splitlines()

        assert len(lines) == 2
        assert "CM-DMRU" in lines[1]
        assert "'=1+1" in lines[1]


class TestRun:
    def test_it_shows_course_threads_alerts_and_events(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU", 4711)
        for records in (1000, 3000):
            ccb.advance(minutes=10)
            ccb.count(key, records)
            poll()
        ccb.fail("CM-DMRU", 4711, text="ORA-12545")
        poll()
        run = Run.objects.get()
        RunThread.objects.update_or_create(
            run=run,
            number=2,
            defaults={
                "status_code": "30",
                "executions": 2,
                "retries": 0,
                "records_processed": 77,
                "records_in_error": 1,
                "last_message": "thread fell",
                "seen_at": run.created_at,
            },
        )

        page = text_of(viewer, f"/admin/runs/{run.pk}/")

        assert 'points="0.0,200.0 500.0,133.3 1000.0,0.0' in page
        for words in (
            "up to 3,000 records",
            "thread fell",
            "ORA-12545",
            "<strong>failed</strong>",
            "it was Running",
            "Batch CM-DMRU failed",
        ):
            assert words in page

    def test_what_happened_stands_at_its_own_time_however_late_a_poll_saw_it(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.advance(minutes=30)
        ccb.count(key, 3000)
        poll()
        ccb.complete("CM-DMRU", ended_at=ccb.clock)
        ccb.count(key, 4000)
        ended = date_format(timezone.localtime(ccb.clock), "H:i")
        ccb.advance(minutes=10)
        poll()
        seen = date_format(timezone.localtime(ccb.clock), "H:i")

        answer = viewer.get(f"/admin/runs/{Run.objects.get().pk}/")

        assert answer.context["chart"].to_at == Run.objects.get().ended_at
        events = answer.content.decode().partition('id="run-events"')[2]
        completed = " ".join(events.partition("</li>")[0].split())
        assert f"{ended}</time>" in completed.partition("<strong>completed</strong>")[0]
        assert f"{seen}</time>" in completed.partition("<strong>completed</strong>")[2]

    @pytest.mark.parametrize("end", [False, True])
    def test_one_without_records_has_no_rate(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, end: bool
    ) -> None:
        ccb.run("F1-FLUSH")
        for _ in range(2):
            ccb.advance(minutes=5)
            poll()
        if end:
            ccb.complete("F1-FLUSH")
            poll()

        for address in ("", f"{Run.objects.get().pk}/"):
            page = text_of(viewer, f"/admin/runs/{address}")
            assert "F1-FLUSH" in page
            assert "0.0/s" not in page
        assert "0.0/s" not in text_of(viewer, "/admin/workflow/fragment/")

    def test_one_that_ran_is_unknown_in_an_old_picture(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        ccb.run("CM-DMRU")
        poll()
        address = f"/admin/runs/{Run.objects.get().pk}/"
        fresh, _, _ = text_of(viewer, address).partition('id="run-events"')

        made_stale()
        stale, _, _ = text_of(viewer, address).partition('id="run-events"')

        assert 'data-state="running"' in fresh
        assert 'data-state="unknown"' in stale
        assert 'data-state="running"' not in stale

    def test_one_that_is_not_there_is_not_found(self, viewer: Client) -> None:
        answer = viewer.get("/admin/runs/4711/")

        assert answer.status_code == 404
        assert "There is no run 4711" in answer.content.decode()


class TestStep:
    def test_its_history_is_drawn_and_told(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for back, ends in ((3, "complete"), (2, "fail"), (1, "complete")):
            ccb.advance(days=-back)
            key = ccb.run("CM-DMRU", 10 - back)
            ccb.advance(hours=4 - back)
            getattr(ccb, ends)("CM-DMRU", 10 - back)
            ccb.count(key, 1000 * back)
            ccb.advance(hours=back - 4, days=back)
        later = ccb.clock - timedelta(days=2) + timedelta(hours=5)
        ended = later + timedelta(minutes=1)
        ccb.run("CM-DMRU", 50, status="40", started_at=later, ended_at=ended)
        poll()

        page = text_of(viewer, "/admin/runs/steps/CM-DMRU/?days=30")

        assert re.findall(r'data-columns="(\d)" data-format="(\w+)"', page) == [
            ("2", "duration"),
            ("3", "int"),
            ("4", "rate"),
        ]
        drawn = page.partition('id="step-drawn"')[2].partition("</table>")[0]
        assert re.findall(r'data-tone="(\w*)">([\d-]+)<', drawn) == [
            ("ok", f"{TODAY - timedelta(days=3)}"),
            ("bad", f"{TODAY - timedelta(days=2)}"),
            ("ok", f"{TODAY - timedelta(days=1)}"),
            ("", f"{TODAY}"),
        ]
        assert '<td class="num" data-label="Duration" data-y="7260">2h 1m</td>' in drawn
        assert drawn.count("data-y") == 9  # durations, records and pace of three days
        assert "2 of 3 days complete" in page
        assert f'<a href="/admin/?date={TODAY - timedelta(days=1)}">' in page

    @pytest.mark.parametrize(
        ("path", "status"),
        [("NO-STEP/", 404), ("CM-DMRU/?days=0", 400), ("CM-DMRU/?days=401", 400)],
    )
    def test_what_is_not_there_is_refused(self, viewer: Client, path: str, status: int) -> None:
        assert viewer.get(f"/admin/runs/steps/{path}").status_code == status

    def test_a_day_that_left_measurements_pending_is_not_complete(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.complete("D1-IMD")
        ccb.imd = 500
        poll()
        waiting = viewer.get("/admin/runs/steps/D1-IMD/").context
        ccb.imd = 0
        poll()
        done = viewer.get("/admin/runs/steps/D1-IMD/").context

        assert [look.code for _, look, _ in waiting["page"]] == ["pending"]
        assert waiting["history"].good == []
        assert [look.code for _, look, _ in done["page"]] == ["complete"]
        assert len(done["history"].good) == 1


class TestQueries:
    def test_pages_cost_as_many_however_much_there_is(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU", 1)
        poll()
        ccb.advance(minutes=10)
        poll()
        addresses = (
            "/admin/runs/",
            f"/admin/runs/{Run.objects.get().pk}/",
            "/admin/runs/steps/CM-DMRU/",
            "/admin/runs/grid/",
            "/admin/workflow/gantt/",
            "/api/ami-operational/batch-health",
            "/api/ami-operational/batch-performance",
        )

        def cost() -> list[int]:
            for address in addresses:
                text_of(viewer, address)  # fills what a process keeps until a day changes
            return [queries(viewer, address) for address in addresses]

        few = cost()
        for number in range(2, 40):
            ccb.fail("CM-DMRU", number)
        ccb.advance(minutes=10)
        poll()

        assert cost() == few


class TestOldAddress:
    @pytest.mark.parametrize(
        ("old", "new"),
        [("run/", "/admin/runs/"), ("run/4711/change/", "/admin/runs/4711/")],
    )
    def test_runs_in_the_admin_lead_to_their_pages(
        self, viewer: Client, old: str, new: str
    ) -> None:
        assert viewer.get(f"/admin/monitoring/{old}")["Location"] == new

    def test_an_alert_leads_to_the_page_of_its_run(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("CM-DMRU")
        poll()

        alert = Alert.objects.get()

        assert alert.subject_url == f"/admin/runs/{Run.objects.get().pk}/"
        assert "ORA-" in text_of(viewer, alert.subject_url)

    def test_the_old_consoles_page_leads_to_today(self, viewer: Client) -> None:
        assert viewer.get("/ami-operational").headers["Location"] == "/admin/"


def _whole(answer: Any) -> bytes:
    async def read() -> bytes:
        return b"".join([block async for block in answer.streaming_content])

    return async_to_sync(read)()
