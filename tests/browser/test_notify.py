"""Notifications of the desktop: asked for by a click, one for each new critical alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from alerts.models import Alert
from alerts.states import Severity
from batchops.models import User
from tests.browser.alarms import find, no_alerts_left
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

# A browser without a desktop shows none: this one remembers them in its place.
DESKTOP = """
window.asked = 0;
window.told = [];
window.Notification = class {
  static get permission() { return localStorage.getItem("desktop") ?? "default"; }
  static async requestPermission() {
    window.asked += 1;
    localStorage.setItem("desktop", ANSWER);
    return ANSWER;
  }
  constructor(title, options) {
    window.told.push({ title, ...options, click: () => this.onclick() });
  }
  close() {}
};
"""
TITLES = "window.told.map((one) => one.title)"


@pytest.fixture(autouse=True)
def clean(people: Callable[..., User]) -> Iterator[None]:
    with no_alerts_left():
        yield


def desk(visit: Visit, *, answer: str = "granted") -> Visitor:
    visitor = visit("Operator", alone=True)
    visitor.context.add_init_script(DESKTOP.replace("ANSWER", f'"{answer}"'))
    go(visitor, visitor.page)
    return visitor


def go(visitor: Visitor, page: Page) -> None:
    page.goto(f"{visitor.origin}/admin/styleguide/")
    page.wait_for_selector("[data-live-status=live]", state="attached")


def switch(page: Page) -> Locator:
    page.locator("summary", has_text="Account of").click()
    return page.get_by_role("button", name="Notify me of critical alerts")


def told(page: Page, alerts: int) -> list[str]:
    """Return the titles of what was shown once the page knows of so many alerts."""
    expect(page).to_have_title(f"({alerts}) Style guide - BatchOps")
    titles: list[str] = page.evaluate(TITLES)
    return titles


class TestNotifications:
    def test_they_come_once_each_over_reloads_and_tabs(self, visit: Visit) -> None:
        find("FAILED", "OLD")
        visitor = desk(visit)
        page = visitor.page
        assert page.evaluate("window.asked") == 0
        button = switch(page)
        expect(button).to_contain_text("off")
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_contain_text("on")
        other = visitor.context.new_page()
        go(visitor, other)

        find("FAILED", "OLD", "NEW")
        find("LONG_RUNNING", "SLOW", severity=Severity.WARNING)
        shown = told(page, 3) + told(other, 3)
        assert shown == ["Critical alert: NEW"]
        go(visitor, page)
        assert told(page, 3) == []

        find("LONG_RUNNING", "SLOW", severity=Severity.CRITICAL)
        for tab in (page, other):
            expect(tab.locator("#alert-banner [data-severity=CRITICAL]")).to_have_text("3 critical")
        assert (told(page, 3) + told(other, 3)).count("Critical alert: SLOW") == 1

    def test_a_click_on_one_opens_the_alert(self, visit: Visit) -> None:
        visitor = desk(visit)
        switch(visitor.page).click()
        find("FAILED", "NEW")
        assert told(visitor.page, 1) == ["Critical alert: NEW"]
        assert visitor.page.evaluate("window.told[0].body") == "NEW is in trouble"

        visitor.page.evaluate("window.told[0].click()")

        visitor.page.wait_for_url(f"**/alert/{Alert.objects.get().pk}/change/")

    def test_many_at_once_are_one_and_off_is_off(self, visit: Visit) -> None:
        visitor = desk(visit)
        page = visitor.page
        button = switch(page)
        button.click()
        expect(button).to_contain_text("on")
        find("FAILED", *"ABCDE")
        assert told(page, 5) == ["5 new critical alerts"]

        button.click()
        expect(button).to_contain_text("off")
        find("FAILED", *"ABCDEF")
        assert told(page, 6) == ["5 new critical alerts"]

    def test_a_browser_that_refuses_is_named(self, visit: Visit) -> None:
        visitor = desk(visit, answer="denied")
        button = switch(visitor.page)
        button.click()

        expect(button).to_contain_text("Allow notifications for this site")
        find("FAILED", "NEW")
        assert told(visitor.page, 1) == []
