"""Drive a real page in Chromium: what the hooks of live.js promise."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from tests.browser.chromium import running_chromium
from tests.live.board import notes
from tests.live.test_docs import client_in
from tests.people import logged_in
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def chromium():
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def window(chromium, web):
    with chromium.at_work(), chromium.window(web.origin) as window:
        yield window


@pytest.fixture
def board(window, web, watcher):
    """Open the board, logged in; fail on any script error or violation of the policy."""
    notes.write("percent", 10)
    notes.write("kind", 1)
    notes.write("elapsed", 1)
    session = logged_in(watcher).cookies["sessionid"].value
    window.add_cookies([{"name": "sessionid", "value": session, "url": web.origin}])
    page = window.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    page.goto(f"{web.origin}/board/")
    page.wait_for_selector("[data-live-status=live]", state="attached")
    yield page
    assert complaints == []


def text_of(page, selector):
    return page.locator(selector).first.text_content().strip()


def shows(page, selector, text, timeout_s=10):
    wait_for(lambda: text_of(page, selector) == text, timeout_s, f"{selector} to show {text!r}")


class TestPage:
    def test_it_shows_each_change_in_its_format(self, board):
        shows(board, "#percent", "10%")
        notes.write("percent", 55)
        notes.write("elapsed", 5415)
        shows(board, "#percent", "55%")
        shows(board, "#duration", "1h 30m")
        shows(board, "#int", "5,415")
        shows(board, "#rate", "5,415.0/s")
        assert board.locator("#bar").evaluate("bar => bar.value") == 55
        wait_for(lambda: "days ago" in text_of(board, "#since"), 5, "the ticking age")

    def test_it_morphs_structure_and_leaves_what_a_person_did(self, board):
        board.click("#more summary")
        board.fill("#typed", "half a sen")
        board.focus("#focused")
        notes.write("row", 1)
        notes.write("kind", 2)
        shows(board, "#note-kind", "kind: 2")
        assert text_of(board, "#note-row") == "row: 1"
        assert board.locator("#more").evaluate("more => more.open")
        assert board.input_value("#typed") == "half a sen"
        assert board.evaluate("document.activeElement.id") == "focused"
        notes.erase("row")
        notes.write("kind", 3)
        board.wait_for_selector("#note-row", state="detached")

    def test_it_is_sent_away_says_that_it_reconnects_and_catches_up(self, board, web, screen):
        shows(board, "#percent", "10%")
        screen.watch("note:percent")
        # Within its own limit for a stop: a server that waited for its sockets would never end.
        assert web.stop() == 0
        with pytest.raises(ConnectionClosed) as closed:
            screen.frame()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        board.wait_for_selector("[data-live-status=lost]", state="attached")
        assert text_of(board, "[data-when=lost] [data-live-seen]").count(":") == 2
        notes.write("percent", 77)
        web.start()
        shows(board, "#percent", "77%", timeout_s=20)
        board.wait_for_selector("[data-live-status=live]", state="attached")

    def test_it_says_signed_out_and_stays_so(self, board, watcher):
        watcher.groups.clear()
        board.wait_for_selector("[data-live-status=signed-out]", state="attached", timeout=10_000)
        link = board.locator("[data-when=signed-out] a").get_attribute("href")
        assert link == "/admin/login/?next=/board/"

    def test_it_never_takes_a_stale_frame(self, board):
        address = board.evaluate(
            """performance.getEntriesByType("resource").map((each) => each.name)
               .find((name) => name.includes("live/revisions"))"""
        )
        taken = board.evaluate(
            """async (address) => {
              const { Revisions } = await import(address);
              const shown = new Revisions();
              const offer = (topic, revision) => shown.accept({ topic, revision });
              const before = [5, 4, 5, 6].map((revision) => offer("a", revision));
              const other = offer("b", 1);
              shown.forget();
              return [...before, other, ...[2, 1, 3].map((revision) => offer("a", revision))];
            }""",
            address,
        )
        assert taken == [True, False, False, True, True, True, False, True]

    def test_it_runs_the_client_that_the_docs_print(self, board):
        board.evaluate(
            f"""() => {{
              {client_in("javascript")}
              window.shown = [];
              watch("note:elapsed", (data, error) => window.shown.push(data?.value ?? error));
            }}"""
        )
        wait_for(lambda: board.evaluate("window.shown") == [1], 10, "the first frame")
        notes.write("elapsed", 2)
        wait_for(lambda: board.evaluate("window.shown") == [1, 2], 10, "the second frame")


CLOCK_OFF = """
const real = Date.now;
Date.now = () => real() - 7_200_000;
"""


class TestClock:
    def test_an_age_goes_by_the_servers_clock(self, board):
        board.add_init_script(CLOCK_OFF)
        board.reload()
        board.wait_for_selector("[data-live-status=live]", state="attached")
        moment = (timezone.now() - timedelta(minutes=5)).isoformat()
        board.evaluate("moment => document.getElementById('since').dateTime = moment", moment)

        shows(board, "#since", "5 min ago")


# A state may be gone before anybody looks.
KEEP_STATES = """() => {
  const chip = document.querySelector("[data-live-status]");
  window.states = [];
  new MutationObserver(() => window.states.push(chip.dataset.liveStatus))
    .observe(chip, { attributeFilter: ["data-live-status"] });
}"""


class TestNewPassword:
    def test_another_tab_goes_on_with_the_new_session(self, board, watcher, web):
        shows(board, "#percent", "10%")
        old = logged_in_key(board)
        session = logged_in(watcher).cookies["sessionid"].value
        board.context.add_cookies([{"name": "sessionid", "value": session, "url": web.origin}])
        board.evaluate(KEEP_STATES)
        Session.objects.filter(session_key=old).delete()
        wait_for(lambda: "lost" in board.evaluate("window.states"), 10, "the old session to end")
        notes.write("percent", 33)

        shows(board, "#percent", "33%")
        board.wait_for_selector("[data-live-status=live]", state="attached")


def logged_in_key(page):
    return next(one["value"] for one in page.context.cookies() if one["name"] == "sessionid")


def fetched(page):
    return page.evaluate(
        """performance.getEntriesByType("resource")
           .filter((each) => each.name.includes("/fragment/")).length"""
    )


class TestFragments:
    def test_none_is_fetched_while_what_the_page_was_drawn_from_is_so(self, board):
        assert fetched(board) == 0
        notes.write("percent", 20)
        shows(board, "#percent", "20%")
        assert fetched(board) == 0

    def test_one_is_fetched_when_it_changed_before_the_first_frame(self, board):
        def change_first(route):
            notes.write("kind", 9)
            connection.close()  # Playwright calls in a context that has one of its own
            route.continue_()

        board.route("**/live.js", change_first)
        board.route("**/live.*.js", change_first)
        board.reload()

        shows(board, "#note-kind", "kind: 9")

    def test_the_focus_stays_in_the_region_when_its_place_goes(self, board):
        notes.write("row", 1)
        notes.write("kind", 4)
        board.wait_for_selector("#note-row")
        board.evaluate(
            "() => { const row = document.getElementById('note-row');"
            " row.tabIndex = 0; row.focus(); }"
        )
        notes.erase("row")
        notes.write("kind", 5)
        board.wait_for_selector("#note-row", state="detached")

        assert board.evaluate("document.activeElement.id") == "region"
