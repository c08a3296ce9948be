"""Draw rows as a table on wide pages, for people who print or hand on a list."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A3, landscape
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from batchops.exports.cells import Cell, Column, csv_cell
from batchops.exports.xlsx_file import TooManyRows

ROWS_MAX = 5_000
PAGE = landscape(A3)
MARGIN, GAP, LINE = 30.0, 6.0, 9.5
FONT, BOLD, SIZE = "Helvetica", "Helvetica-Bold", 6.5
CUT = "..."
LONGEST = 200  # letters of a cell; no column is as wide
BLOCK_BYTES = 64 * 1024

Line = list[str]


def pdf_blocks(name: str, columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield the file in blocks of 64 KB; long texts are cut off to the width of their column.

    :raises TooManyRows: when there are more than anybody would print.
    """
    lines = [_line(columns, row) for row in islice(rows, ROWS_MAX + 1)]
    if len(lines) > ROWS_MAX:
        raise TooManyRows(
            _(
                "A PDF holds at most %(limit)s rows and there are more. Export CSV or XLSX, or "
                "narrow the list down."
            )
            % {"limit": f"{ROWS_MAX:,}"}
        )
    file = BytesIO()
    _draw(file, name, [_western(column.title) for column in columns], lines)
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        yield block


def _line(columns: Sequence[Column], row: Any) -> Line:
    return [_western(_text(column.cell(row))) for column in columns]


def _text(value: Cell) -> str:
    if isinstance(value, datetime):
        return value.astimezone(settings.SITE_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    # What a spreadsheet would run is only ink here.
    return " ".join(value.split()) if isinstance(value, str) else str(csv_cell(value))


def _western(text: str) -> str:
    """Return the text with ? for what the standard font of every reader cannot draw."""
    return text.encode("cp1252", errors="replace").decode("cp1252")


def _draw(file: BytesIO, name: str, titles: Line, lines: list[Line]) -> None:
    canvas = Canvas(file, pagesize=PAGE, pageCompression=1)
    canvas.setTitle(name)
    widths = _widths([titles, *lines])
    a_page = int((PAGE[1] - 2 * MARGIN) / LINE) - 3
    pages = range(0, max(len(lines), 1), a_page)
    made = timezone.localtime(timezone=settings.SITE_ZONE).strftime("%Y-%m-%d %H:%M %Z")
    for number, start in enumerate(pages, 1):
        head = f"{name}, {len(lines):,} rows, {made}, page {number} of {len(pages)}"
        canvas.setFont(FONT, SIZE)
        canvas.drawString(MARGIN, PAGE[1] - MARGIN, head)
        _draw_line(canvas, titles, widths, at=2, font=BOLD)
        for place, line in enumerate(lines[start : start + a_page], 3):
            _draw_line(canvas, line, widths, at=place, font=FONT)
        canvas.showPage()
    canvas.save()


def _draw_line(canvas: Canvas, line: Line, widths: list[float], *, at: int, font: str) -> None:
    canvas.setFont(font, SIZE)
    x, y = MARGIN, PAGE[1] - MARGIN - at * LINE
    for text, width in zip(line, widths, strict=True):
        canvas.drawString(x, y, _cut(text, width, font))
        x += width + GAP


def _widths(lines: list[Line]) -> list[float]:
    """Return the columns' widths: what they hold, the widest giving way until all fit."""
    natural = [max(_width(text, BOLD) for text in column) for column in zip(*lines, strict=True)]
    room = PAGE[0] - 2 * MARGIN - GAP * (len(natural) - 1)
    widest = max(natural)
    while sum(min(width, widest) for width in natural) > room:
        widest *= 0.9
    return [min(width, widest) for width in natural]


def _width(text: str, font: str) -> float:
    return float(stringWidth(text[: LONGEST + len(CUT)], font, SIZE))


def _cut(text: str, width: float, font: str) -> str:
    if len(text) <= LONGEST and _width(text, font) <= width + 0.1:
        return text
    kept = text[:LONGEST]
    while kept and _width(kept + CUT, font) > width:
        kept = kept[:-1]
    return kept + CUT
