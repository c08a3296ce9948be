"""Look at what a template makes of values, and of letters that a font lacks."""

from pathlib import Path
from typing import Any

import pytest
import reportlab
from django.test import Client

from batchops.checks import check_site
from jobs import lifecycle
from jobs.runner import run_slice
from jobs.types.document import fonts
from tests.jobs.documents import archive_of, begin, do, of_one, result_of, strokes_in, text_in
from tests.jobs.files import nothing_is_left

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
VERA = str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")
KHMER = str(Path(reportlab.__file__).parent / "fonts" / "hb-test.ttf")


@pytest.fixture
def own_font(settings: Any) -> Any:
    """Set DOCUMENT_FONT, as a process that starts with it knows it."""

    def set_font(*files: str) -> None:
        settings.DOCUMENT_FONT = list(files)
        fonts.own_glyphs.cache_clear()

    yield set_font
    fonts.own_glyphs.cache_clear()


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

    def test_has_bounds_for_each_heading(self, client: Client) -> None:
        job = of_one(client, "# {a}\n" * 3, a="x " * 300)

        said = "A heading of it has 599 characters; 500 is the limit."
        assert job.items.get().error.startswith(said)

    def test_draws_a_line_at_once_whatever_signs_are_in_it(self, client: Client) -> None:
        job = of_one(client, "a & <b>c</b> {d}\n*e*", d="f & g")

        content = archive_of(client, job).read("1 f & g.pdf")
        assert strokes_in(content) == [b"a & <b>c</b> f & g", b"e"]

    def test_of_nothing_but_marks_titles_no_job(self, client: Client) -> None:
        assert of_one(client, "# * *", a="1").title == "Documents"

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

        assert problem.id == "batchops.E033"
        assert __file__ in problem.msg

    def test_that_change_with_neighbours_are_shaped(self, client: Client, own_font: Any) -> None:
        own_font(KHMER)

        assert of_one(client, "{a}", a="\u1786\u17d2\u1793").succeeded == 1
