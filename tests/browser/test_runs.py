"""What an open list of runs shows when CC&B is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from batchops.ccb.errors import CcbLoginRefused, CcbTimeout
from batchops.errors import BatchOpsError
from monitoring import lifecycle
from monitoring.lifecycle import Asked
from monitoring.models import Poll
from tests.browser.conftest import Visit

Fail = Callable[[BatchOpsError], Poll]


@pytest.fixture
def fail(web: Any, django_db_blocker: Any) -> Iterator[Fail]:
    """Record a failed reading; at the end all is as before."""

    def record(error: BatchOpsError) -> Poll:
        now = timezone.now()
        asked = Asked(slot=None, started_at=now, by="test")
        return lifecycle.record_failed_poll(error, asked=asked, at=now)

    with django_db_blocker.unblock():
        yield record
        lifecycle.try_again(at=timezone.now(), actor="test")
        Poll.objects.filter(asked_by="test").delete()


class TestRefresh:
    def test_the_page_counts_down_and_draws_itself_anew(self, visit: Visit) -> None:
        visitor = visit("Viewer", alone=True)
        page = visitor.page
        page.clock.install()
        visitor.go("/admin/")
        rest = page.locator("[data-rest]")
        expect(rest).to_have_text(re.compile("^29:5"))

        with page.expect_request("**/workflow/fragment/"):
            page.clock.fast_forward("30:00")
        expect(rest).to_have_text(re.compile("^29:5"))

        page.clock.run_for(5000)
        with page.expect_request("**/active/fragment/"):
            page.get_by_role("button", name="Refresh").click()
            page.clock.run_for(5000)


class TestRunsWhileOpen:
    def test_failed_readings_and_try_again_appear_by_themselves(
        self, visit: Visit, fail: Fail
    ) -> None:
        visitor = visit("Operator")
        visitor.go("/admin/runs/?status=failed")
        visitor.page.wait_for_selector('[data-live-status="live"]')

        fail(CcbTimeout("CC&B did not answer within 90 s."))
        visitor.page.get_by_text("did not answer within 90 s").wait_for()
        fail(CcbLoginRefused("ORA-28000: the account is locked."))
        visitor.page.get_by_role("button", name="Try again").click()

        visitor.page.get_by_text("CC&B is tried again").wait_for()
        assert visitor.page.get_by_role("button", name="Try again").count() == 0
