"""Every page of the frame, wide and narrow, by day and by night."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visit

PAGES = [
    "/admin/",
    "/admin/styleguide/",
    "/admin/settings/",
    "/admin/runs/",
    "/admin/runs/steps/CM-DMRU/",
    "/admin/jobs/",
    "/admin/jobs/new/",
    "/admin/jobs/new/drill/",
    "/admin/jobs/bulk/cancel/",
    "/admin/bill-stop/",
    "/admin/bill-stop/connections/",
    "/admin/alerts/alert/",
    "/admin/alerts/channel/",
    "/admin/alerts/channel/add/",
    "/admin/alerts/delivery/",
    "/admin/monitoring/step/",
    "/admin/monitoring/monitoringconfig/1/change/",
    "/admin/batchops/user/",
    "/admin/batchops/user/add/",
    "/admin/batchops/apitoken/",
    "/admin/batchops/apitoken/add/",
    "/admin/auth/group/",
    "/admin/password_change/",
]
WIDTHS = (1440, 360)
THEMES = ("light", "dark")


class TestEveryPage:
    @pytest.mark.parametrize("path", PAGES)
    def test_it_fits_and_can_be_read_at_every_width_in_both_themes(
        self, visit: Visit, path: str
    ) -> None:
        visitor = visit()
        for width in WIDTHS:
            visitor.page.set_viewport_size({"width": width, "height": 800})
            for theme in THEMES:
                visitor.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                answer = visitor.go(path)

                assert answer.status == 200
                assert not visitor.scrolls_sideways()
                assert visitor.faint_texts() == []

    def test_the_login_too(self, visit: Visit) -> None:
        visitor = visit(role=None, viewport={"width": 360, "height": 740})
        for theme in THEMES:
            visitor.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            visitor.go("/admin/login/")

            assert not visitor.scrolls_sideways()
            assert visitor.faint_texts() == []

    def test_it_is_complete_without_a_script(self, visit: Visit) -> None:
        visitor = visit(java_script_enabled=False)
        visitor.go("/admin/")

        assert visitor.page.get_by_role("heading", level=1).is_visible()
        assert visitor.page.get_by_text("Not live").is_visible()


class TestErrorPages:
    def test_an_unknown_address_leads_back(self, visit: Visit) -> None:
        visitor = visit()
        visitor.expected_statuses.add(404)

        assert visitor.go("/nowhere/").status == 404
        visitor.page.get_by_role("link", name="Go to Today").click()

        assert visitor.page.url.endswith("/admin/")

    def test_a_refusal_names_what_is_missing(self, visit: Visit) -> None:
        visitor = visit(role="nobody in particular", viewport={"width": 360, "height": 740})
        visitor.expected_statuses.add(403)

        assert visitor.go("/admin/styleguide/").status == 403
        assert "batchops.view_health" in visitor.page.get_by_role("alert").inner_text()
        assert not visitor.scrolls_sideways()

    def test_a_form_without_its_secret_is_refused_in_words(self, visit: Visit) -> None:
        visitor = visit()
        visitor.expected_statuses.add(403)
        visitor.go("/admin/password_change/")
        visitor.page.evaluate("document.querySelector('#logout-form [name]').value = 'forged'")
        visitor.page.locator(".topbar summary[class*=btn]").last.click()
        visitor.page.get_by_role("button", name="Log out").click()

        assert visitor.page.get_by_role("heading", name="too old to be accepted").is_visible()
