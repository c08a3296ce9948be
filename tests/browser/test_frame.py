"""The frame: logging in and out, the menu, the theme, the messages."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from batchops.models import User
from tests.browser.conftest import PASSWORD, Visit

PHONE = {"width": 360, "height": 740}

PRESS_TWICE = """button => {
  button.click();
  button.click();
  return [button.ariaBusy, document.querySelector("[data-voice]").textContent];
}"""


class TestLogin:
    def test_it_leads_to_today_and_out_again(
        self, visit: Visit, people: Callable[..., User]
    ) -> None:
        people("ayesha", "Viewer")
        visitor = visit(role=None)
        page = visitor.page
        visitor.go("/")
        page.get_by_label("Username").fill("ayesha")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Today")

        page.locator("summary", has_text="Account of ayesha").click()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are logged out")


class TestMenu:
    def test_it_shows_only_what_the_role_may_see(self, visit: Visit) -> None:
        visitor = visit(role="nobody in particular")
        visitor.expected_statuses.add(403)
        visitor.go("/admin/")

        assert visitor.page.locator(".sidebar .menu-link").count() == 0

    def test_it_marks_where_one_is(self, visit: Visit) -> None:
        visitor = visit(role="Viewer")
        visitor.go("/admin/styleguide/")

        current = visitor.page.locator(".sidebar [aria-current=page]")
        expect(current).to_have_text("Style guide")

    def test_a_phone_opens_it_by_keyboard_and_escape_closes_it(self, visit: Visit) -> None:
        visitor = visit(viewport=PHONE)
        page = visitor.page
        visitor.go("/admin/styleguide/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        menu = page.get_by_role("navigation", name="Menu")
        expect(menu).to_be_visible()

        page.keyboard.press("Tab")
        expect(menu.get_by_role("link").first).to_be_focused()
        page.keyboard.press("Escape")

        expect(menu).to_be_hidden()
        expect(page.locator(".phone-menu summary")).to_be_focused()

    def test_a_phone_opens_it_without_a_script(self, visit: Visit) -> None:
        visitor = visit(viewport=PHONE, java_script_enabled=False)
        visitor.go("/admin/styleguide/")
        visitor.page.locator(".phone-menu summary").click()
        visitor.page.get_by_role("navigation", name="Menu").get_by_role("link").first.click()

        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Today")


class TestTheme:
    def test_it_is_remembered(self, visit: Visit) -> None:
        visitor = visit(color_scheme="light")
        page = visitor.page
        visitor.go("/admin/")
        day = background(visitor)
        page.get_by_role("button", name="Theme: as the system").click()
        night = background(visitor)
        visitor.go("/admin/styleguide/")

        assert day != night
        assert background(visitor) == night
        expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()


class TestKeys:
    def test_they_lead_on_and_keep_quiet_in_a_field_or_when_switched_off(
        self, visit: Visit
    ) -> None:
        page = (visitor := visit("Operator")).page
        visitor.go("/admin/jobs/new/")
        sheet = page.get_by_role("dialog")
        page.keyboard.press("?")
        expect(sheet.get_by_text("Escape")).to_be_visible()
        expect(sheet.get_by_text("Tick the row")).to_be_hidden()
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        page.keyboard.press("Escape")
        expect(page).to_have_url(f"{visitor.origin}/admin/jobs/")

        page.keyboard.press("/")
        page.keyboard.type("gr?")
        expect(page.get_by_role("searchbox").first).to_have_value("gr?")
        page.locator("h1").click()
        page.keyboard.press("g")
        page.keyboard.press("r")
        expect(page).to_have_url(f"{visitor.origin}/admin/runs/")

        page.keyboard.press("?")
        sheet.get_by_label("These keys work").uncheck()
        sheet.get_by_role("button", name="Close").click()
        page.keyboard.press("?")
        expect(sheet).to_be_hidden()


class TestTimeZone:
    def test_the_browsers_own_is_chosen_once_however_often_one_presses(self, visit: Visit) -> None:
        page = (visitor := visit("Viewer")).page
        visitor.go("/admin/runs/")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.method))
        page.locator(".topbar summary[class*=btn]").last.click()
        mine = page.locator("[data-own-zone]")
        own = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
        expect(mine).to_contain_text(own)

        assert mine.evaluate(PRESS_TWICE) == ["true", "Sent; waiting for the answer"]

        expect(page.locator("html")).to_have_attribute("data-time-zone", own)
        assert sent.count("POST") == 1


class TestMessages:
    def test_a_token_is_shown_once(self, visit: Visit) -> None:
        visitor = visit()
        page = visitor.page
        visitor.go("/admin/batchops/apitoken/add/")
        page.get_by_label("Name").fill("night script")
        page.get_by_label("User").select_option(index=1)
        page.get_by_role("button", name="Save", exact=True).click()
        key = page.locator(".note code").inner_text()
        assert len(key) > 40
        page.get_by_role("link", name="I have copied it").click()

        assert key not in page.content()

    def test_one_can_be_closed(self, visit: Visit) -> None:
        visitor = visit()
        page = visitor.page
        visitor.go("/admin/batchops/user/")
        page.locator("#result_list tbody th a").first.click()
        page.get_by_role("button", name="Save", exact=True).click()
        toast = page.locator("[data-toast]").filter(has_text="changed successfully")

        toast.get_by_role("button", name="Close this message").click()

        expect(toast).to_have_count(0)

    def test_lists_become_cards_that_name_their_figures_on_a_phone(self, visit: Visit) -> None:
        visitor = visit(viewport=PHONE)
        visitor.go("/admin/batchops/user/")

        cell = visitor.page.locator("#result_list tbody td[data-label]").first
        expect(cell).to_have_attribute("data-label", "First name")
        expect(visitor.page.locator("#result_list thead")).to_be_hidden()


def background(visitor: object) -> str:
    page = visitor.page  # type: ignore[attr-defined]
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


class TestFiltersOfAList:
    def test_on_a_phone_they_begin_closed_and_stay_as_they_were_left(self, visit: Visit) -> None:
        visitor = visit(viewport={"width": 360, "height": 800})
        filters = "#changelist-filter details"

        visitor.go("/admin/alerts/alert/")
        visitor.page.wait_for_function(f"!document.querySelector('{filters}[open]')")
        visitor.page.locator(filters).first.locator("summary").click()
        visitor.go("/admin/alerts/alert/")

        visitor.page.wait_for_selector("[data-live-status=live]", state="attached")
        assert visitor.page.locator(f"{filters}[open]").count() == 1
        assert visitor.page.locator(filters).count() > 1
