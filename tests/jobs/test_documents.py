"""Make documents through the front door, and look at what is in them."""

import base64
import hashlib
import json
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from jobs import lifecycle, registry, tasks
from jobs.models import Job
from jobs.runner import run_slice
from tests.jobs.documents import (
    LETTER,
    TABLE,
    archive_of,
    begin,
    do,
    listed,
    of_one,
    result_of,
    text_in,
)
from tests.jobs.files import nothing_is_left, send, workbook
from tests.jobs.test_bad_files import CSV, XLSX
from tests.jobs.test_exports import body_of
from tests.jobs.test_upload_forms import file_of, form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]

# What is bad for any table, with this type's own limits and words.
WORDS = {
    "32,768": "10,000",
    "1,000 is": "200 is",
    "Missing: meter": "No column fills {meter}",
}
BAD_FILES = [
    *(("a.csv", content, said) for _, content, said in CSV),
    *(("a.xlsx", make(), said) for _, make, said in XLSX),
    ("a.csv", b"meter\n" + b"1\n" * 50_001, "more than 50,000 rows"),
]
BAD_FILES = [
    (name, content, reduce(lambda text, word: text.replace(*word), WORDS.items(), said))
    for name, content, said in BAD_FILES
]


class TestTable:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_makes_a_pdf_for_each_row_and_a_zip_of_all(self, client: Client, kind: str) -> None:
        rows = [tuple(line.split(",")) for line in TABLE.decode().split()]
        content = TABLE if kind == "csv" else workbook(*rows)
        upload = send(client, content, f"letters.{kind}").json()["data"]["id"]

        job = do(begin(client, files=[upload], campaignId="november"))

        assert (job.state, job.succeeded, job.title) == ("completed", 3, "Documents: Dear {name}")
        archive = archive_of(client, job)
        assert archive.testzip() is None
        names = ["1 Ada.pdf", "2 Grace.pdf", "3 Joan.pdf"]
        assert archive.namelist() == [*names, "recipients.csv", "manifest.csv"]
        said = "DearAdaYouraccount4711standsat12.50taka."
        assert text_in(archive.read("1 Ada.pdf")) == said
        digests = {row["name"]: row["sha256"] for row in listed(archive, "manifest.csv")}
        for name, item in zip(names, job.items.order_by("position"), strict=True):
            digest = hashlib.sha256(archive.read(name)).hexdigest()
            assert digests[name] == digest == result_of(item)["sha256"]
        assert [row["file"] for row in listed(archive)] == names
        shown = client.get("/api/batch-jobs?campaign=november").json()["data"]["jobs"]
        assert (shown[0]["totalRecipients"], shown[0]["successCount"]) == (3, 3)
        assert job.summaries.get().details["pages"] == 3

    def test_goes_on_where_a_dead_worker_left_its_list(self, client: Client) -> None:
        upload = send(client, TABLE).json()["data"]["id"]
        assert begin(client, files=[upload]).status_code == 201
        job = Job.objects.get()
        whole = list(registry.find("document").items(job, 0))
        assert [one and one["label"] for one in whole] == ["Ada", "Grace", "Joan"]
        assert list(registry.find("document").items(job, 2)) == whole[2:]


class TestItems:
    def test_come_with_the_request(self, client: Client) -> None:
        items = [{"name": "Ada", "account": 7, "amount": None}, {"name": "Joan", "account": "8"}]
        params = {"template": LETTER, "fileName": "{#} Letter {account}", "paper": "Letter"}

        archive = archive_of(client, do(begin(client, params=params, items=items)))

        assert archive.namelist()[:2] == ["1 Letter 7.pdf", "2 Letter 8.pdf"]
        assert text_in(archive.read("2 Letter 8.pdf")).endswith("8standsattaka.")

    def test_one_with_an_empty_field_fails_alone_and_says_so(self, client: Client) -> None:
        items = [
            {"name": name, "account": n, "amount": 1} for name, n in (("Ada", 1), ("Joan", " "))
        ]

        job = do(begin(client, items=items))

        assert (job.state, job.succeeded, job.failed) == ("completed_with_errors", 1, 1)
        failed = job.items.get(state="failed")
        assert "The field 'account' is empty" in failed.error
        assert failed.attempts == 1
        archive = archive_of(client, job)
        assert archive.namelist()[:-1] == ["1 Ada.pdf", "recipients.csv"]
        assert listed(archive)[1]["error"] == failed.error

    def test_names_are_safe_unique_and_the_same_whoever_failed(self, client: Client) -> None:
        names = ["../a/../b", "A", "a", "CON", "=cmd|x", "x" * 300, "a\\..\\b", "\u202eab", ""]
        items = [{"name": name, "n": "" if number == 1 else 1} for number, name in enumerate(names)]
        params = {"template": "{n} x", "fileName": "{name}"}

        job = do(begin(client, params=params, items=items))

        packed = archive_of(client, job).namelist()
        assert len({name.casefold() for name in packed}) == len(packed) == len(names) + 1
        assert not [name for name in packed if "/" in name or "\\" in name or name[0] == "."]
        assert "a (2).pdf" in packed
        assert "A.pdf" not in packed
        assert "_CON.pdf" in packed
        assert "'=cmd_x.pdf" in [row["file"] for row in listed(archive_of(client, job))]

    def test_what_looks_like_a_formula_is_text_in_the_list(self, client: Client) -> None:
        archive = archive_of(client, of_one(client, "{a}", a="=1+1"))

        assert listed(archive)[0]["recipient"] == "'=1+1"
        assert text_in(archive.read(archive.namelist()[0])) == "=1+1"


class TestOrders:
    def test_with_both_kinds_of_recipients_or_none_are_refused(self, client: Client) -> None:
        upload = send(client, TABLE).json()["data"]["id"]

        for more, said in (
            ({}, "neither came"),
            ({"items": []}, "neither came"),
            ({"files": [upload], "items": [{"name": "a", "account": 1, "amount": 1}]}, "both came"),
        ):
            answer = begin(client, **more)
            assert answer.status_code == 400
            assert said in answer.json()["errors"]["files"][0]

    @pytest.mark.parametrize(
        ("item", "said"),
        [
            ({}, "Must be an object"),
            ({"name": ["a"]}, "'name' must be text or a number"),
            ({"name": "x" * 10_001}, "10,001 characters; 10,000 is the limit"),
            ({str(n): 1 for n in range(201)}, "201 values; 200 is the limit"),
            ({"name": "a\x00"}, "NUL"),
        ],
        ids=["empty", "list", "long", "wide", "NUL"],
    )
    def test_with_a_bad_item_are_refused_by_its_number(
        self, client: Client, item: dict[str, Any], said: str
    ) -> None:
        answer = begin(client, items=[{"name": "a", "account": 1, "amount": 1}, item])

        assert answer.status_code == 400
        assert said in str(answer.json()["errors"]), answer.content
        assert any(field.startswith("items") for field in answer.json()["errors"])
        assert nothing_is_left()


class TestBadFiles:
    def test_are_refused_by_the_place_in_them_and_leave_nothing(self, client: Client) -> None:
        params = json.dumps({"template": "{meter}"})
        wrong = []
        for name, content, said in BAD_FILES:
            sent = {"type": "document", "params": params, "files": file_of(content, name)}
            answer = client.post("/api/batch-jobs", sent)
            told = str(answer.json().get("errors", {}).get("files[0]"))
            if answer.status_code != 400 or f"{name}: " not in told or said not in told:
                wrong.append((name, said, answer.status_code, told[:300]))
        assert wrong == []
        assert nothing_is_left()

    def test_with_more_cells_than_one_can_wait_for_are_refused(self, client: Client) -> None:
        rows = b",".join(b"c%d" % n for n in range(200)) + b"\n" + (b"," * 199 + b"\n") * 2_501
        sent = {"type": "document", "params": '{"template": "a"}', "files": file_of(rows, "a.csv")}

        [said] = client.post("/api/batch-jobs", sent).json()["errors"]["files[0]"]

        assert "it has more than 2,500 rows of 200 columns, which is the limit" in said

    def test_of_kinds_that_hold_no_table_are_refused(self, client: Client) -> None:
        for name, content in (("a.json", b"[{}]"), ("a.pdf", b"%PDF-1.7 a"), ("a.csv", b"MZ\x00")):
            sent = {"type": "document", "params": '{"template": "a"}'}
            answer = client.post("/api/batch-jobs", {**sent, "files": file_of(content, name)})
            assert answer.status_code in (400, 415)
            assert name in answer.json()["message"] + str(answer.json()["errors"])
        assert nothing_is_left()


class TestPreview:
    def ask(self, client: Client, **body: Any) -> Any:
        body = {"params": {"template": LETTER}, **body}
        return client.post("/api/documents/preview", body, content_type="application/json")

    def test_shows_the_first_document_and_the_count(self, client: Client) -> None:
        upload = send(client, TABLE).json()["data"]["id"]

        data = self.ask(client, files=[upload]).json()["data"]

        assert (data["recipients"], data["pages"], data["label"]) == (3, 1, "Ada")
        assert data["columns"] == ["name", "account", "amount"]
        assert data["fileName"] == "1 Ada.pdf"
        assert "DearAda" in text_in(base64.b64decode(data["pdf"]))
        assert Job.objects.count() == 0

    def test_names_what_cannot_be_drawn(self, client: Client) -> None:
        answer = self.ask(client, items=[{"name": "\u0995", "account": "1", "amount": 1}])

        assert answer.status_code == 400
        assert "The first recipient: The standard font lacks" in answer.json()["message"]

    def test_is_a_pdf_from_the_form_without_javascript(self, client: Client) -> None:
        page = client.get("/admin/jobs/new/document/").content.decode()
        body = {**form(page), "param-template": LETTER, "param-paper": "A4"}
        sent = {**body, "files": SimpleUploadedFile("a.csv", TABLE)}

        answer = client.post("/admin/jobs/new/document/preview/", sent)

        assert answer["Content-Type"] == "application/pdf"
        assert 'inline; filename="1 Ada.pdf"' in answer["Content-Disposition"]
        assert "DearAda" in text_in(answer.content)
        assert nothing_is_left()
        refused = client.post("/admin/jobs/new/document/preview/", body)
        assert refused.status_code == 400
        assert "neither came" in refused.content.decode()

    def test_tells_beside_the_form_who_the_recipients_are(self, client: Client) -> None:
        upload = send(client, TABLE).json()["data"]["id"]

        def ask(template: str, **more: Any) -> str:
            sent = {"param-template": template, "param-paper": "A4", **more}
            answer = client.post("/admin/jobs/new/document/recipients/", sent)
            assert answer.status_code == 200
            return str(answer.content.decode())

        assert "3 recipients" in ask("", uploads=upload)
        assert 'data-insert="account"' in ask(LETTER, uploads=upload)
        assert "No column fills {nme}" in ask("{nme}", uploads=upload)
        assert "Line 1: the { there" in ask("{")
        pasted = ask("{nme}", items="name;account\nAda;1\nJoan;2")
        assert "2 recipients" in pasted
        assert "The columns are: name, account" in pasted


class TestForm:
    def test_starts_a_job_with_pasted_recipients(self, client: Client) -> None:
        page = client.get("/admin/jobs/new/document/").content.decode()
        assert "of at most 64.0\xa0MB, or none: a CSV table or an Excel workbook (.xlsx)." in page
        items = '"name";account;amount\nAda;"1\n2";\nJoan;;'
        sent = {**form(page), "param-template": LETTER, "param-paper": "A4", "items": items}

        answer = client.post("/admin/jobs/new/document/", sent)

        assert answer.status_code == 302, answer.content.decode()
        run_slice()
        job = Job.objects.get()
        assert (job.succeeded, job.failed) == (1, 1)
        ada = job.items.get(position=0).params
        assert ada == {"label": "Ada", "values": {"name": "Ada", "account": "1\n2", "amount": ""}}


class TestOneDocument:
    def test_is_handed_out_by_its_position(self, client: Client) -> None:
        items = [{"name": "Ada", "account": "1", "amount": 1}, {"name": "Joan", "account": ""}]
        job = do(begin(client, items=items))
        address = f"/api/batch-jobs/{job.pk}/documents"

        answer = client.get(f"{address}/0")

        assert text_in(body_of(answer)).startswith("DearAda")
        assert 'filename="1 Ada.pdf"' in answer["Content-Disposition"]
        assert f'href="{address}/0"' in client.get(f"/admin/jobs/{job.pk}/").content.decode()
        for position in ("1", "2", "9" * 18):
            assert client.get(f"{address}/{position}").json()["error"] == "no_document"


class TestRetention:
    def test_removes_the_documents_with_the_items(self, client: Client, folder: Path) -> None:
        gone = of_one(client, "{a}", a="1")
        kept = of_one(client, "{a}", a="2")
        (folder / f"documents/{gone.pk}/left-by-a-dead-worker.pdf").write_bytes(b"")
        old = timezone.now() + timedelta(seconds=1)
        Job.objects.filter(pk=gone.pk).update(finished_at=timezone.now() - timedelta(days=61))
        assert lifecycle.expire_items(before=old - timedelta(days=60), of="document") == 1

        tasks.remove_documents()

        assert [path.name for path in (folder / "documents").iterdir()] == [kept.pk]
        assert archive_of(client, gone).testzip() is None
        assert client.get(f"/api/batch-jobs/{gone.pk}/documents/0").status_code == 404
        still_there = client.get(f"/api/batch-jobs/{kept.pk}/documents/0")
        assert body_of(still_there).startswith(b"%PDF")
