"""What tells of trouble when nobody looks at the page: the tab, the banner, the voice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, WebSocket, expect

from alerts.states import Severity
from batchops.models import User
from tests.browser.alarms import find, no_alerts_left
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor
from tests.waiting import wait_for

LIVE = "[data-live-status=live]"
OFFLINE_WORDS = "ERR_INTERNET_DISCONNECTED"


@pytest.fixture(autouse=True)
def clean(people: Callable[..., User]) -> Iterator[None]:
    with no_alerts_left():
        yield


def open_page(visit: Visit, path: str = "/admin/styleguide/") -> Visitor:
    visitor = visit("Operator")
    visitor.go(path)
    visitor.page.wait_for_selector(LIVE, state="attached")
    return visitor


def expect_icon(page: Page, name: str) -> None:
    address = page.locator("[data-favicon]").get_attribute(f"data-{name}")
    assert address
    expect(page.locator("[data-favicon]")).to_have_attribute("href", address)


class TestTheTab:
    def test_its_title_and_icon_follow_the_alerts_and_the_connection(self, visit: Visit) -> None:
        visitor = open_page(visit)
        page = visitor.page
        expect(page).to_have_title("Style guide - BatchOps")
        expect_icon(page, "ok")

        find("LONG_RUNNING", "CM-DMRU", severity=Severity.WARNING)
        expect(page).to_have_title("(1) Style guide - BatchOps")
        expect_icon(page, "warn")
        find("FAILED", "D1-IMD")
        expect(page).to_have_title("(2) Style guide - BatchOps")
        expect_icon(page, "bad")

        visitor.context.set_offline(True)
        expect_icon(page, "unknown")
        visitor.context.set_offline(False)
        expect_icon(page, "bad")
        visitor.complaints = [c for c in visitor.complaints if OFFLINE_WORDS not in c]

        find("FAILED")
        find("LONG_RUNNING")
        expect(page).to_have_title("Style guide - BatchOps")
        expect_icon(page, "ok")

    def test_the_server_draws_both_for_who_has_no_script(self, visit: Visit) -> None:
        find("FAILED", "D1-IMD")
        visitor = visit("Viewer", java_script_enabled=False)
        visitor.go("/admin/jobs/")

        expect(visitor.page).to_have_title("(1) Batch jobs - BatchOps")
        href = visitor.page.locator("[data-favicon]").get_attribute("href")
        assert href is not None
        assert "favicon-bad" in href
        assert visitor.page.request.get(visitor.origin + href).status == 200

    def test_a_page_that_nobody_sees_rests_but_goes_on_telling(self, visit: Visit) -> None:
        visitor = visit("Operator", alone=True)
        page = visitor.page
        sent: list[str] = []
        page.on("websocket", lambda socket: note_frames(socket, sent))
        page.clock.install()
        visitor.go("/admin/")
        page.wait_for_selector(LIVE, state="attached")
        hide(page, hidden=True)
        page.clock.fast_forward(301_000)

        find("FAILED", "D1-IMD")
        expect(page).to_have_title("(1) Today - BatchOps")
        assert "workflow" in asked(sent, "unsubscribe")[-1]
        expect_icon(page, "bad")

        sent.clear()
        hide(page, hidden=False)
        expect(page.locator(LIVE)).to_have_count(1)
        assert "workflow" in asked(sent, "subscribe")[-1]


def asked(sent: list[str], what: str) -> list[list[str]]:
    """Return the topics of each frame that asks so for any."""
    return [topics for one in sent if (topics := json.loads(one).get(what))]


def note_frames(socket: WebSocket, sent: list[str]) -> None:
    socket.on("framesent", lambda frame: sent.append(str(frame)))


def hide(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


class TestTheBanner:
    def test_each_of_its_words_leads_to_the_alerts_it_counts(self, visit: Visit) -> None:
        find("FAILED", "D1-IMD")
        find("LONG_RUNNING", "CM-DMRU", "CM_BSGGN", severity=Severity.WARNING)
        visitor = open_page(visit)
        banner = visitor.page.locator("#alert-banner")
        for words, listed in (
            ("3 active alerts", 3),
            ("1 critical", 1),
            ("2 warning", 2),
            ("1 failed", 1),
            ("2 long running", 2),
            ("View all alerts", 3),
        ):
            banner.get_by_role("link", name=words).click()
            expect(visitor.page.locator("#result_list tbody tr")).to_have_count(listed)


class TestTheVoice:
    def test_it_says_one_sentence_at_most_every_15_seconds(self, visit: Visit) -> None:
        visitor = visit("Operator", alone=True)
        page = visitor.page
        page.clock.install()
        visitor.go("/admin/styleguide/")
        page.wait_for_selector(LIVE, state="attached")
        page.clock.pause_at(page.evaluate("Date.now() + 1000"))
        voice = page.locator("[data-voice][role=status]")
        expect(voice).to_be_empty()

        find("FAILED", "CM-DMRU", "D1-IMD")
        expect(page).to_have_title("(2) Style guide - BatchOps")
        page.clock.run_for(10)
        expect(voice).to_have_text("2 new alerts, 2 active.")

        find("FAILED", "CM-DMRU", "D1-IMD", "CM_BSGGN")
        expect(page).to_have_title("(3) Style guide - BatchOps")
        visitor.context.set_offline(True)
        page.clock.run_for(14_000)
        expect(voice).to_have_text("2 new alerts, 2 active.")
        page.clock.run_for(1_000)
        expect(voice).to_contain_text("Offline (data from")
        expect(voice).to_contain_text("; 1 new alert, 3 active.")

        visitor.context.set_offline(False)

        def is_back() -> bool:  # at once or, if that comes too early, when the page tries again
            page.clock.run_for(1_000)
            return voice.inner_text() == "The connection is back."

        wait_for(is_back, 10, "the voice to say that the connection is back")
        visitor.complaints = [c for c in visitor.complaints if OFFLINE_WORDS not in c]
