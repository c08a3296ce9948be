from __future__ import annotations

import asyncio
import csv
import gc
import io
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from batchops.exports import Column, Export, TooManyRows, stream, xlsx_file
from batchops.exports.stream import safe_name
from jobs.models import JobItem
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db

DANGEROUS = ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
BOM = "\ufeff"


def body_of(response):
    async def collect():
        return b"".join([part async for part in response])

    return asyncio.run(collect())


def csv_rows(response):
    text = body_of(response).decode()
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))


def sheet_of(response):
    return openpyxl.load_workbook(io.BytesIO(body_of(response))).active


def exported(rows, form="csv"):
    return stream(Export("list", [Column("Cell", lambda row: row)], lambda: rows), form)


def begun(client):
    """Begin an export of the jobs, when one of the two places is free."""

    def answered():
        response = client.get("/api/batch-jobs/export")
        return response if response.status_code == 200 else None

    return wait_for(answered, 5, "a free place")


def folders():
    return list(Path(tempfile.gettempdir()).glob(f"{xlsx_file.FOLDER}*"))


class TestJobs:
    def test_it_holds_what_the_filters_leave(self, client, done, make):
        ended, pending = done(items=3, ms=0), make()
        [titles, *rows] = csv_rows(client.get("/api/batch-jobs/export"))
        assert {row[0] for row in rows} == {ended.pk, pending.pk}

        [_, row] = csv_rows(client.get("/api/batch-jobs/export?status=completed&format=csv"))
        told = dict(zip(titles, row, strict=True))
        assert told["Id"] == ended.pk
        assert told["State"] == "completed"
        assert told["Succeeded"] == told["Items"] == "3"
        assert datetime.fromisoformat(told["Finished at"]) == ended.finished_at.replace(
            microsecond=0
        )

    def test_it_is_a_file_that_nobody_keeps(self, client):
        response = client.get("/api/batch-jobs/export", headers={"Accept": "text/csv"})
        assert csv_rows(response)[1:] == []
        assert response["Content-Disposition"] == 'attachment; filename="batch-jobs.csv"'
        assert response["Content-Type"].startswith("text/csv; charset=utf-8")
        assert response["Cache-Control"] == "no-store"

    def test_a_workbook_types_every_cell(self, client, done):
        job = done(items=2, ms=0)
        sheet = sheet_of(client.get("/api/batch-jobs/export?format=xlsx"))
        titles = [cell.value for cell in sheet[1]]
        row = dict(zip(titles, [cell.value for cell in sheet[2]], strict=True))
        assert row["Id"] == job.pk
        assert row["Items"] == 2
        local = job.created_at.astimezone(settings.SITE_ZONE).replace(tzinfo=None)
        assert abs((row["Created at"] - local).total_seconds()) < 1

    @pytest.mark.parametrize("query", ["format=ods", "status=lost", "nonsense=1", "limit=x"])
    def test_it_refuses_what_it_cannot_narrow_down_by(self, client, query):
        response = client.get(f"/api/batch-jobs/export?{query}")
        assert response.status_code == 400
        assert query.partition("=")[0] in response.json()["errors"]


class TestItems:
    def test_it_holds_those_in_the_state_asked_for(self, client, done):
        job = done(items=4, ms=0, failPercent=50)
        address = f"/api/batch-jobs/{job.pk}/items/export"
        assert len(csv_rows(client.get(address))) == 5
        [titles, *failed] = csv_rows(client.get(f"{address}?status=failed"))
        assert len(failed) == 2
        assert all("as the drill asked" in row[titles.index("Error")] for row in failed)

    @pytest.mark.parametrize("search", ["be", "1"])
    def test_it_holds_those_searched_for_as_the_list_does(self, client, make, search):
        job = make(inline=[{}] * 3)
        for position, name in enumerate(("alpha", "Beta", "gamma")):
            job.items.filter(position=position).update(params={"label": name})
        path = f"/api/batch-jobs/{job.pk}/items"
        [_, row] = csv_rows(client.get(f"{path}/export?search={search}"))
        [item] = client.get(f"{path}?search={search}").json()["data"]["items"]
        assert (row[0], item["position"]) == ("1", 1)

        page = client.get(f"/admin/jobs/{job.pk}/?search={search}&status=pending")
        link = f"{path}/export?format=csv&amp;status=pending&amp;search={search}"
        assert link in page.content.decode()

    @pytest.mark.parametrize("query", ["limit=1", "cursor=WzFd"])
    def test_it_has_no_pages(self, client, done, query):
        job = done(items=2, ms=0)
        answer = client.get(f"/api/batch-jobs/{job.pk}/items/export?{query}")
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [query.partition("=")[0]]

    def test_an_unknown_job_is_not_found(self, client):
        assert client.get("/api/batch-jobs/nobody/items/export").status_code == 404

    def test_what_items_hold_runs_nowhere(self, client, make):
        job = make()
        JobItem.objects.bulk_create(
            JobItem(job=job, position=place, error=text) for place, text in enumerate(DANGEROUS)
        )
        address = f"/api/batch-jobs/{job.pk}/items/export"
        [titles, *rows] = csv_rows(client.get(address))
        assert [row[titles.index("Error")] for row in rows] == [f"'{text}" for text in DANGEROUS]
        cells = [
            row[titles.index("Error")] for row in sheet_of(client.get(f"{address}?format=xlsx"))
        ]
        assert [cell.data_type for cell in cells[1:]] == ["s"] * len(DANGEROUS)
        assert [cell.value for cell in cells[1:5]] == DANGEROUS[:4]


class TestCells:
    def test_csv_quotes_and_ends_lines_as_rfc_4180_says(self):
        text = body_of(exported(['say "hi", twice\nor so', "plain"])).decode()
        assert text == BOM + 'Cell\r\n"say ""hi"", twice\nor so"\r\nplain\r\n'

    def test_csv_writes_each_kind_plainly(self):
        moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
        values = [None, True, -5, 1.5, moment, {"a": ["é"]}]
        assert [row[0] if row else "" for row in csv_rows(exported(values))[1:]] == [
            "",
            "true",
            "-5",
            "1.5",
            moment.astimezone(settings.SITE_ZONE).isoformat(),
            '{"a": ["é"]}',
        ]

    def test_a_workbook_says_where_it_cut_a_text_off(self):
        [_, (cell,)] = sheet_of(exported(["x" * 40_000], "xlsx"))
        assert len(cell.value) == xlsx_file.TEXT_MAX
        assert "cut off" in cell.value

    @pytest.mark.parametrize(
        ("name", "safe"),
        [("../../etc/passwd", "etc-passwd"), ('a"\r\nb: c', "a-b-c"), ("", "export")],
    )
    def test_no_name_leaves_its_header_or_folder(self, name, safe):
        assert safe_name(name) == safe


class TestTooMuch:
    def test_a_sheet_that_cannot_hold_it_is_refused_and_leaves_nothing(self, monkeypatch):
        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 3)
        with pytest.raises(TooManyRows, match="at most 3 rows"):
            exported([1, 2, 3, 4], "xlsx")
        assert folders() == []
        assert sheet_of(exported([1, 2, 3], "xlsx")).max_row == 4

    def test_a_workbook_that_takes_too_long_is_given_up_and_frees_its_place(
        self, client, done, monkeypatch
    ):
        done(items=1, ms=0)
        with monkeypatch.context() as impatient:
            impatient.setitem(stream.__globals__, "LONGEST", timedelta(0))
            for _ in range(3):
                answer = client.get("/api/batch-jobs/export?format=xlsx")
                assert (answer.status_code, answer.json()["error"]) == (503, "export_too_slow")
        assert folders() == []
        assert client.get("/api/batch-jobs/export?format=xlsx").status_code == 200

    def test_what_a_killed_process_left_goes_with_the_next(self, monkeypatch):
        left = Path(tempfile.mkdtemp(prefix=xlsx_file.FOLDER))
        (left / "part").write_text("rows")
        body_of(exported([1], "xlsx"))
        assert folders() == [left]

        monkeypatch.setattr(xlsx_file, "LEFT_BEHIND_AFTER_S", -1)
        body_of(exported([1], "xlsx"))
        assert folders() == []


class TestTurns:
    def test_a_third_at_once_is_asked_to_come_back(self, client, make):
        make()
        gc.collect()  # ends exports that other tests began and nobody read
        with closing(begun(client)) as first, closing(begun(client)) as second:
            refused = client.get("/api/batch-jobs/export?format=xlsx")
            assert refused.status_code == 503
            assert refused.json()["error"] == "too_many_exports"
            assert int(refused["Retry-After"]) > 0

            first.close()
            with closing(begun(client)) as third:
                assert len(csv_rows(third)) == len(csv_rows(second)) == 2

    def test_one_that_fails_frees_its_place(self, client):
        def broken():
            raise OperationalError("gone")

        for _ in range(3):
            with pytest.raises(OperationalError):
                stream(Export("list", [], broken), "csv")

    def test_it_reads_one_snapshot_on_a_connection_of_its_own(self):
        asked = "SELECT pg_backend_pid(), current_setting('transaction_isolation')"

        def sessions():
            with connection.cursor() as cursor:
                cursor.execute(asked)
                yield cursor.fetchone()

        with connection.cursor() as cursor:
            cursor.execute(asked)
            mine, _ = cursor.fetchone()
        columns = [Column("Pid", lambda row: row[0]), Column("Isolation", lambda row: row[1])]
        [_, (pid, isolation)] = csv_rows(stream(Export("list", columns, sessions), "csv"))
        assert int(pid) != mine
        assert isolation == "repeatable read"
