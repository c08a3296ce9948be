"""Hold what routes really answer against the document, on a site with something of everything."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from jobs import lifecycle
from jobs.models import Job, RunSummary
from tests.api.conftest import Site
from tests.api.document import ask, operations

pytestmark = pytest.mark.django_db
GETS = [path for method, path, _ in operations() if method == "GET"]
JOB = "/api/batch-jobs/{name}"
# Its status says how CC&B's batches do, and on this site some failed.
BY_DESIGN = {"/api/ami-operational/health-check": [500]}


def asked_of_all(site: Site, path: str) -> list[int]:
    """Ask a route about everything there is, each held against the document."""
    names = [name for name in site.known if f"{{{name}}}" in path]
    client = site.client
    return [
        ask(client, "GET", path, of=dict(zip(names, values, strict=True))).status_code
        for values in itertools.product(*(site.known[name] for name in names))
    ]


class TestEveryGet:
    @pytest.mark.parametrize("path", GETS)
    def test_answers_about_everything_as_the_document_says(self, site: Site, path: str) -> None:
        assert {200, *BY_DESIGN.get(path, ())}.intersection(asked_of_all(site, path))

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("/api/batch-jobs", "?stats=true&limit=1"),
            ("/api/batch-jobs", "?status=odd"),
            ("/api/batch-jobs/export", "?format=xlsx"),
            ("/api/batch-jobs/export", "?format=odd"),
            ("/api/batch-jobs/statistics", "?days=0"),
            ("/api/alerts", "?cursor=odd"),
            ("/api/ami-operational/batch-timeline", "?from=2026-01-01&to=2026-01-03"),
            ("/api/ami-operational/batch-logs", "?status=odd"),
        ],
    )
    def test_answers_to_parameters_too(self, site: Site, path: str, query: str) -> None:
        assert ask(site.client, "GET", path, of={}, query=query).status_code in (200, 400)


class TestTheZip:
    PATH = f"{JOB}/download"

    def test_is_told_of_in_every_state(self, site: Site) -> None:
        ready = Job.objects.get(type="drill", artifact_state="ready")
        told = {}
        for state in ("ready", "making", "failed", "expired"):
            Job.objects.filter(pk=ready.pk).update(artifact_state=state)
            if state != "ready":
                ready.artifacts.all().delete()
            answer = ask(site.client, "GET", self.PATH, of={"name": ready.pk})
            told[state] = answer.status_code

        assert told == {"ready": 200, "making": 202, "failed": 409, "expired": 410}

    def test_of_an_open_job_comes_later(self, site: Site) -> None:
        job = site.job(items=2, ms=0, zip=True)

        assert ask(site.client, "GET", self.PATH, of={"name": job.pk}).status_code == 409


class TestTheSummary:
    PATH = "/api/batches/{name}/summary"

    def test_is_told_of_while_it_is_made_and_while_files_are_open(self, site: Site) -> None:
        ended = RunSummary.objects.all()[0].job
        ended.summaries.all().delete()
        Job.objects.filter(pk=ended.pk).update(summarised_at=None)
        client = site.client
        open_job = Job.objects.open()[0]

        codes = [
            ask(client, "GET", self.PATH, of={"name": name}).status_code
            for name in (ended.pk, open_job.pk, "nosuch")
        ]

        assert codes == [202, 404, 404]


def external(site: Site) -> str:
    return site.job("external", inline=[{"n": 1}, {"n": 2}]).pk


class TestEveryPost:
    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            (f"{JOB}/process-next", {"result": {"reference": "r"}}, 200),
            (f"{JOB}/process-next", {"error": "It broke."}, 200),
            (f"{JOB}/claim", {"limit": 1}, 200),
            (f"{JOB}/priority", {"priority": 5}, 200),
            (f"{JOB}/priority", {"priority": 500}, 400),
            (f"{JOB}/watch", {"on": True}, 200),
            (f"{JOB}/cancel", None, 200),
            (f"{JOB}/retry", None, 409),
            (f"{JOB}/enrich", None, 409),
        ],
    )
    def test_about_an_open_job_answers_as_the_document_says(
        self, site: Site, path: str, body: Any, code: int
    ) -> None:
        told = ask(site.client, "POST", path, of={"name": external(site)}, body=body)

        assert told.status_code == code

    def test_about_a_lease_answers_as_the_document_says(self, site: Site) -> None:
        job = external(site)
        lease = lifecycle.take(job, limit=1, worker="outside:x")
        assert lease is not None
        of = {"name": job, "token": str(lease.token)}
        result = {"itemId": lease.items[0].id, "status": "ok"}
        path, client = f"{JOB}/claims/{{token}}", site.client

        codes = [
            ask(client, "POST", f"{path}/heartbeat", of=of).status_code,
            ask(client, "POST", f"{path}/results", of=of, body={"results": [result]}).status_code,
            ask(client, "POST", f"{path}/results", of=of, body={"results": [result]}).status_code,
        ]

        assert codes == [200, 200, 409]

    def test_about_an_ended_job_answers_as_the_document_says(self, site: Site) -> None:
        job, client = Job.objects.get(type="drill", state="completed_with_errors"), site.client
        of = {"name": job.pk}
        odd = of | {"action": "odd"}

        codes = [
            ask(client, "POST", f"{JOB}/cancel", of=of).status_code,
            ask(client, "POST", f"{JOB}/enrich", of=of).status_code,
            ask(client, "POST", f"{JOB}/follow-ups/{{action}}", of=odd).status_code,
            ask(client, "POST", f"{JOB}/retry", of=of, query="?dryRun=true").status_code,
            ask(client, "POST", f"{JOB}/retry", of=of).status_code,
        ]

        assert codes == [409, 201, 404, 200, 200]

    def test_that_starts_a_job_answers_as_the_document_says(self, site: Site) -> None:
        client, path = site.client, "/api/batch-jobs"
        bodies: list[dict[str, Any]] = [
            {"type": "drill", "externalId": "x1"},
            {"type": "drill", "externalId": "x1"},
            {"type": "nosuch"},
            {"type": "drill", "params": {"items": -1}, "odd": 1},
        ]

        codes = [ask(client, "POST", path, of={}, body=body).status_code for body in bodies]

        assert codes == [201, 409, 400, 400]

    def test_about_a_file_in_parts_answers_as_the_document_says(self, site: Site) -> None:
        client, begun, sent = site.client, *site.known["upload_id"][:2]
        path = "/api/uploads/{upload_id}"
        announced = {"name": "a.csv", "sizeBytes": 5}

        codes = [
            ask(client, "POST", "/api/uploads", of={}, body=announced).status_code,
            ask(client, "POST", "/api/uploads", of={}, body={"sizeBytes": 10**15}).status_code,
            ask(
                client, "POST", "/api/uploads", of={}, body=announced | {"sizeBytes": 10**15}
            ).status_code,
            ask(
                client, "PUT", f"{path}/{{number}}", of={"upload_id": begun, "number": "1"}
            ).status_code,
            ask(client, "POST", f"{path}/complete", of={"upload_id": begun}).status_code,
            ask(client, "POST", f"{path}/complete", of={"upload_id": sent}).status_code,
            ask(client, "DELETE", path, of={"upload_id": begun}).status_code,
            ask(client, "DELETE", path, of={"upload_id": begun}).status_code,
        ]

        assert codes == [201, 400, 413, 400, 409, 200, 204, 404]

    def test_about_many_answers_as_the_document_says(self, site: Site) -> None:
        client, path = site.client, "/api/batch-jobs/bulk"

        named = {"action": "cancel", "ids": [external(site), "nosuch"]}
        wrong = {"action": "retry", "filter": {"status": "odd"}}

        assert ask(client, "POST", path, of={}, body=named).status_code == 200
        told = ask(client, "POST", path, of={}, body=wrong)
        assert (told.status_code, list(told.json()["errors"])) == (400, ["filter.status"])

    def test_about_alerts_and_schedules_answers_as_the_document_says(self, site: Site) -> None:
        client = site.client
        alert, schedule = ({name: site.known[name][0]} for name in ("alert_id", "schedule_id"))
        alerts, schedules = "/api/alerts/{alert_id}", "/api/schedules/{schedule_id}"
        note = {"note": "seen"}
        old = "/api/ami-operational/acknowledge-alert/{alert_id}"

        codes = [
            ask(client, "POST", old, of=alert, body={}).status_code,
            ask(client, "POST", f"{alerts}/acknowledge", of=alert, body=note).status_code,
            ask(client, "POST", f"{alerts}/comment", of=alert, body=note).status_code,
            ask(client, "POST", f"{alerts}/resolve", of=alert, body=note).status_code,
            ask(client, "POST", f"{schedules}/enable", of=schedule).status_code,
            ask(client, "POST", f"{schedules}/disable", of=schedule).status_code,
            ask(client, "POST", f"{schedules}/run-now", of=schedule).status_code,
        ]

        assert codes == [200, 200, 200, 409, 200, 200, 201]
