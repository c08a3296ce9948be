"""The five scenarios of the bill-stop page, live, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from batchops.ccb.failures import failure
from batchops.models import Heartbeat
from jobs.models import Job
from jobs.types.bill_stop.job_type import BillStop
from tests.browser.conftest import Visit
from tests.jobs.agreements import RANGES, FakeBilling, fake_billing, work
from tests.jobs.harness.plan import empty_tables

SOON_MS = 15_000


@pytest.fixture
def billing(people: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBilling]:
    """What this process, which does the jobs, reads for CC&B."""
    empty_tables()
    settings.BILL_STOP_RANGES = RANGES
    monkeypatch.setattr(BillStop, "backoff", lambda self, attempt: timedelta(0))
    later = timezone.now() + timedelta(hours=1)
    Heartbeat.objects.create(
        part="jobs", host="test", pid=1, started_at=later, beat_at=later, workers=4
    )
    yield fake_billing(monkeypatch)
    empty_tables()


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible(timeout=SOON_MS)


def press(page: Page) -> Job:
    page.get_by_role("button", name="Refresh Data").click()
    says(page, "Batch Job Running... (Started: ")
    return Job.objects.open().get()


class TestTheFiveScenarios:
    def test_are_shown_without_a_reload(self, visit: Visit, billing: FakeBilling) -> None:
        visitor = visit("Operator", viewport={"width": 360, "height": 740})
        page = visitor.page
        page.goto(f"{visitor.origin}/admin/bill-stop/")
        says(page, "No batch job has run yet.")

        first = press(page)
        running = page.get_by_role("button", name="Job Running...")
        expect(running).to_be_disabled()
        expect(running).to_have_attribute("title", "Batch job is already running...")
        page.reload()
        says(page, "Batch Job Running... (Started: ")

        work(first)
        says(page, "Last Update: ")
        expect(page.get_by_role("link", name="30000000")).to_be_visible(timeout=SOON_MS)
        expect(page.get_by_role("button", name="Refresh Data")).to_be_enabled()

        billing.fails = lambda span: failure("ccb_connection_lost")
        work(press(page))
        says(page, "Last Job Failed (")
        expect(page.get_by_text("the connection was lost while reading").first).to_be_visible()
        expect(page.get_by_role("button", name="Refresh Data")).to_be_enabled()

        page.get_by_role("link", name="30000000").click()
        expect(page.get_by_role("heading", name="Connections of CRP 30000000")).to_be_visible()
        expect(page.get_by_text("Tea stall 0007").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
