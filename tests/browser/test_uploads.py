"""Send a large file from a real browser, through a server that dies on the way."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visit, web_process
from tests.browser.test_journeys import is_of_a_lost_server
from tests.jobs.files import zipped
from tests.jobs.harness.plan import empty_tables
from tests.jobs.harness.workers import FAST, Cluster
from tests.web_process import WebProcess

SOON_MS = 15_000
FORM = "/admin/jobs/new/bundles/"
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
def web(collected: Path) -> Iterator[WebProcess]:
    """`manage.py web` that knows a type which takes files; it stands here for the usual one."""
    knowing = {"DJANGO_SETTINGS_MODULE": "tests.jobs.harness.settings"}
    process = web_process(collected, UPLOAD_DISK_RESERVE_BYTES="0", **knowing)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def cluster(browser: Any, collected: Path, django_db_blocker: Any) -> Iterator[None]:
    settings = {**FAST, "JOBS_WORKERS": "1", "BATCHOPS_DATA_DIR": str(collected)}
    with django_db_blocker.unblock():
        empty_tables()
        with Cluster(settings):
            yield
        empty_tables()
        connection.close()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An archive of 20 MB."""
    path = tmp_path / "readings.zip"
    path.write_bytes(zipped(("readings.csv", os.urandom(20 * 1024**2))))
    return path


def choose(page: Page, path: Path) -> None:
    page.get_by_label("File", exact=True).set_input_files(path)


class TestALargeFile:
    def test_goes_up_in_parts_past_a_lost_server_and_its_job_completes(
        self, visit: Visit, web: WebProcess, cluster: None, large: Path
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
        expect(row).to_contain_text("Trying again")
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
        self, visit: Visit, web: WebProcess, collected: Path, cluster: None, large: Path
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
