"""Ask CC&B about the items of a finished job, and see its answers beside the rows."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db.models.functions import Now
from django.test import Client

from batchops.exports import xlsx_file
from jobs import lifecycle, registry
from jobs.lifecycle import Outcome
from jobs.models import Job
from jobs.runner import run_slice
from tests.ccb.conftest import CcbDatabase, ccb, make_database, reader, server  # noqa: F401
from tests.jobs.conftest import Make
from tests.jobs.test_api import post
from tests.jobs.test_exports import csv_rows, sheet_of
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

KNOWN = "4711000001"
SA_SQL = """
    INSERT INTO CI_SA (SA_ID, ACCT_ID, SA_TYPE_CD, SA_STATUS_FLG, START_DT, CHAR_PREM_ID)
    VALUES (%s, %s, 'E-PREPD', '20', '2024-01-31', ' ') ON CONFLICT DO NOTHING
"""


@pytest.fixture(autouse=True)
def _ccb(ccb: CcbDatabase, settings: Any) -> None:  # noqa: F811
    with psycopg.connect(ccb.owner_url) as session:
        for number in ("9900000001", "9900000002"):
            session.execute(SA_SQL, [number, KNOWN])
    settings.CCB_URL = ccb.reader_url


@pytest.fixture
def parent(make: Make) -> Job:
    """A finished job: one item that CC&B knows, one that it does not, one without an account."""
    items = [{"label": "Hall 1"}, {"accountNo": "1", "label": "Hall 2"}, {"label": "Hall 3"}, {}]
    job = make("external", inline=items)
    lease = lifecycle.claim_items(job.pk, limit=9, worker="w")
    assert lease is not None
    first, second, third, fourth = (item.id for item in lease.items)
    outcomes = [
        Outcome(first, "succeeded", {"accountNo": KNOWN, "bill": "=1+1"}),
        Outcome(second, "succeeded"),
        Outcome(third, "succeeded"),
        Outcome(fourth, "failed", error="no"),
    ]
    lifecycle.settle(lease, outcomes, ends=True)
    return job


def enrich(client: Client, parent: Job) -> Job:
    answer = post(client, f"/api/batch-jobs/{parent.pk}/enrich")
    assert answer.status_code == 201, answer.json()
    run_slice()
    return Job.objects.get(pk=answer.json()["jobId"])


def exported(client: Client, job: Job, what: str = "enriched/export") -> list[dict[str, str]]:
    [titles, *rows] = csv_rows(client.get(f"/api/batch-jobs/{job.pk}/{what}?format=csv"))
    return [dict(zip(titles, row, strict=True)) for row in rows]


class TestEnrichAll:
    def test_its_answers_stand_beside_the_rows_that_succeeded(
        self, client: Client, parent: Job
    ) -> None:
        child = enrich(client, parent)

        assert (child.parent_id, child.state) == (parent.pk, "completed_with_errors")
        assert (child.succeeded, child.failed) == (2, 1)
        rows = exported(client, child)
        assert [row["Label"] for row in rows] == ["Hall 1", "Hall 1", "Hall 2", "Hall 3"]
        assert [row["CC&B: Agreement"] for row in rows] == ["9900000001", "9900000002", "", ""]
        assert (rows[0]["CC&B: Since"], rows[0]["bill"]) == ("2024-01-31", "'=1+1")
        assert "knows nothing" in rows[2]["No answer because"]
        assert "accountNo" in rows[3]["No answer because"]

        page = client.get(f"/admin/jobs/{child.pk}/enriched/").content.decode()
        assert "9900000002" in page
        assert (
            f"/admin/jobs/{child.pk}/enriched/"
            in client.get(f"/admin/jobs/{parent.pk}/").content.decode()
        )
        summary = child.summaries.get().details
        assert summary == {"question": "agreements", "known": 1, "unknown": 1}

    def test_a_job_that_no_question_fits_is_refused_by_what_it_needs(
        self, client: Client, make: Make
    ) -> None:
        job = make("external", inline=[{"colour": "red"}])
        post(client, f"/api/batch-jobs/{job.pk}/process-next")

        answer = post(client, f"/api/batch-jobs/{job.pk}/enrich")

        assert answer.status_code == 400
        assert "accountNo" in str(answer.json()["errors"])

    def test_a_refused_login_ends_it_before_the_account_is_locked(
        self, client: Client, parent: Job, settings: Any
    ) -> None:
        settings.CCB_URL = settings.CCB_URL.replace("reader-secret", "wrong")

        child = enrich(client, parent)

        assert child.state == "failed"
        assert "password" in child.error

    def test_what_a_killed_worker_had_in_hand_is_asked_again_once(
        self, client: Client, parent: Job
    ) -> None:
        answer = post(client, f"/api/batch-jobs/{parent.pk}/enrich")
        child = Job.objects.get(pk=answer.json()["jobId"])
        making = lifecycle.claim_expansion(child.pk, worker="dead")
        assert making is not None
        items = list(registry.find("enrich").items(child, 0))
        lifecycle.add_items(making, items, start=0)
        lifecycle.close_expansion(making)
        assert lifecycle.claim_items(child.pk, limit=200, worker="dead") is not None
        child.claims.update(expires_at=Now() - timedelta(seconds=1))

        run_slice()

        child.refresh_from_db()
        assert (child.succeeded, child.failed) == (2, 1)
        assert child.items.get(position=0).result["found"] == 2  # type: ignore[index]

    def test_another_question_can_be_chosen(self, client: Client, parent: Job) -> None:
        params = {"parentId": parent.pk, "question": "last_run"}
        body = {"type": "enrich", "params": params}
        child = post(client, "/api/batch-jobs", body).json()["data"]
        run_slice()

        assert child["parentId"] == parent.pk
        job = Job.objects.get(pk=child["id"])
        assert "batchCode" in job.items.get(position=0).error
        assert (job.state, job.params["columns"][0]) == ("failed", "Description")

    def test_a_ccb_that_is_away_is_asked_again_in_minutes(
        self, client: Client, parent: Job, settings: Any
    ) -> None:
        settings.CCB_URL = "postgresql://reader:x@127.0.0.1:1/ccb"

        child = enrich(client, parent)

        assert child.is_open
        assert child.waits_until is not None
        settings.CCB_URL = ""
        lifecycle.cancel(child.pk, actor="user:x")


class TestPersonalData:
    def test_a_sheet_that_cannot_hold_its_answers_is_refused(
        self, client: Client, parent: Job, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = f"/api/batch-jobs/{enrich(client, parent).pk}/enriched/export?format=xlsx"
        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 3)
        assert client.get(path).json()["error"] == "too_many_rows"

        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 4)
        assert sheet_of(client.get(path)).max_row == 5

    def test_only_operators_see_and_export_it(self, client: Client, parent: Job) -> None:
        child = enrich(client, parent)
        watching = client_of("Viewer", "planner")

        items = [
            one.get(f"/api/batch-jobs/{child.pk}/items").json()["data"]["items"][0]
            for one in (client, watching)
        ]
        assert [one["resultHidden"] for one in items] == [False, True]
        assert items[0]["result"]["found"] == 2
        assert (items[1]["params"], items[1]["result"]) == (None, None)
        assert KNOWN not in str(exported(watching, child, "items/export"))
        assert not {"Params", "Result"} & exported(watching, child, "items/export")[0].keys()
        page = watching.get(f"/admin/jobs/{child.pk}/").content.decode()
        assert "For operators only" in page
        assert "9900000001" not in page
        for path in (
            f"/admin/jobs/{child.pk}/enriched/",
            f"/api/batch-jobs/{child.pk}/enriched/export",
        ):
            assert watching.get(path).status_code == 403
