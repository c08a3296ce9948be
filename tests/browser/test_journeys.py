"""Whole journeys: people in several browsers, a real server and a real cluster that do jobs."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from jobs import lifecycle
from jobs.models import Job
from jobs.outside import do_next
from jobs.start import Order, start_job
from tests.browser.conftest import Visit
from tests.browser.memory import SOON_MS, never_went_back, remembering, shown
from tests.ccb.conftest import TODAY, CcbDatabase, at, make_database, reader, server
from tests.jobs.harness.workers import FAST, Cluster
from tests.web_process import WebProcess

__all__ = ["make_database", "reader", "server"]


@pytest.fixture(scope="module")
def ccb(make_database: Callable[[], CcbDatabase]) -> CcbDatabase:
    """A simulated CC&B that has read its meters on one morning."""
    database = make_database()
    simulator = database.simulator()
    simulator.prepare(today=TODAY)
    simulator.advance(to=at(8))
    simulator.close()
    return database


@pytest.fixture(scope="module")
def cluster(ccb: CcbDatabase, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    settings = {**FAST, "JOBS_WORKERS": "2", "CCB_URL": ccb.reader_url}
    with django_db_blocker.unblock(), Cluster(settings):
        yield


@pytest.fixture
def watch(visit: Visit, cluster: None) -> Visit:
    """Open windows that remember what they showed."""
    return remembering(visit)


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


class TestADrill:
    def test_it_goes_to_100_in_two_windows_and_never_back(self, watch: Visit) -> None:
        first, second = watch("Operator"), watch("Viewer")
        title = "A drill to watch"
        second.go("/admin/jobs/")
        first.go("/admin/jobs/")
        start_drill(first.page, title, items=100, ms=40)
        # The fragment with the end is late, and no figure runs ahead of it.
        first.page.route("**/fragment/", late)

        expect(state(first.page)).to_have_text("Completed", timeout=SOON_MS)
        row = second.page.get_by_role("row").filter(has_text=title)
        expect(row).to_contain_text("Completed")
        expect(row).to_contain_text("100 / 100")

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
        slow = lifecycle.claim_items(page.url.split("/")[-2], limit=1, worker="slow")
        assert slow is not None

        page.get_by_role("link", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Yes, cancel the job").click()
        expect(state(page)).to_have_text("Cancelling...", timeout=SOON_MS)
        expect(page.get_by_role("link", name="Cancel", exact=True)).to_have_count(0)
        lifecycle.settle(slow, [], ends=True, unbegun=[item.id for item in slow.items])

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
