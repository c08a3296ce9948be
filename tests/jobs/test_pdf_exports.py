"""A list as a PDF: every row on its pages, and no more than anybody prints."""

import base64
import re
import zlib

import pytest

from batchops.exports import TooManyRows
from tests.jobs.documents import SHOWN, STREAM
from tests.jobs.test_exports import DANGEROUS, body_of, exported

pytestmark = pytest.mark.django_db


def lines_in(content: bytes) -> list[str]:
    """Return the texts of a PDF, one each cell and head."""
    pages = [zlib.decompress(base64.a85decode(packed)) for packed in STREAM.findall(content)]
    shown = [one.decode() for page in pages for one in SHOWN.findall(page)]
    return [re.sub(r"\\(.)", r"\1", text) for text in shown]


class TestPdf:
    def test_it_holds_every_row_on_its_pages(self):
        rows = [*(f"row {n}" for n in range(150)), DANGEROUS[0], "long " * 500, "বাংলা"]

        response = exported(rows, "pdf")

        lines = lines_in(body_of(response))
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == 'attachment; filename="list.pdf"'
        assert [line for line in lines if line.startswith("row ")] == rows[:150]
        assert [line.split(", ")[1::2] for line in lines if line.startswith("list, ")] == [
            ["153 rows", "page 1 of 2"],
            ["153 rows", "page 2 of 2"],
        ]
        assert DANGEROUS[0] in lines
        assert "?????" in lines
        assert any(line.startswith("long long") and line.endswith("...") for line in lines)

    def test_more_rows_than_anybody_prints_are_refused(self):
        with pytest.raises(TooManyRows, match="at most 5,000 rows"):
            exported(range(5001), "pdf")
