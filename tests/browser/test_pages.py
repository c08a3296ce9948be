"""Every page of the frame, wide and narrow, by day and by night."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.utils import timezone

from alerts.lifecycle import reconcile
from alerts.models import Alert
from alerts.states import Finding, Severity
from batchops.models import User
from jobs import lifecycle
from jobs.models import Job
from jobs.start import Order, checked
from tests.browser.alarms import no_alerts_left
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.visitor import PHONE, THEMES
from tests.unguarded import unguarded

PAGES = {
    "of monitoring": [
        "/admin/",
        "/admin/health/",
        "/admin/runs/",
        "/admin/runs/grid/",
        "/admin/runs/compare/",
        "/admin/runs/calendar/",
        "/admin/runs/steps/CM-DMRU/",
        "/admin/monitoring/step/",
        "/admin/monitoring/calendarday/",
        "/admin/monitoring/plannedoutage/add/",
        "/admin/monitoring/monitoringconfig/1/change/",
    ],
    "of jobs and alerts": [
        "/admin/jobs/",
        "/admin/jobs/new/",
        "/admin/jobs/new/drill/",
        "/admin/jobs/bulk/cancel/",
        "/admin/bill-stop/",
        "/admin/bill-stop/connections/",
        "/admin/hand-over/",
        "/admin/report/",
        "/admin/alerts/alert/",
        "/admin/alerts/channel/",
        "/admin/alerts/channel/add/",
        "/admin/alerts/delivery/",
    ],
    "of the console": [
        "/admin/styleguide/",
        "/admin/settings/",
        "/admin/search/?q=CM-DMRU",
        "/admin/batchops/user/",
        "/admin/batchops/user/add/",
        "/admin/batchops/apitoken/",
        "/admin/batchops/apitoken/add/",
        "/admin/auth/group/",
        "/admin/password_change/",
    ],
}

CUT_OFF = """[...document.querySelectorAll(".table-scroll, .panel:has(> .table)")]
  .filter((each) => each.scrollWidth > each.clientWidth).length"""
# As a language of longer words would have them.
LENGTHEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const longer = (word) => word + "\u00e9".repeat(Math.ceil(0.4 * word.length));
    node.data = node.data.replace(/[A-Za-z]{3,}/g, longer);
  }
}"""


@pytest.fixture
def job(people: Callable[..., User]) -> Iterator[Job]:
    order = Order(type="drill", params={"items": 3, "ms": 1})
    job = lifecycle.create(checked(order, actor="user:axe"))
    yield job
    with unguarded():
        Job.objects.all().delete()


@pytest.fixture
def alert(people: Callable[..., User]) -> Iterator[Alert]:
    finding = Finding(
        key="CM-DMRU 1/0",
        severity=Severity.CRITICAL,
        message="Batch CM-DMRU failed",
        batch_code="CM-DMRU",
        business_date=date(2026, 3, 11),
    )
    reconcile("FAILED", [finding], at=timezone.now(), actor="system:test")
    with no_alerts_left():
        yield Alert.objects.get()


class TestEveryPage:
    @pytest.mark.parametrize("part", PAGES)
    def test_it_fits_in_longer_words_too_and_can_be_read_and_has_no_violation(
        self, visit: Visit, part: str
    ) -> None:
        visitor = visit()
        found: dict[str, list[str]] = {}
        for path in PAGES[part]:
            visitor.dress()
            assert visitor.go(path).status == 200
            found[path] = violations(visitor, frame=path == PAGES[part][0])
            for look in visitor.every_look():
                found[f"{path} at {look}"] = visitor.faint_texts()
                assert not visitor.scrolls_sideways(), (path, look)
            visitor.page.evaluate(LENGTHEN)
            for width in (1024, 360):
                visitor.dress(viewport={"width": width, "height": 900})
                assert not visitor.scrolls_sideways(), (path, width)

        assert not any(found.values()), found

    def test_the_login_too(self, visit: Visit) -> None:
        visitor = visit(role=None)
        visitor.go("/admin/login/")
        for theme in THEMES:
            visitor.dress(viewport=PHONE, color_scheme=theme)

            assert not visitor.scrolls_sideways()
            assert visitor.faint_texts() == []

    def test_it_is_complete_without_a_script(self, visit: Visit) -> None:
        visitor = visit(java_script_enabled=False)
        visitor.go("/admin/")

        assert visitor.page.get_by_role("heading", level=1).is_visible()
        assert visitor.page.get_by_text("Not live").is_visible()

    def test_those_of_a_job_and_an_alert_have_no_violation_either(
        self, visit: Visit, job: Job, alert: Alert
    ) -> None:
        visitor = visit()
        found = {}
        for path in (
            "",
            "jobs/",
            f"jobs/{job.pk}/",
            f"jobs/{job.pk}/cancel/",
            "alerts/alert/",
            f"alerts/alert/{alert.pk}/change/",
        ):
            visitor.go(f"/admin/{path}")
            found[path] = violations(visitor, contrast=True)

        assert not any(found.values()), found

    @pytest.mark.parametrize("width", [1024, 1280])
    def test_a_job_in_the_list_is_whole_on_a_narrow_desk(
        self, visit: Visit, job: Job, width: int
    ) -> None:
        visitor = visit(viewport={"width": width, "height": 768})
        visitor.go("/admin/jobs/")

        assert visitor.page.get_by_role("link", name="Cancel", exact=True).is_visible()
        assert visitor.page.evaluate(CUT_OFF) == 0


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
