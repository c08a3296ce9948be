"""Send a large file from a real browser, through a server that dies on the way."""

from __future__ import annotations

import os
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, Response, Route, expect

from jobs.models import Job
from tests.browser.conftest import Visit
from tests.browser.test_journeys import is_of_a_lost_server
from tests.jobs.batches import BAD, GOOD
from tests.jobs.files import zipped
from tests.jobs.harness.plan import empty_tables
from tests.jobs.harness.workers import FAST, Cluster
from tests.waiting import wait_for
from tests.web_process import WebProcess

SOON_MS = 15_000
FORM = "/admin/jobs/new/bundles/"
RECIPIENTS = 400
REMEMBER_PERCENT = """
window.percents = [];
new MutationObserver(() => {
  const bar = document.querySelector("[data-live-topic^='job:'] progress");
  if (bar && window.percents.at(-1) !== bar.value) window.percents.push(bar.value);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
# Whatever the bars showed since the page was loaded.
REMEMBER = """
window.seen = [];
new MutationObserver(() => {
  for (const bar of document.querySelectorAll("[data-upload-bar]")) {
    if (window.seen.at(-1) !== bar.value) window.seen.push(bar.value);
  }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


@pytest.fixture(scope="module")
def one_cluster(collected: Path, django_db_blocker: Any) -> Iterator[Cluster]:
    few = {"JOBS_WORKERS": "1", "JOBS_SETTLE_INTERVAL_S": "0.05"}
    settings = {**FAST, **few, "BATCHOPS_DATA_DIR": str(collected)}
    with django_db_blocker.unblock():
        empty_tables()
        with Cluster(settings) as running:
            yield running
        empty_tables()


@pytest.fixture
def cluster(one_cluster: Cluster) -> Cluster:
    one_cluster.heal()  # the test before may have killed it
    return one_cluster


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of 20 MB."""
    path = tmp_path_factory.mktemp("large") / "readings.zip"
    path.write_bytes(zipped(("readings.csv", os.urandom(20 * 1024**2))))
    return path


def choose(page: Page, path: Path) -> None:
    page.get_by_label("File", exact=True).set_input_files(path)


class TestALargeFile:
    def test_goes_up_in_parts_past_a_lost_server_and_its_job_completes(
        self, visit: Visit, web: WebProcess, cluster: Cluster, large: Path
    ) -> None:
        visitor = visit("Operator")
        page = visitor.page
        page.add_init_script(REMEMBER)
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
        visitor.go(FORM)

        def lose_the_server(route: Route) -> None:
            web.stop(signal.SIGKILL)
            route.continue_()

        page.route("**/api/uploads/*/2", lose_the_server, times=1)
        choose(page, large)
        row = page.locator("[data-upload] li")
        # Until then it is hashed, and two parts of 8 MB have gone by way of the browser's driver.
        expect(row).to_contain_text("Trying again", timeout=SOON_MS)
        button = page.get_by_role("button", name="Start the job")
        expect(button).to_be_disabled()
        web.start()

        expect(row).to_contain_text("SHA-256", timeout=SOON_MS)
        assert [url[-1] for url in sent][:2] == ["1", "2"]
        assert sum(url.endswith("/1") for url in sent) == 1
        seen = page.evaluate("window.seen")
        assert (seen == sorted(seen), len(seen), seen[-1]) == (True, 4, 100)
        button.click()
        state = page.locator("[data-live-topic^='job:'] .panel-head .badge").first
        expect(state).to_have_text("Completed", timeout=SOON_MS)
        visitor.complaints = [c for c in visitor.complaints if not is_of_a_lost_server(c)]

    def test_is_taken_back_by_who_cancels_it(
        self, visit: Visit, web: WebProcess, collected: Path, cluster: Cluster, large: Path
    ) -> None:
        visitor = visit("Operator")
        page = visitor.page
        folder = collected / "files/uploads"
        before = sorted(folder.iterdir())
        visitor.go(FORM)

        choose(page, large)
        row = page.locator("[data-upload] li")
        expect(row).to_contain_text("SHA-256", timeout=SOON_MS)
        with page.expect_response(re.compile("/api/uploads/")) as deleted:
            row.get_by_role("button", name="Cancel").click()

        expect(row).to_have_count(0)
        assert deleted.value.status == 204
        assert sorted(folder.iterdir()) == before

    def test_of_a_kind_that_nothing_reads_is_named(self, visit: Visit, tmp_path: Path) -> None:
        visitor = visit("Operator")
        visitor.expected_statuses = {415}
        page = visitor.page
        program = tmp_path / "readings.csv"
        program.write_bytes(b"MZ" + bytes(100))
        visitor.go(FORM)

        choose(page, program)

        expect(page.locator("[data-upload] li")).to_contain_text("is a Windows program")
        expect(page.get_by_role("button", name="Start the job")).to_be_enabled()


class TestDocuments:
    def test_are_looked_at_then_made_live_past_a_killed_worker_and_packed_once_each(
        self, visit: Visit, cluster: Cluster, tmp_path: Path
    ) -> None:
        table = tmp_path / "november.csv"
        rows = [f"Customer {number},{4711 + number}" for number in range(RECIPIENTS)]
        table.write_text("\n".join(["name,account", *rows]))
        visitor = visit("Operator")
        page = visitor.page
        page.add_init_script(REMEMBER_PERCENT)
        visitor.go("/admin/jobs/new/document/")

        fill_in(page, table)
        with page.context.expect_event("response", is_preview) as previewed:
            page.get_by_role("button", name="Preview the first").click()
        assert previewed.value.headers["content-type"] == "application/pdf"
        page.get_by_role("button", name="Start the job").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Documents: Dear {name},")
        wait_for(lambda: job_of(page).succeeded, 30, "the first documents")
        cluster.kill(random.Random(1))
        assert job_of(page).is_open
        wait_for(lambda: ended(page, cluster), 60, "the job to end")

        state = page.locator("[data-live-topic^='job:'] .panel-head .badge").first
        expect(state).to_have_text("Completed", timeout=SOON_MS)
        percents = page.evaluate("window.percents")
        assert (percents == sorted(percents), percents[-1]) == (True, 100)
        link = page.get_by_role("link", name=re.compile("ZIP"))
        with page.expect_download(timeout=SOON_MS) as download:
            link.click(timeout=SOON_MS)
        with ZipFile(download.value.path()) as archive:
            assert archive.testzip() is None
            packed = [name for name in archive.namelist() if name.endswith(".pdf")]
        assert packed == [f"{n + 1:03} Customer {n}.pdf" for n in range(RECIPIENTS)]


def fill_in(page: Page, table: Path) -> None:
    """Fill in the form of documents, which tells what is wrong, and helps, on the way."""
    template, told = page.get_by_label("Template"), page.locator("[data-recipients]")
    template.fill("Dear {nme},")
    choose(page, table)
    expect(told).to_contain_text(f"{RECIPIENTS} recipients", timeout=SOON_MS)
    expect(told).to_contain_text("No column fills {nme}")
    template.fill("Dear {name},\n\nyour account is ")
    expect(told).not_to_contain_text("No column", timeout=SOON_MS)
    told.get_by_role("button", name="account").click()
    expect(template).to_have_value(re.compile("account is {account}$"))


def is_preview(response: Response) -> bool:
    return response.url.endswith("/preview/")


def ended(page: Page, cluster: Cluster) -> bool:
    """Start workers where some died, and say whether the job of the page has ended."""
    cluster.heal()
    return not job_of(page).is_open


def job_of(page: Page) -> Job:
    return Job.objects.get(pk=page.url.rstrip("/").rsplit("/", 1)[-1])


class TestAFileBatch:
    def test_goes_from_columns_filled_in_to_the_errors_of_one_file(
        self, visit: Visit, web: WebProcess, cluster: Cluster, tmp_path: Path
    ) -> None:
        visitor = visit("Operator")
        page = visitor.page
        files = {"good.csv": GOOD, "bad.csv": BAD}
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        visitor.go("/admin/jobs/new/file_batch/")

        page.get_by_label("Files", exact=True).set_input_files([tmp_path / name for name in files])
        for at, (name, kind) in enumerate(
            [("meter", "Text"), ("read_on", "Date"), ("wrong", "Text"), ("reading", "Number")]
        ):
            if at == 3:
                page.get_by_role("button", name="Add a row").click()
            page.get_by_label("Column", exact=True).nth(at).fill(name)
            page.get_by_label("Type", exact=True).nth(at).select_option(kind)
        page.get_by_role("button", name="Remove this row").nth(2).click()
        page.get_by_label("Unique").nth(0).check()
        page.get_by_label("Needed").nth(1).check()
        expect(page.locator("[data-upload] li")).to_contain_text(["SHA-256"] * 2, timeout=SOON_MS)
        assert not visitor.scrolls_sideways()
        page.get_by_role("button", name="Start the job").click()

        state = page.locator("[data-live-topic^='job:'] .panel-head .badge").first
        expect(state).to_have_text("Completed with errors", timeout=SOON_MS)
        expect(page.get_by_role("link", name="Rejected rows (CSV)")).to_be_visible(timeout=SOON_MS)
        expect(page.locator("details.panel")).to_contain_text("good.csv")
        page.locator("tr[id^=item-] a", has_text="bad.csv").click()
        errors = page.get_by_role("region", name="Errors")
        expect(errors).to_contain_text("'x' is no number such as 12.50")
        expect(errors).to_contain_text("'M001' stands in an earlier row already")
        assert visitor.faint_texts() == []
