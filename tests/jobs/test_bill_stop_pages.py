"""Bill stop as people see it, and who sees customers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from batchops.models import User
from jobs.models import Job, JobItem
from jobs.types.bill_stop import topic
from tests.jobs.agreements import BATCH, DAY, SECRETS, FakeBilling, agreement, press, run, work
from tests.people import client_of

pytestmark = [pytest.mark.sql, pytest.mark.django_db]
PAGE = "/admin/bill-stop/"


def text_of(client: Client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


class TestWhoMaySeeCustomers:
    def test_everybody_but_viewers(self, client: Client, billing: FakeBilling) -> None:
        run(client)
        viewer, operator = client_of("Viewer", "bs viewer"), client_of("Operator", "bs operator")
        pages = (BATCH, PAGE, f"{PAGE}connections/", f"{PAGE}connections/fragment/")

        said = {path: viewer.get(path).content.decode() for path in pages}
        sheets = [_sheet(one, "connections") for one in (viewer, operator)]

        assert [path for path, text in said.items() for s in SECRETS if s in text] == []
        row = viewer.get(BATCH).json()["details"][0]
        assert [row[name] for name in ("CUSTOMER_NAME", "ADDRESS", "PHONE_NO")] == [None] * 3
        assert all(s in operator.get(f"{PAGE}connections/").content.decode() for s in SECRETS)
        assert [set(SECRETS) <= set(sheet[1]) for sheet in sheets] == [False, True]
        User.objects.filter(username__startswith="bs ").delete()

    def test_nothing_that_is_pushed_or_kept_beside_the_lists_names_one(
        self, client: Client, billing: FakeBilling
    ) -> None:
        run(client)
        kept = [str(topic.read("")), *map(str, JobItem.objects.values_list("params", "result"))]

        assert [text for text in kept for secret in SECRETS if secret in text] == []


def _sheet(client: Client, what: str, query: str = "") -> list[tuple[Any, ...]]:
    answer = client.get(f"{BATCH}/{what}/export{query}")
    assert answer.status_code == 200

    async def read() -> bytes:
        return b"".join([part async for part in answer])  # type: ignore[attr-defined]

    book = load_workbook(io.BytesIO(async_to_sync(read)()))
    return [tuple(cell for cell in row) for row in book.worksheets[0].iter_rows(values_only=True)]


class TestPage:
    def test_shows_how_the_newest_run_stands(self, client: Client, billing: FakeBilling) -> None:
        before = text_of(client)
        assert "No batch job has run yet." in before
        assert "Trigger batch job to update data (takes 10-30 minutes)" in before

        job = Job.objects.get(pk=press(client).json()["jobId"])
        running = text_of(client)
        pressed = client.post(f"{PAGE}start/", follow=True)
        work(job)
        done = text_of(client)

        assert "Batch Job Running... (Started: " in running
        assert 'disabled title="Batch job is already running..."' in running
        assert "Job Running..." in running and "Refresh Data" not in running
        history = running.partition("Last 10 runs")[2]
        assert 'data-live-text="latestBatch.detailsCount"' in history
        warning = [str(message) for message in pressed.context["messages"]]
        assert len(warning) == 1 and "Wait until it has ended" in warning[0]
        ended = timezone.localtime(job.finished_at)
        said = f"Last Update: {ended.month}/{ended.day}/{ended.year}, {int(ended.strftime('%I'))}:"
        assert said in done and "Refresh Data" in done
        assert client.get("/crp-cpc").url == PAGE  # type: ignore[attr-defined]

    def test_starts_a_run_for_who_may(self, client: Client, billing: FakeBilling) -> None:
        client.post(f"{PAGE}start/")

        assert Job.objects.get().created_by == "user:operator"

    def test_narrows_down_and_orders(self, client: Client, billing: FakeBilling) -> None:
        billing.agreements += [
            agreement(n, of=30, crp="5000", sa_id=f"{n:010}", last_bill_on=DAY) for n in (1, 2)
        ]
        run(client)

        def listed(query: str) -> list[str]:
            page = client.get(f"{PAGE}{query}").context["rows"]
            return [crp.crp_account_no for crp in page]

        assert listed("?show=active") == ["5000"]
        assert listed("?show=stopped&search=01") == ["30000001"]
        assert listed("?sort=connections")[0] == "5000"
        assert listed("?sort=-active_billing")[-1] == "5000"
        assert listed("?sort=-bill_stop")[-1] == "5000"
        assert client.get(f"{PAGE}?sort=odd").status_code == 400
        rows = client.get(f"{PAGE}connections/?crp=30000000&show=stopped").context["rows"]
        assert {(one.crp_account_no, one.is_stopped) for one, *_ in rows} == {("30000000", True)}
        reasons = client.get(f"{PAGE}connections/?reason=segment_in_error").context["rows"]
        assert len(reasons) == 3

    def test_of_empty_lists_says_where_the_site_s_codes_are(
        self, client: Client, billing: FakeBilling
    ) -> None:
        billing.agreements = []
        run(client)

        for path in (PAGE, f"{PAGE}connections/"):
            said = text_of(client, path)
            assert "manage.py ccb_check" in said and "Clear a filter" not in said

    def test_hands_out_what_it_shows_as_a_workbook(
        self, client: Client, billing: FakeBilling
    ) -> None:
        run(client)

        sheet = _sheet(client, "crps", "?sort=-crp")

        assert sheet[0][:2] == ("CRP account", "Connections")
        assert [row[0] for row in sheet[1:]] == ["30000002", "30000001", "30000000"]
