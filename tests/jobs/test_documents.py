"""Make documents through the front door, and look at what is in them."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import reportlab
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from batchops.checks import check_site
from jobs import lifecycle, registry, tasks
from jobs.models import Job, JobItem
from jobs.runner import run_slice
from jobs.types.document import fonts
from tests.jobs.documents import LETTER, TABLE, archive_of, begin, listed, text_in
from tests.jobs.files import nothing_is_left, send, workbook
from tests.jobs.test_exports import body_of
from tests.jobs.test_upload_forms import form

pytestmark = pytest.mark.django_db
VERA = str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")
KHMER = str(Path(reportlab.__file__).parent / "fonts" / "hb-test.ttf")


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path, uploading: None) -> Path:
    """Keep this test's PDFs and ZIPs in a folder of its own, and its uploads in one part."""
    settings.UPLOAD_PART_BYTES = 1024**2
    settings.SCRATCH_DIR = tmp_path / "scratch"
    stored = {**settings.STORAGES["artifacts"]}
    stored["OPTIONS"] = {**stored["OPTIONS"], "location": tmp_path / "artifacts"}
    settings.STORAGES = {**settings.STORAGES, "artifacts": stored}
    return tmp_path / "artifacts"


@pytest.fixture
def own_font(settings: Any) -> Any:
    """Set DOCUMENT_FONT, as a process that starts with it knows it."""

    def set_font(*files: str) -> None:
        settings.DOCUMENT_FONT = list(files)
        fonts.own_glyphs.cache_clear()

    yield set_font
    fonts.own_glyphs.cache_clear()


def do(answer: Any) -> Job:
    """Do the job that an answer tells of."""
    assert answer.status_code == 201, answer.content
    run_slice()
    return Job.objects.get(pk=answer.json()["data"]["id"])


def of_one(client: Client, template: str, **values: Any) -> Job:
    return do(begin(client, params={"template": template}, items=[values]))


def result_of(item: JobItem) -> dict[str, Any]:
    assert isinstance(item.result, dict)
    return item.result


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


class TestTemplate:
    def test_has_headings_lists_faces_and_pages(self, client: Client) -> None:
        text = (
            "# A\n## B\none\ntwo\n\n- c **d** *e* ***f*** \\*g\\* 2 * 3\n1. h\n[page break]\n\\# i"
        )
        job = of_one(client, text, a="1")

        assert result_of(job.items.get())["pages"] == 2
        content = archive_of(client, job).read("1 1.pdf")
        assert text_in(content) == "ABonetwo\u2022cdef*g*2*31.h#i"
        for face in (b"Helvetica-Bold", b"Helvetica-Oblique", b"Helvetica-BoldOblique"):
            assert b"/BaseFont /" + face in content

    def test_markup_is_never_more_than_text(self, client: Client, folder: Path) -> None:
        secret = folder.parent / "secret.png"
        secret.write_text("secret")
        evil = f'<img src="{secret}"/><a href="file:///x">x</a></para><b>&#x41;&amp;{{b}}**c**'

        job = of_one(client, "<u>t</u> {a}", a=evil)

        content = archive_of(client, job).read(archive_of(client, job).namelist()[0])
        assert text_in(content) == "".join(f"<u>t</u>{evil}".split())
        assert b"/Annot" not in content
        assert b"/XObject" not in content

    def test_a_line_of_an_empty_optional_field_is_left_out(self, client: Client) -> None:
        job = of_one(client, "{a}\n{b?}\n{c}", a="1", b="", c="2")

        assert text_in(archive_of(client, job).read("1 1.pdf")) == "12"

    def test_the_same_recipient_gives_the_same_bytes(self, client: Client) -> None:
        job = do(begin(client, items=[{"name": "A", "account": "1", "amount": ""}] * 2))

        one, other = job.items.all()
        assert result_of(one)["sha256"] == result_of(other)["sha256"]
        assert result_of(one)["file"] != result_of(other)["file"]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"a": "x" * 9_000}, "It has more than 100,000 characters, which is the limit."),
            ({"a": "x", "b": "x" * 9_999}, "A paragraph of it has 10,001 characters; 10,000 is"),
            ({"a": "x\n" * 200}, "It has more than 50 pages, which is the limit."),
        ],
        ids=["long", "long paragraph", "many pages"],
    )
    def test_has_bounds_for_each_recipient(
        self, client: Client, values: dict[str, str], said: str
    ) -> None:
        job = of_one(client, "{a}\n\n" * 12 + "{a} {b}", **{"b": "x", **values})

        assert job.state == "failed"
        assert job.items.get().error.startswith(said)

    @pytest.mark.parametrize(
        ("template", "said"),
        [
            ("", "blank"),
            ("a\n\n{b", "Line 3: the { there belongs to no field"),
            ("{}", "has no name"),
            ("a\n**b", "Line 2: the ** there is closed nowhere"),
            ("[page break]", "no text in it"),
            ("".join(f"{{{n}}}" for n in range(201)), "201 fields; 200 is the limit"),
            ("x" * 20_001, "no more than 20000 characters"),
            ("a\u202e", "U+202E (right-to-left override)"),
            ("\u0995", "'\u0995' U+0995 (bengali letter ka)"),
            ("a\x00", "NUL character"),
            ("Hi {nme}", "No column fills {nme}, which the template names. The columns are: name"),
        ],
        ids=str,
    )
    def test_that_cannot_be_used_is_refused(self, client: Client, template: str, said: str) -> None:
        answer = begin(client, params={"template": template}, items=[{"name": "Ada"}])

        assert answer.status_code == 400
        assert said in str(answer.json()["errors"]), answer.content
        assert nothing_is_left()


class TestLetters:
    """What the standard font lacks never becomes an empty box."""

    def test_that_no_font_has_fail_their_recipient_by_name(self, client: Client) -> None:
        items = [{"a": "Zo\u00eb \u20ac"}, {"a": "\u0995\u09b0\u09bf\u09ae"}, {"a": "bell \x07"}]

        job = do(begin(client, params={"template": "{a}"}, items=items))

        assert (job.succeeded, job.failed) == (1, 2)
        bangla, bell = job.items.filter(state="failed").order_by("position")
        assert "lacks the character '\u0995' U+0995 (bengali letter ka)" in bangla.error
        assert "DOCUMENT_FONT" in bangla.error
        assert "U+0007 shows nothing on paper" in bell.error

    def test_of_a_set_font_are_embedded(self, client: Client, own_font: Any) -> None:
        job = of_one(client, "{a} b", a="\u0141\u00f3\u010d")
        assert job.failed == 1

        own_font(VERA)
        lifecycle.retry(job.pk, actor="user:x")
        run_slice()

        job.refresh_from_db()
        assert job.succeeded == 1
        content = archive_of(client, job).read(archive_of(client, job).namelist()[0])
        assert b"BitstreamVera" in content

    def test_of_a_font_that_cannot_be_read_stop_every_start(self, own_font: Any) -> None:
        own_font(__file__)

        [problem] = check_site(None)

        assert problem.id == "batchops.E031"
        assert __file__ in problem.msg

    def test_that_must_be_shaped_wait_for_who_can(
        self, client: Client, own_font: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own_font(KHMER)
        monkeypatch.setattr(fonts, "CAN_SHAPE", False)

        job = of_one(client, "{a}", a="\u1786\u17d2\u1793")

        assert "pip install uharfbuzz" in job.items.get().error

    def test_are_shaped_where_that_can_be(self, client: Client, own_font: Any) -> None:
        pytest.importorskip("uharfbuzz")
        own_font(KHMER)

        assert of_one(client, "{a}", a="\u1786\u17d2\u1793").succeeded == 1


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
        items = "name;account;amount\nAda;1;\nJoan;;3"
        sent = {**form(page), "param-template": LETTER, "param-paper": "A4", "items": items}

        answer = client.post("/admin/jobs/new/document/", sent)

        assert answer.status_code == 302, answer.content.decode()
        run_slice()
        job = Job.objects.get()
        assert (job.succeeded, job.failed) == (1, 1)


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
        assert client.get(f"/api/batch-jobs/{kept.pk}/documents/0").status_code == 200
