"""A day in CC&B, played at high speed before people in several browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from batchops.cluster import bells
from batchops.db import database_now
from batchops.models import User
from monitoring.lifecycle import ask_for_poll
from tests.browser.conftest import PASSWORD, Visit, web_process
from tests.browser.day import FAILING, Day
from tests.browser.memory import SOON_MS, never_went_back, remembering, shown
from tests.browser.visitor import Visitor
from tests.ccb.conftest import CcbDatabase, make_database, reader, server
from tests.jobs.harness.workers import FAST, Cluster
from tests.web_process import WebProcess

__all__ = ["make_database", "reader", "server"]

OPEN_ALL = "for (const each of document.querySelectorAll('main details')) each.open = true"
# Polls come every 9 s: 15 minutes of CC&B's clock.
SPEED = {"CCB_CLOCK_SPEED": "100"}


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
def cluster(day: Day, django_db_blocker: Any) -> Iterator[None]:
    settings = {**FAST, **SPEED, "WATCH_WORKERS": "1", "CCB_URL": day.reader_url}
    with django_db_blocker.unblock(), Cluster(settings, name="watch"):
        yield


@pytest.fixture
def watch(visit: Visit, cluster: None) -> Visit:
    """Open windows that remember what they showed."""
    return remembering(visit)


def read_now() -> None:
    """Ask for a poll beside those of the timetable, as the button does."""
    ask_for_poll(at=database_now(), actor="user:test")
    bells.ring("monitoring.tasks.poll", cluster="watch")


def log_in(visitor: Visitor, name: str) -> None:
    visitor.go("/")
    visitor.page.get_by_label("Username").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()


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
            read_now()
            expect(reads).to_have_attribute("data-state", "running", timeout=SOON_MS)
            page.wait_for_function(
                "n => (window.shown['CM-DMRU: records against usual'] ?? []).length > n",
                arg=len(seen),
            )
        expect(running).to_contain_text("CM-DMRU")
        opened = expand(reads)
        day.go_to(7, 45)
        read_now()
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

    def test_it_can_be_read_in_the_middle_of_the_day(self, watch: Visit, day: Day) -> None:
        day.go_to(8)
        read_now()
        visitor = watch("Viewer")
        visitor.go("/admin/")
        reads = visitor.page.locator("[data-step=CM-DMRU]")
        expect(reads).to_have_attribute("data-state", "complete", timeout=SOON_MS)
        run = str(reads.locator("tbody a").first.get_attribute("href"))
        for path in ("/admin/", run, "/admin/runs/steps/CM-DMRU/", "/admin/runs/"):
            visitor.go(path)
            visitor.page.evaluate(OPEN_ALL)
            expect(visitor.page.locator("[data-live-status=live]")).to_be_visible()
            for look in visitor.every_look():
                assert visitor.faint_texts() == [], look
                assert not visitor.scrolls_sideways(), look


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
            read_now()
            step = page.locator(f"[data-step={code}]")
            expect(step).to_have_attribute("data-state", "running", timeout=SOON_MS)
        day.go_to(23)
        read_now()
        for code in ("CM-DMRU", "D1-IMD", "C1-PPBTR", "F1-FLUSH", FAILING, "BILLRESTSMS"):
            step = page.locator(f"[data-step={code}]")
            expect(step).to_have_attribute("data-state", "complete", timeout=SOON_MS)

        for code in (FAILING, "BILLRESTSMS"):
            percent = shown(page, f"{code}: records against usual")
            assert percent
            assert never_went_back(percent)
        assert page.evaluate("window.stayed")
