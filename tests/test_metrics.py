"""Scrape the metrics as a monitoring system does."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families

from alerts.lifecycle import reconcile
from alerts.states import Finding, Severity
from batchops import tallies
from batchops.db import database_now
from batchops.models import Heartbeat, WebProcess
from batchops.web import presence
from jobs import lifecycle, statistics
from jobs.models import Job
from jobs.runner import run_slice
from jobs.start import Order, checked
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

TOKEN = "t" * 32
EXPLAINED = re.compile(r"^\| `(batchops_\w+)` \| (\w+) ", re.MULTILINE)
PAGE = Path(__file__).parent.parent / "docs/metrics.md"

Figures = dict[tuple[str, str], float]


@pytest.fixture
def scraper(settings: Any) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def scrape(client: Client) -> Figures:
    """Return each sample by its name and its labels' values, joined in the order of their names."""
    response = client.get("/metrics")
    assert response.status_code == 200, response.content
    return {
        (sample.name, "/".join(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def beat(part: str) -> None:
    now = database_now()
    Heartbeat.objects.create(part=part, host="a", pid=1, workers=4, started_at=now, beat_at=now)


class TestWhoMayScrape:
    def test_only_the_token_of_the_setting_and_who_may_see_health(
        self, scraper: Client, settings: Any
    ) -> None:
        assert scraper.get("/metrics").status_code == 200
        assert client_of("Viewer").get("/metrics").status_code == 200
        assert Client().get("/metrics").status_code == 302
        for wrong in ("Bearer wrong", f"Token {TOKEN}", "Bearer ", "Bearer \u00e9"):
            refused = Client().get("/metrics", headers={"Authorization": wrong})
            assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")

        settings.METRICS_TOKEN = ""
        for nothing in ("Bearer", "Bearer ", f"Bearer {TOKEN}"):
            assert Client().get("/metrics", headers={"Authorization": nothing}).status_code == 401


class TestTheFormat:
    def test_every_metric_is_explained_and_every_one_explained_is_there(
        self, scraper: Client
    ) -> None:
        response = scraper.get("/metrics")

        told = {
            family.name + ("_total" if family.type == "counter" else ""): family.type
            for family in text_string_to_metric_families(response.content.decode())
        }
        explained = dict(
            re.findall(r"^\| `(batchops_\w+)` \| (\w+) ", PAGE.read_text(), re.MULTILINE)
        )
        assert told == explained
        assert response["Content-Type"].startswith("text/plain; version=")

    def test_openmetrics_is_spoken_to_who_asks_for_it(self, scraper: Client) -> None:
        response = scraper.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )

        assert response["Content-Type"].startswith("application/openmetrics-text")
        assert response.content.endswith(b"# EOF\n")


class TestJobs:
    def test_they_count_for_ever_by_how_they_ended_and_how_long_they_took(
        self, scraper: Client
    ) -> None:
        for params in ({"items": 3}, {"items": 2, "failPercent": 100}):
            order = Order(type="drill", params={"ms": 0, **params})
            lifecycle.create(checked(order, actor="user:x"))
            run_slice()
        lifecycle.create(checked(Order(type="drill", params={"items": 7}), actor="user:x"))
        statistics.count_until(database_now())
        statistics.count_until(database_now())

        figures = scrape(scraper)

        finished = "batchops_jobs_finished_total"
        assert [figures[finished, f"{s}/drill"] for s in ("completed", "failed")] == [1, 1]
        assert figures["batchops_job_items_finished_total", "succeeded/drill"] == 3
        assert figures["batchops_jobs_open", "pending/drill"] == 1
        # A rule that compares a sum with 0 needs something to sum.
        assert figures["batchops_jobs_open", "processing/drill"] == 0
        duration = "batchops_job_duration_seconds"
        assert [
            figures[f"{duration}_bucket", f"{bound}/drill"] for bound in ("1.0", "28800.0", "+Inf")
        ] == [2, 2, 2]
        assert figures[f"{duration}_count", "drill"] == 2
        assert 0 < figures[f"{duration}_sum", "drill"] < 2

    def test_refused_starts_and_asked_states_are_counted_beside_what_was_kept(
        self, scraper: Client, settings: Any
    ) -> None:
        beat("jobs")
        operator = client_of("Operator")
        tallies.note("trigger_conflicts", "alone")
        tallies.keep()
        Job.objects.create(
            type="bill-stop", title="x", created_by="user:x", single_flight_key="bill-stop"
        )
        settings.CCB_URL = "postgresql://reader:x@nowhere/ccb"

        status = operator.get("/api/crp-cpc/bill-stop-batch/status")
        refused = operator.post("/api/crp-cpc/bill-stop-batch/trigger")
        figures = scrape(scraper)

        assert (status.status_code, refused.status_code) == (200, 409)
        assert figures["batchops_trigger_conflicts_total", "alone"] == 1
        assert figures["batchops_trigger_conflicts_total", "bill-stop"] == 1
        assert figures["batchops_status_requests_total", "bill-stop-status"] == 1


class TestAlerts:
    def test_they_are_told_by_severity_with_what_is_owed_about_them(self, scraper: Client) -> None:
        finding = Finding(key="k", severity=Severity.CRITICAL, message="It failed.")
        reconcile("JOB_FAILED", [finding], at=database_now(), actor="system:test")

        figures = scrape(scraper)

        assert figures["batchops_alerts_open", "CRITICAL/open"] == 1
        assert figures["batchops_alerts_open", "WARNING/open"] == 0
        assert figures["batchops_source_stale", ""] == 1


class TestProcesses:
    def test_clusters_bells_and_web_servers_are_told_whoever_answers(self, scraper: Client) -> None:
        # Servers of other tests may live beside it.
        known = scrape(scraper)["batchops_web_processes", ""]
        beat("jobs")
        presence.show()
        now = database_now()
        other = WebProcess(host="b", pid=2, started_at=now, beat_at=now)
        other.sockets, other.resident_bytes = 70, 10
        other.save()
        OrmQ.objects.create(key="jobs", payload="", lock=now - timedelta(seconds=7))

        figures = scrape(scraper)

        assert figures["batchops_clusters_alive", "jobs"] == 1
        assert figures["batchops_clusters_alive", "watch"] == 0
        assert figures["batchops_queue_bells", "jobs/waiting"] == 1
        assert 7 <= figures["batchops_queue_oldest_bell_seconds", "jobs"] < 60
        assert figures["batchops_web_processes", ""] == known + 2
        assert figures["batchops_web_sockets", "b:2"] == 70
        assert figures["batchops_database_connections", ""] >= 1
        presence.leave()
        assert scrape(scraper)["batchops_web_processes", ""] == known + 1

    def test_a_scrape_costs_the_same_however_many_jobs_there_are(self, scraper: Client) -> None:
        costs = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                scrape(scraper)
            costs.append(len(queries))
            Job.objects.bulk_create(
                Job(type=f"type {n}", title="x", created_by="user:x") for n in range(20)
            )

        assert costs[0] == costs[1] < 40
