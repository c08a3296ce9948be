"""The alerts' pages under a hand: by Tab, Enter and Space only, and while others act."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from alerts import lifecycle
from alerts.models import Alert
from batchops.models import User
from tests.browser.alarms import find, no_alerts_left, tab_to
from tests.browser.conftest import Visit

LIVE = "[data-live-status=live]"


@pytest.fixture(autouse=True)
def clean(people: Callable[..., User]) -> Iterator[None]:
    with no_alerts_left():
        yield


class TestAcknowledging:
    def test_on_the_console_one_goes_on_where_one_was(self, visit: Visit) -> None:
        find("FAILED", "CM-DMRU", "D1-IMD")
        page = (visitor := visit("Operator")).page
        visitor.go("/admin/")
        buttons = page.locator("#active-alerts").get_by_role("button")
        tab_to(page, buttons.first)
        page.keyboard.press("Enter")
        expect(page.get_by_text("is yours now")).to_be_visible()
        expect(buttons).to_have_count(1)

        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#active-alerts') !== null")
        tab_to(page, buttons.first, presses=5)
        page.keyboard.press("Space")

        expect(page.locator("#active-alerts")).to_contain_text("No active alerts")
        assert set(Alert.objects.values_list("state", flat=True)) == {"acknowledged"}

    def test_in_the_admin_from_the_list_to_the_alert(self, visit: Visit) -> None:
        find("FAILED", "CM-DMRU")
        page = (visitor := visit("Operator")).page
        visitor.go("/admin/alerts/alert/")
        tab_to(page, page.locator("#result_list tbody th a"))
        page.keyboard.press("Enter")
        expect(page.locator("#alert-act")).to_be_visible()

        tab_to(page, page.get_by_label("Note"))
        page.keyboard.type("Called the DBA.")
        tab_to(page, page.get_by_role("button", name="Acknowledge"), presses=12)
        page.keyboard.press("Space")

        expect(page.locator(".event-list")).to_contain_text("Called the DBA.")
        assert Alert.objects.get().state == "acknowledged"

    def test_the_focus_stays_in_the_list_when_another_person_takes_the_alert(
        self, visit: Visit
    ) -> None:
        find("FAILED", "CM-DMRU", "D1-IMD")
        page = (visitor := visit("Operator")).page
        visitor.go("/admin/")
        page.wait_for_selector(LIVE, state="attached")
        first = page.locator("#active-alerts li").first
        tab_to(page, first.get_by_role("button"))
        taken = int((first.get_attribute("id") or "").removeprefix("alert-"))

        lifecycle.acknowledge(taken, at=timezone.now(), actor="user:other", note="", until=None)
        expect(page.locator("#active-alerts li")).to_have_count(1)

        expect(page.locator("#active-alerts-title")).to_be_focused()
        tab_to(page, page.locator("#active-alerts li").get_by_role("button"), presses=5)


class TestWhatIsHalfWritten:
    def test_a_note_and_its_moment_survive_what_others_do(self, visit: Visit) -> None:
        find("FAILED", "CM-DMRU")
        page = (visitor := visit("Operator")).page
        visitor.go(f"/admin/alerts/alert/{Alert.objects.get().pk}/change/")
        expect(page.locator(LIVE)).to_be_visible()
        page.get_by_label("Note").fill("Half a sen")

        lifecycle.comment(
            Alert.objects.get().pk, at=timezone.now(), actor="user:other", note="Seen."
        )

        expect(page.locator(".event-list")).to_contain_text("Seen.")
        expect(page.get_by_label("Note")).to_have_value("Half a sen")

    def test_ticks_in_the_list_survive_an_alert_that_opens(self, visit: Visit) -> None:
        find("FAILED", "CM-DMRU", "D1-IMD")
        page = (visitor := visit("Operator")).page
        visitor.go("/admin/alerts/alert/")
        expect(page.locator(LIVE)).to_be_visible()
        ticked = Alert.objects.get(key="D1-IMD").pk
        page.locator(f"input[name=_selected_action][value='{ticked}']").check()

        find("FAILED", "CM-DMRU", "D1-IMD", "CM_BSGGN")

        expect(page.locator("#result_list tbody tr")).to_have_count(3)
        expect(page.locator("input[name=_selected_action]:checked")).to_have_value(str(ticked))
