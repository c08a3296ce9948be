"""Hold files to declared columns: what is counted, what is refused, and where it says so."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from batchops.exports import xlsx_file
from jobs import lifecycle, registry
from jobs.models import Job, JobItem, RunSummary, Upload, UploadPart
from jobs.runner import run_slice
from jobs.uploads import _storage
from tests.jobs.batches import BAD, COLUMNS, GOOD, begin, begun, checked, item_of, result_of
from tests.jobs.conftest import Make
from tests.jobs.files import stored, workbook, zipped
from tests.jobs.test_bad_files import CSV, JSON, KINDS, XLSX, ZIP
from tests.jobs.test_exports import body_of, sheet_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_large_parts")]


class TestAFile:
    @pytest.mark.parametrize(
        ("name", "content", "row"),
        [
            ("a.csv", BAD, 3),
            (
                "a.xlsx",
                workbook(*(tuple(line.split(",")) for line in BAD.decode().splitlines())),
                3,
            ),
            (
                "a.json",
                json.dumps(list(csv.DictReader(io.StringIO(BAD.decode())))).encode(),
                2,
            ),
        ],
        ids=["csv", "xlsx", "json"],
    )
    def test_is_told_by_row_and_column_what_is_wrong(
        self, client: Client, name: str, content: bytes, row: int
    ) -> None:
        job = checked(client, (name, content))

        assert (job.state, job.failed) == ("failed", 1)
        assert "2 of 4 rows are rejected. The first is row" in item_of(job).error
        assert result_of(job) == {
            "rows": 4,
            "valid": 2,
            "rejected": 2,
            "errors": 5,
            "kinds": {
                "duplicate": 1, "too_early": 1, "not_decimal": 1, "missing": 1, "too_large": 1,
            },
            "first": [
                {"row": row, "column": "read_on", "kind": "too_early", "value": "2025-01-01"},
                {"row": row, "column": "reading", "kind": "not_decimal", "value": "x"},
                {"row": row, "column": "meter", "kind": "duplicate", "value": "M001"},
                {"row": row + 1, "column": "read_on", "kind": "missing", "value": ""},
                {"row": row + 1, "column": "reading", "kind": "too_large", "value": "101"},
            ],
        }  # fmt: skip

    def test_may_have_as_many_rejected_rows_as_the_job_says(self, client: Client) -> None:
        job = checked(client, ("a.csv", BAD), rejectedPercent=50)

        assert (job.state, result_of(job)["rejected"]) == ("completed", 2)

    def test_keeps_only_the_first_errors_and_counts_all(self, client: Client) -> None:
        job = checked(client, ("a.csv", b"meter,read_on,reading\n" + b"x,y,z\n" * 500))

        found = result_of(job)
        assert (found["errors"], len(found["first"])) == (1_500, 20)
        assert found["kinds"] == {"not_fitting": 500, "not_date": 500, "not_decimal": 500}

    def test_of_another_width_may_have_other_columns_only_if_the_job_says_so(
        self, client: Client
    ) -> None:
        wide = b"note,meter,read_on\nx,M001,2026-11-22\n"
        narrow = b"meter\nM001\n"

        strict = checked(client, ("a.csv", wide), ("b.csv", narrow))
        easy = checked(client, ("a.csv", wide), otherColumns=True)

        assert "Unknown: note" in item_of(strict, 0).error
        assert "Missing: read_on" in item_of(strict, 1).error
        assert easy.state == "completed"

    def test_of_json_is_told_of_keys_and_values_that_no_table_has(self, client: Client) -> None:
        given = [{"meter": "M001", "read_on": ["2026-11-22"], "other": 1}]

        job = checked(client, ("a.json", json.dumps(given).encode()))

        kinds = {one["column"]: one["kind"] for one in result_of(job)["first"]}
        assert kinds == {"read_on": "no_value", "other": "unknown_column"}


class TestBadFiles:
    def test_fail_by_themselves_with_a_sentence_and_leave_the_good_one_alone(
        self, client: Client
    ) -> None:
        cases: list[tuple[str, bytes, str]] = [
            *((f"bad {what}.csv", content, said) for what, content, said in CSV),
            *((f"bad {what}.xlsx", make(), said) for what, make, said in XLSX),
            *((f"bad {what}.json", content, said) for what, content, said in JSON),
        ]
        files = [(name, content) for name, content, _ in cases]

        job = checked(
            client, *files, ("good.csv", b"meter\nx\n"),
            columns=[{"name": "meter", "required": True}], otherColumns=True,
        )  # fmt: skip
        while job.is_open:
            run_slice()
            job.refresh_from_db()

        assert (job.failed, job.succeeded) == (len(cases), 1)
        errors = list(job.items.order_by("position").values_list("error", flat=True))
        wrong = [
            (name, error)
            for (name, _, said), error in zip(cases, errors, strict=False)
            if said not in error or not error.startswith(f"{name}: ")
        ]
        assert wrong == []
        assert RunSummary.objects.get().details["unreadableFiles"] == len(cases)

    def test_in_archives_are_refused_before_or_fail_alone(self, client: Client) -> None:
        bomb = b"meter,read_on\n" + (b"x" * 30_000 + b",y\n") * 700
        many = [(f"{n}", b"1") for n in range(1_001)]
        others = {
            "bomb": (zipped(("a.csv", bomb)), "more than 100 times as large"),
            "101 files": (zipped(*many), "1,000 is the limit"),
        }
        refused = []
        for what, make, usual in ZIP:
            content, said = others.get(what) or (make(), usual)

            answer = begin(client, ("a.zip", content))

            if answer.status_code == 400:
                refused.append(what)
                assert said in answer.json()["errors"]["files[0]"][0]
            else:
                run_slice()
                assert said in JobItem.objects.get(job=answer.json()["data"]["id"]).error

        assert set(refused) == {what for what, _, _ in ZIP} - {
            "bomb", "disguised archive", "damaged",
        }  # fmt: skip
        assert Upload.objects.count() == 3

    def test_of_other_kinds_in_an_archive_fail_by_what_they_are(self, client: Client) -> None:
        packed = [
            (f"{n}.csv", content)
            for n, (what, content, _) in enumerate(KINDS)
            if what != "gzip"  # an archive in an archive, see above
        ]

        job = checked(client, ("a.zip", zipped(*packed, ("good.csv", GOOD), ("none.csv", b""))))

        errors = job.items.order_by("position").values_list("error", flat=True)
        said = [said for what, _, said in KINDS if what != "gzip"]
        assert [a in b for a, b in zip([*said, "", "an empty file"], errors, strict=True)] == [
            True
        ] * len(errors)
        assert (job.succeeded, job.state) == (1, "completed_with_errors")


class TestAnArchive:
    def test_gives_an_item_for_each_file_under_its_name(self, client: Client) -> None:
        book = workbook(("meter", "read_on"), ("M001", "2026-11-22"))

        job = checked(
            client,
            ("a.zip", zipped(("x/one.csv", GOOD), ("two.xlsx", book), ("three.csv", BAD))),
            ("b.csv", GOOD),
        )

        found = job.items.order_by("position").values_list("params__label", "state")
        assert list(found) == [
            ("one.csv", "succeeded"),
            ("two.xlsx", "succeeded"),
            ("three.csv", "failed"),
            ("b.csv", "succeeded"),
        ]

    def test_of_which_each_file_packs_well_is_taken(self, client: Client) -> None:
        # All together they are more than 100 times as large as packed, and more than is harmless.
        long = b"note\n" + (b"x" * 30_000 + b"\n") * 28

        job = checked(
            client, ("a.zip", zipped(*((f"{n}.csv", long) for n in range(3)))),
            columns=[{"name": "note"}],
        )  # fmt: skip

        assert (job.state, job.succeeded) == ("completed", 3)

    def test_that_the_storage_does_not_give_now_is_tried_again(self, client: Client) -> None:
        job = begun(client, ("a.zip", zipped(("one.csv", GOOD))))
        part = stored()[0]
        with _storage().open(part) as file:
            kept = file.read()
        run_slice_until_items_are_made(job)
        _storage().delete(part)
        run_slice()
        waiting = item_of(job)

        assert (waiting.state, waiting.attempts) == ("pending", 1)
        assert "The storage does not give this file now" in waiting.error
        assert "/" not in waiting.error
        _storage().save(part, io.BytesIO(kept))
        job.items.update(not_before=None)
        Job.objects.update(waits_until=None)
        run_slice()
        assert item_of(job).state == "succeeded"


def run_slice_until_items_are_made(job: Job) -> None:
    lease = lifecycle.claim_expansion(job.pk, worker="test")
    assert lease is not None
    lifecycle.add_items(lease, list(registry.find("file_batch").items(lease.job, 0)), start=0)
    lifecycle.close_expansion(lease)
    lifecycle.release(lease)


class TestRejectedRows:
    def test_come_with_the_reason_and_run_nowhere(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        evil = b"meter,read_on,reading\n=cmd|'/C calc'!A0,2026-11-22,-5\nM1,,12345678901234567.25\n"
        job = checked(client, ("a.csv", BAD), ("good.csv", GOOD), ("evil.csv", evil))

        whole = client.get(f"/api/batches/{job.pk}/rejected")
        one = client.get(f"/api/batches/{job.pk}/rejected?file=2")

        rows = rows_of(whole)
        assert rows[0] == ["File", "Row", "meter", "read_on", "reading", "Reason"]
        assert [row[:2] for row in rows[1:]] == [
            ["a.csv", "3"],
            ["a.csv", "4"],
            *(["evil.csv", n] for n in "23"),
        ]
        assert "read_on: '2025-01-01' is earlier than 2026-01-01" in rows[1][-1]
        evil_row, long_number = rows_of(one)[1:]
        assert evil_row[2:5] == ["'=cmd|'/C calc'!A0", "2026-11-22", "-5"]
        assert long_number[4] == "12345678901234567.25"

        monkeypatch.setattr(xlsx_file, "ROWS_MAX", 3)
        refused = client.get(f"/api/batches/{job.pk}/rejected?format=xlsx")
        assert (refused.status_code, refused.json()["error"]) == (400, "too_many_rows")
        fits = client.get(f"/api/batches/{job.pk}/rejected?file=2&format=xlsx")
        assert sheet_of(fits).max_row == 3

    def test_say_so_where_the_storage_does_not_give_their_file(self, client: Client) -> None:
        job = checked(client, ("a.csv", BAD))
        for part in UploadPart.objects.all():
            _storage().delete(part.storage_name)

        answer = client.get(f"/api/batches/{job.pk}/rejected")

        assert (answer.status_code, answer.json()["error"]) == (503, "files_unavailable")
        assert "The storage does not give a file of this job" in answer.json()["message"]
        UploadPart.objects.all().delete()
        Upload.objects.all().delete()
        assert client.get(f"/api/batches/{job.pk}/rejected").status_code == 404

    def test_are_refused_in_words_where_there_can_be_none(self, client: Client, done: Make) -> None:
        drill = done(items=1, ms=0)
        gone = checked(client, ("a.csv", BAD))
        Job.objects.filter(pk=gone.pk).update(items_removed_at=timezone.now())

        answers = [client.get(f"/api/batches/{one.pk}/rejected") for one in (drill, gone)]

        assert [(a.status_code, a.json()["error"]) for a in answers] == [
            (404, "no_file_batch"),
            (409, "items_removed"),
        ]
        bad = client.get(f"/api/batches/{gone.pk}/rejected?file=-1&format=doc")
        assert (bad.status_code, set(bad.json()["errors"])) == (400, {"file", "format"})


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    text = body_of(answer).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


class TestTheSummary:
    def test_adds_up_the_files(self, client: Client) -> None:
        job = begun(client, ("a.csv", BAD), ("b.csv", GOOD), ("c.csv", b"no table"))
        early = client.get(f"/api/batches/{job.pk}/summary")
        run_slice()

        answer = client.get(f"/api/batches/{job.pk}/summary").json()

        assert early.status_code == 404
        assert (answer["status"], answer["successFiles"], answer["failedFiles"]) == (
            "completed_with_errors", 1, 2,
        )  # fmt: skip
        details = answer["details"]
        counts = {"rows": 6, "validRows": 4, "rejectedRows": 2, "errors": 5}
        assert counts.items() <= details.items()
        assert (details["unreadableFiles"], details["filesWithRejectedRows"]) == (1, 1)
        assert details["errorsByKind"]["too_early"] == 1
        assert details["worstFile"] == {"position": 0, "name": "a.csv", "rejectedRows": 2}
        assert details["slowestFile"]["name"] in ("a.csv", "b.csv", "c.csv")


class TestPages:
    def test_list_the_files_and_lead_to_the_errors_of_each(self, client: Client) -> None:
        job = checked(client, ("<a>.csv", BAD), ("cut.csv", b"meter\nM001\n"))

        page = client.get(f"/admin/jobs/{job.pk}/").content.decode()
        file = client.get(f"/admin/jobs/{job.pk}/files/0/").content.decode()
        cut = client.get(f"/admin/jobs/{job.pk}/files/1/fragment/").content.decode()

        assert f'href="/admin/jobs/{job.pk}/files/0/">_a_.csv</a>' in page
        assert "Files it was given" in page
        assert "is earlier than allowed" in page
        assert "&#x27;2025-01-01&#x27; is earlier than 2026-01-01" in file
        assert f"/api/batches/{job.pk}/rejected?file=0" in file
        assert "Missing: read_on" in cut
        assert client.get(f"/admin/jobs/{job.pk}/files/9/").status_code == 404
        assert client.get(f"/admin/jobs/{job.pk}/files/{10**17}/").status_code == 404

    def test_take_the_columns_row_by_row_and_say_beside_them_what_is_wrong(
        self, client: Client
    ) -> None:
        page = client.get("/admin/jobs/new/file_batch/").content.decode()
        sent = {
            "key": page.split('name="key" value="')[1].split('"')[0],
            "priority": 0,
            "param-rejectedPercent": 0,
            "param-columns-0-name": "meter",
            "param-columns-0-type": "text",
            "param-columns-0-required": "on",
            "param-columns-1-type": "text",
            "param-columns-7-name": "status",
            "param-columns-7-type": "choice",
        }

        refused = client.post(
            "/admin/jobs/new/file_batch/", {**sent, "files": SimpleUploadedFile("a.csv", GOOD)}
        )
        taken = client.post(
            "/admin/jobs/new/file_batch/",
            {
                **sent,
                "param-columns-7-allowed": "ok, not ok",
                "files": SimpleUploadedFile("a.csv", GOOD),
            },
        )

        assert refused.status_code == 400
        assert "Row 2, Allowed values: Say which values are allowed." in refused.content.decode()
        assert 'name="param-columns-1-name" value="status"' in refused.content.decode()
        assert taken.status_code == 302, taken.content.decode()
        columns = Job.objects.get().params["columns"]
        assert [column["name"] for column in columns] == ["meter", "status"]
        assert columns[1]["allowed"] == ["ok", "not ok"]

    def test_begin_another_job_like_it(self, client: Client) -> None:
        job = checked(client, ("a.csv", GOOD), rejectedPercent=7)
        like = f"/admin/jobs/new/file_batch/?like={job.pk}"

        assert like.replace("&", "&amp;") in client.get(f"/admin/jobs/{job.pk}/").content.decode()
        form = client.get(like).content.decode()

        assert f'value="{COLUMNS[0]["pattern"]}"' in form
        assert 'value="7"' in form
        for other in ("x" * 16, "..", job.pk + "x"):
            assert client.get(like.replace(job.pk, other)).status_code == 200
