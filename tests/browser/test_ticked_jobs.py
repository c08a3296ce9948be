"""Tick jobs of the list and change them together, as an operator's hand would."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from batchops.models import User
from jobs import lifecycle, start
from jobs.models import Job
from jobs.start import Order
from tests.browser.conftest import Visit
from tests.jobs.harness.plan import empty_tables


@pytest.fixture(autouse=True)
def waiting(people: Callable[..., User]) -> Iterator[list[Job]]:
    """Three jobs that nobody does."""
    empty_tables()
    orders = [Order(type="drill", params={"items": 5}, title=f"Waiting {n}") for n in range(3)]
    yield [lifecycle.create(start.checked(order, actor="user:tester")) for order in orders]
    empty_tables()


class TestTicking:
    def test_some_are_cancelled_after_a_question(self, visit: Visit, waiting: list[Job]) -> None:
        page = (visitor := visit("Supervisor")).page
        visitor.go("/admin/jobs/")
        cancel = page.get_by_role("button", name="Cancel...")
        expect(cancel).to_be_disabled()

        for title in ("Waiting 0", "Waiting 2"):
            page.get_by_label(f"Tick {title}").check()
        expect(page.locator("[data-selected-count]")).to_have_text("2")
        cancel.click()
        expect(page.get_by_role("main")).to_contain_text("2 open jobs would be cancelled")
        page.get_by_role("button", name="Yes, cancel 2 jobs").click()

        expect(page.get_by_text("2 jobs are cancelled.")).to_be_visible()
        assert {job.title: job.state for job in Job.objects.all()} == {
            "Waiting 0": "cancelled",
            "Waiting 1": "pending",
            "Waiting 2": "cancelled",
        }

    def test_one_box_ticks_and_clears_the_whole_page(self, visit: Visit) -> None:
        page = (visitor := visit("Supervisor")).page
        visitor.go("/admin/jobs/")
        every = page.get_by_label("Tick all jobs of this page")
        count = page.locator("[data-selected-count]")

        every.check()
        expect(count).to_have_text("3")
        expect(page.locator("input[name=id]:checked")).to_have_count(3)
        page.get_by_label("Tick Waiting 1").uncheck()
        expect(count).to_have_text("2")
        assert every.evaluate("box => box.indeterminate")
        every.check()
        every.uncheck()
        expect(count).to_have_text("0")
        expect(page.get_by_role("button", name="Cancel...")).to_be_disabled()
