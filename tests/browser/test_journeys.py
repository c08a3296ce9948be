"""Whole journeys: people in several browsers, real servers and clusters, a day in CC&B."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Locator, Page, Route, expect

from batchops.models import User
from jobs.models import Job
from jobs.outside import do_next
from jobs.start import Order, start_job
from tests.browser.conftest import PASSWORD, Visit, web_process
from tests.browser.day import FAILING, Day
from tests.browser.visitor import Visitor
from tests.ccb.conftest import CcbDatabase, make_database, reader, server
from tests.jobs.harness.plan import empty_tables
from tests.jobs.harness.workers import FAST, Cluster
from tests.web_process import WebProcess

__all__ = ["make_database", "reader", "server"]

OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true"
SOON_MS = 15_000
# Polls come every 3 s: 15 minutes of CC&B's clock.
SPEED = {"CCB_CLOCK_SPEED": "300"}
FEW = {"JOBS_WORKERS": "2", "WATCH_WORKERS": "1"}
# Whatever a bar or a badge showed since the page was loaded, by the name of the bar.
REMEMBER = """
(() => {
  window.shown = {};
  const note = (name, value) => {
    const values = (window.shown[name] ??= []);
    if (values.at(-1) !== value) values.push(value);
  };
  const look = () => {
    for (const bar of document.querySelectorAll("progress[value]")) {
      note(bar.ariaLabel, bar.value);
      const figure = bar.closest(".bar").querySelector(".bar-figure");
      if (figure) note(`${bar.ariaLabel} in words`, parseInt(figure.textContent));
      const state = bar.closest("section[data-live-topic^='job:']")?.querySelector(".badge");
      if (bar.value === 100 && state) note("beside 100", state.textContent.trim());
    }
    for (const badge of document.querySelectorAll("main .badge")) {
      const where = badge.closest("[id]").id;
      note(`badge ${where}`, badge.textContent.trim());
    }
  };
  const every = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, every);
})();
"""


@pytest.fixture(scope="module")
def day(django_db_setup: None, make_database: Callable[[], CcbDatabase]) -> Iterator[Day]:
    day = Day(make_database())
    yield day
    day.close()


@pytest.fixture(scope="module")
def web(collected: Path, day: Day) -> Iterator[WebProcess]:
    """`manage.py web` that knows of CC&B; it stands here for the one of the other modules."""
    process = web_process(collected, CCB_URL=day.reader_url, **SPEED)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def clusters(day: Day, django_db_blocker: Any) -> Iterator[None]:
    settings = {**FAST, **FEW, **SPEED, "CCB_URL": day.reader_url}
    with django_db_blocker.unblock():
        empty_tables()
        with Cluster(settings), Cluster(settings, name="watch"):
            yield
        empty_tables()
        forget_the_day()


def forget_the_day() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE batch_execution_logs, batch_monitoring_alerts, monitoring_poll,"
            " monitoring_source, django_q_ormq CASCADE"
        )


@pytest.fixture
def watch(visit: Visit, clusters: None) -> Visit:
    """Open windows that remember what they showed."""

    def open_window(role: str | None, **options: Any) -> Visitor:
        visitor = visit(role, **options)
        visitor.page.add_init_script(REMEMBER)
        return visitor

    return open_window


def shown(page: Page, name: str) -> list[Any]:
    values: list[Any] = page.evaluate("name => window.shown[name] ?? []", name)
    return values


def never_went_back(values: list[int]) -> bool:
    return values == sorted(values)


def log_in(visitor: Visitor, name: str) -> None:
    visitor.go("/")
    visitor.page.get_by_label("Username").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()


def start_drill(page: Page, title: str, *, items: int, ms: int) -> None:
    page.get_by_role("link", name="New job").first.click()
    page.get_by_role("link", name="Engine drill", exact=True).click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Items", exact=True).fill(str(items))
    page.get_by_label("Milliseconds an item").fill(str(ms))
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def outside_job(items: int) -> Job:
    inline = [{"label": f"Outside {number}"} for number in range(items)]
    order = Order(type="external", params={}, title=f"Done outside: {items}", items=inline)
    return start_job(order, actor="user:outside")


def late(route: Route) -> None:
    route.request.frame.page.wait_for_timeout(400)
    route.continue_()


def state(page: Page) -> Locator:
    return page.locator("[data-live-topic^='job:'] .panel-head .badge").first


def expand(step: Locator) -> Locator:
    """Open a step and the threads of its run; return the table of threads."""
    step.locator("> details > summary").click()
    threads = step.locator("details[id$=threads]")
    threads.locator("summary").click()
    expect(threads.locator("[data-state=running]").first).to_be_visible()
    return threads.locator("table")


class TestTheDay:
    def test_todays_timeline_moves_while_one_looks(
        self, watch: Visit, people: Callable[..., User], day: Day
    ) -> None:
        people("ayesha", "Operator")
        visitor = watch(role=None)
        log_in(visitor, "ayesha")
        page = visitor.page
        expect(page.get_by_role("heading", level=1)).to_have_text("Today")
        page.evaluate("window.stayed = true")
        reads, measurements = (page.locator(f"[data-step={c}]") for c in ("CM-DMRU", "D1-IMD"))
        running = page.get_by_role("link", name="Running now")

        for hour, minute in ((5, 30), (6, 30)):
            seen = shown(page, "CM-DMRU: records against usual")
            day.go_to(hour, minute)
            expect(reads).to_have_attribute("data-state", "running", timeout=SOON_MS)
            page.wait_for_function(
                "n => (window.shown['CM-DMRU: records against usual'] ?? []).length > n",
                arg=len(seen),
            )
        expect(running).to_contain_text("CM-DMRU")
        opened = expand(reads)
        day.go_to(7, 45)
        expect(reads).to_have_attribute("data-state", "complete", timeout=SOON_MS)
        expect(reads.locator("> details > summary")).to_contain_text("records")
        expect(measurements.locator("> details > summary")).not_to_contain_text("expected")
        # What was opened stays open, and tells the newest.
        expect(opened.locator("[data-state=complete]").first).to_be_visible()
        expect(opened.locator("[data-state=running]")).to_have_count(0)
        expect(running).not_to_contain_text("CM-DMRU")
        expect(page.get_by_role("link", name="Success rate")).to_contain_text("7 days")

        percent = shown(page, "CM-DMRU: records against usual")
        assert never_went_back(percent)
        assert 100 not in percent
        assert page.evaluate("window.stayed")

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_it_can_be_read_in_the_middle_of_the_day(
        self, watch: Visit, day: Day, theme: str
    ) -> None:
        day.go_to(8)
        for width in (1440, 360):
            visitor = watch("Viewer", color_scheme=theme, viewport={"width": width, "height": 800})
            visitor.go("/admin/")
            reads = visitor.page.locator("[data-step=CM-DMRU]")
            expect(reads).to_have_attribute("data-state", "complete", timeout=SOON_MS)
            run = str(reads.locator("tbody a").first.get_attribute("href"))
            for path in ("/admin/", run, "/admin/runs/steps/CM-DMRU/", "/admin/runs/"):
                visitor.go(path)
                visitor.page.evaluate(OPEN_ALL)
                expect(visitor.page.locator("[data-live-status=live]")).to_be_visible()

                assert visitor.faint_texts() == []
                assert not visitor.scrolls_sideways()


class TestADrill:
    def test_it_goes_to_100_in_two_windows_and_never_back(self, watch: Visit) -> None:
        first, second = watch("Operator"), watch("Viewer")
        title = "A drill to watch"
        second.go("/admin/jobs/")
        first.go("/admin/jobs/")
        start_drill(first.page, title, items=200, ms=40)
        # The fragment with the end is late, and no figure runs ahead of it.
        first.page.route("**/fragment/", late)

        expect(state(first.page)).to_have_text("Completed", timeout=SOON_MS)
        row = second.page.get_by_role("row").filter(has_text=title)
        expect(row).to_contain_text("Completed")
        expect(row).to_contain_text("200 / 200")

        assert shown(first.page, "beside 100") == ["Completed"]
        for page in (first.page, second.page):
            for name in (title, f"{title} in words"):
                values = shown(page, name)
                assert never_went_back(values)
                assert len(values) > 2
                assert values[-1] == 100

    def test_a_cancel_is_seen_to_go_on_and_to_end(self, watch: Visit) -> None:
        visitor = watch("Supervisor")
        page = visitor.page
        visitor.go("/admin/jobs/")
        start_drill(page, "A drill to cancel", items=50, ms=1500)
        done = page.locator("[data-live-text=successCount]").first
        expect(done).not_to_have_text("0", timeout=SOON_MS)

        page.get_by_role("link", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Yes, cancel the job").click()
        expect(state(page)).to_have_text("Cancelling...")
        expect(page.get_by_role("link", name="Cancel", exact=True)).to_have_count(0)

        expect(state(page)).to_have_text("Cancelled", timeout=SOON_MS)
        assert 0 < page.locator("progress").first.evaluate("bar => bar.value") < 100


class TestEnrichAll:
    @pytest.mark.parametrize("items", [1, 3, 10])
    def test_it_appears_when_the_last_item_is_done_and_leads_to_answers(
        self, watch: Visit, items: int
    ) -> None:
        visitor = watch("Operator")
        page = visitor.page
        job = outside_job(items)
        visitor.go(f"/admin/jobs/{job.pk}/")
        page.evaluate("window.neverLoadedAgain = true")
        button = page.get_by_role("button", name="Enrich All")
        for done in range(1, items + 1):
            expect(button).to_have_count(0)
            do_next(job, result={"batchCode": "CM-DMRU"}, error="", actor="user:outside")
            expect(page.locator("[data-live-text=successCount]").first).to_have_text(str(done))

        expect(state(page)).to_have_text("Completed")
        assert page.evaluate("window.neverLoadedAgain")
        assert never_went_back(shown(page, job.title))
        button.click()
        expect(state(page)).to_have_text("Completed", timeout=SOON_MS)
        page.get_by_role("link", name=re.compile("Rows with the answers")).first.click()
        answers = page.get_by_role("row").filter(has_text="CM-DMRU")
        expect(answers).to_have_count(items)
        expect(answers.first).to_contain_text("First Reads")
        assert visitor.faint_texts() == []
        assert not visitor.scrolls_sideways()

    def test_who_cancels_midway_sees_it_cancelled_and_can_enrich_nothing(
        self, watch: Visit
    ) -> None:
        visitor = watch("Operator")
        page = visitor.page
        job = outside_job(3)
        visitor.go(f"/admin/jobs/{job.pk}/")
        do_next(job, result=None, error="", actor="user:outside")

        page.get_by_role("link", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Yes, cancel the job").click()

        expect(state(page)).to_have_text("Cancelled", timeout=SOON_MS)
        expect(page.get_by_role("button", name="Enrich All")).to_have_count(0)


class TestAFailure:
    def test_who_takes_it_clears_the_banner_of_everybody(self, watch: Visit, day: Day) -> None:
        first, second = watch("Operator"), watch("Viewer")
        for visitor in (first, second):
            visitor.go("/admin/")
            expect(visitor.page.locator("[data-live-status=live]")).to_be_visible()
            expect(visitor.page.locator("#alert-banner")).to_be_hidden()
            visitor.page.evaluate("window.stayed = true")

        day.go_on_until_it_fails()
        for visitor in (first, second):
            banner = visitor.page.locator("#alert-banner")
            expect(banner).to_contain_text("1 active alert", timeout=SOON_MS)
            expect(banner).to_contain_text("1 failed")
            expect(visitor.page.locator("#active-alerts")).to_contain_text(FAILING)
            failed = visitor.page.locator(f"[data-step={FAILING}]")
            expect(failed).to_have_attribute("data-state", "failed")

        page = first.page
        page.locator("#active-alerts").get_by_role("link", name="View details").click()
        page.get_by_label("Note").first.fill("Called the DBA.")
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.locator(".event-list")).to_contain_text("Called the DBA.")

        expect(second.page.locator("#alert-banner")).to_be_hidden()
        expect(second.page.locator("#active-alerts")).to_contain_text("No active alerts")
        assert second.page.evaluate("window.stayed")


class TestTheRestOfTheDay:
    def test_every_step_comes_to_its_end_while_one_looks(self, watch: Visit, day: Day) -> None:
        visitor = watch("Viewer")
        page = visitor.page
        visitor.go("/admin/")
        expect(page.locator("[data-live-status=live]")).to_be_visible()
        page.evaluate("window.stayed = true")

        for batch, code in ((FAILING, FAILING), ("BILLREST", "BILLRESTSMS")):
            day.go_into(batch)
            step = page.locator(f"[data-step={code}]")
            expect(step).to_have_attribute("data-state", "running", timeout=SOON_MS)
        day.go_to(23)
        for code in ("CM-DMRU", "D1-IMD", "C1-PPBTR", "F1-FLUSH", FAILING, "BILLRESTSMS"):
            step = page.locator(f"[data-step={code}]")
            expect(step).to_have_attribute("data-state", "complete", timeout=SOON_MS)

        for code in (FAILING, "BILLRESTSMS"):
            percent = shown(page, f"{code}: records against usual")
            assert percent
            assert never_went_back(percent)
        assert page.evaluate("window.stayed")


class TestALostServer:
    def test_the_page_says_so_and_heals_and_shows_the_truth(
        self, watch: Visit, web: WebProcess
    ) -> None:
        visitor = watch("Operator")
        page = visitor.page
        visitor.go("/admin/jobs/")
        start_drill(page, "A drill in the dark", items=100, ms=60)
        done = page.locator("[data-live-text=successCount]").first
        expect(done).not_to_have_text("0", timeout=SOON_MS)
        page.evaluate("window.stayed = true")

        web.stop(signal.SIGKILL)
        expect(page.locator(".live-status")).to_contain_text("Reconnecting")
        expect(state(page)).to_have_text("Processing")
        web.start()

        expect(page.locator("[data-live-status=live]")).to_be_visible(timeout=SOON_MS)
        expect(state(page)).to_have_text("Completed", timeout=SOON_MS)
        assert never_went_back(shown(page, "A drill in the dark"))
        assert page.evaluate("window.stayed")
        visitor.complaints = [c for c in visitor.complaints if not is_of_a_lost_server(c)]


def is_of_a_lost_server(complaint: str) -> bool:
    """Tell what a browser must say while nobody answers: of its socket and of a fetch."""
    return bool(
        re.search(
            r"WebSocket connection to|ERR_CONNECTION_(REFUSED|RESET|CLOSED)|ERR_EMPTY_RESPONSE"
            r"|ERR_SOCKET_NOT_CONNECTED",
            complaint,
        )
    )
