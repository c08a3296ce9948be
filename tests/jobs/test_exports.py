from __future__ import annotations

import asyncio
import csv
import gc
import io
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from openpyxl.utils.escape import unescape

from batchops.exports import Column, Export, TooManyRows, TooSlow, stream, xlsx_file
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


def listed(rows, *columns, count=0):
    return Export("list", columns, rows=rows, longer_than=lambda limit: count > limit)


def exported(rows, form="csv"):
    cell = Column("Cell", lambda row: row)
    return stream(listed(lambda: rows, cell, count=len(rows)), form)


def sent_until(failure, response):
    """Return what comes before a failure that must come."""

    async def collect():
        parts, sent = aiter(response), b""
        with pytest.raises(failure):
            while True:
                sent += await anext(parts)
        return sent

    return asyncio.run(collect())


def begun(client):
    """Begin an export of the jobs, when one of the two places is free."""

    def answered():
        response = client.get("/api/batch-jobs/export")
        return response if response.status_code == 200 else None

    return wait_for(answered, 5, "a free place")


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

    def test_a_workbook_holds_every_text_as_it_was(self):
        texts = [" <b>&amp; ", "_x0041_", "bell\x07\r\n\tend", "বাংলা", "\ufffe", "", "00123", "1e5"]
        sheet = sheet_of(exported(texts, "xlsx"))
        assert [unescape(row[0].value or "") for row in sheet][1:] == texts
        assert {row[0].data_type for row in sheet} <= {"s", "n"}
        assert (sheet.freeze_panes, sheet.column_dimensions["A"].width > 20) == ("A2", True)

    def test_a_workbook_writes_each_kind_as_what_it_is(self):
        moment = datetime(2026, 1, 31, 23, 30, 15, tzinfo=UTC)
        sheet = sheet_of(
            exported([None, True, -5, 1.5, float("inf"), moment, {"a": ["é"]}], "xlsx")
        )
        assert [row[0].value for row in sheet][1:] == [
            None,
            True,
            -5,
            1.5,
            "Infinity",
            moment.astimezone(settings.SITE_ZONE).replace(tzinfo=None),
            '{"a": ["é"]}',
        ]

    def test_a_workbook_has_as_many_columns_as_are_asked_for(self):
        columns = [Column(f"{n}", n.__mul__) for n in range(1, 704)]
        sheet = sheet_of(stream(listed(lambda: [2], *columns), "xlsx"))
        assert [cell.value for cell in sheet[2]] == [2 * n for n in range(1, 704)]
        assert sheet["AAA1"].value == "703"

    @pytest.mark.parametrize(
        ("name", "safe"),
        [("../../etc/passwd", "etc-passwd"), ('a"\r\nb: c', "a-b-c"), ("", "export")],
    )
    def test_no_name_leaves_its_header_or_folder(self, name, safe):
        assert safe_name(name) == safe


class TestTooMuch:
    def test_a_sheet_that_cannot_hold_it_is_refused_in_words(self, client, make, monkeypatch):
        for _ in range(3):
            make()
        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 2)
        refused = client.get("/api/batch-jobs/export?format=xlsx")
        assert (refused.status_code, refused.json()["error"]) == (400, "too_many_rows")
        assert "at most 2 rows" in refused.json()["message"]
        assert len(csv_rows(client.get("/api/batch-jobs/export"))) == 4

        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 3)
        assert sheet_of(client.get("/api/batch-jobs/export?format=xlsx")).max_row == 4

    def test_a_workbook_that_takes_too_long_is_cut_off_and_frees_its_place(
        self, client, done, monkeypatch
    ):
        done(items=1, ms=0)
        with monkeypatch.context() as impatient:
            impatient.setitem(stream.__globals__, "LONGEST", timedelta(0))
            for _ in range(3):
                cut_off = sent_until(TooSlow, client.get("/api/batch-jobs/export?format=xlsx"))
                assert not zipfile.is_zipfile(io.BytesIO(cut_off))
        assert sheet_of(client.get("/api/batch-jobs/export?format=xlsx")).max_row == 2


class TestFlow:
    def test_a_workbook_goes_out_while_its_rows_are_read(self):
        read = []

        def rows():
            for number in range(20_000):
                read.append(number)
                yield f"{number * 7_919 % 104_729:x}" * 20

        response = stream(listed(rows, Column("Cell", lambda row: row)), "xlsx")
        assert 0 < len(read) < 1_000

        async def first():
            return await anext(aiter(response))

        assert asyncio.run(first()).startswith(b"PK")
        assert len(read) < 1_000
        response.close()

    def test_a_workbook_that_grows_too_large_opens_nowhere(self, monkeypatch):
        monkeypatch.setattr(xlsx_file, "SHEET_BYTES_MAX", 100_000)
        sent = sent_until(TooManyRows, exported(range(5_000), "xlsx"))
        assert not zipfile.is_zipfile(io.BytesIO(sent))

    def test_a_workbook_whose_reading_fails_midway_opens_nowhere(self):
        def rows():
            yield from range(5_000)
            raise OperationalError("gone")

        response = stream(listed(rows, Column("Cell", lambda row: row)), "xlsx")
        sent = sent_until(OperationalError, response)
        assert len(sent) > 1_000
        assert not zipfile.is_zipfile(io.BytesIO(sent))


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
                stream(listed(broken), "csv")

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
        [_, (pid, isolation)] = csv_rows(stream(listed(sessions, *columns), "csv"))
        assert int(pid) != mine
        assert isolation == "repeatable read"
