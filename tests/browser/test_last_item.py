"""What an open page shows of jobs as seed 003 has them, with no call but its own socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from batchops.models import User
from jobs import lifecycle, start
from jobs.models import Job, RunSummary
from tests.browser.conftest import Visit
from tests.jobs.harness.plan import empty_tables
from tests.jobs.harness.workers import FAST, Cluster
from tests.waiting import wait_for

PROMISED_S = 40
FEW = {**FAST, "JOBS_WORKERS": "1"}


@pytest.fixture(autouse=True)
def _alone(people: Callable[..., User]) -> Iterator[None]:
    empty_tables()
    yield
    empty_tables()


def drill(items: int, **params: int) -> Job:
    """Make a job before there is a cluster to do it."""
    order = start.Order(type="drill", params={"items": items, "ms": 20, **params}, title="Seven")
    return lifecycle.create(start.checked(order, actor="user:tester"))


def looking_at(visit: Visit, job: Job) -> Page:
    visitor = visit("Operator")
    visitor.go(f"/admin/jobs/{job.pk}/")
    return visitor.page


def shows(page: Page, said: str) -> None:
    state = page.locator("[data-live-topic^='job:'] .panel-head .badge").first
    expect(state).to_have_text(said, timeout=PROMISED_S * 1000)
    summary = page.get_by_role("heading", name="Summary")
    expect(summary).to_be_visible(timeout=PROMISED_S * 1000)


class TestABatch:
    def test_good_or_mixed_is_shown_as_it_went(self, visit: Visit) -> None:
        good, mixed = drill(7), drill(7, failPercent=50)
        pages = looking_at(visit, good), looking_at(visit, mixed)

        with Cluster(FEW):
            shows(pages[0], "Completed")
            shows(pages[1], "Completed with errors")

    def test_whose_worker_is_killed_after_the_last_commit_is_whole(self, visit: Visit) -> None:
        job = drill(7)
        page = looking_at(visit, job)

        with Cluster({**FEW, "HARNESS_DIES": "kill"}) as cluster:

            def is_whole() -> bool:
                cluster.heal()
                return RunSummary.objects.filter(job=job).exists()

            wait_for(is_whole, PROMISED_S, "the summary")
            shows(page, "Completed")
