"""Read the first sheet of a workbook row by row; formulas are text, and nothing is worked out."""

import datetime as dt
import zlib
from collections.abc import Iterator
from typing import IO, Any
from zipfile import BadZipFile

from jobs.reading.errors import UnreadableFile
from jobs.reading.tables import Row, Table, TableLimits, check_field, check_width
from jobs.reading.zip_file import Entry, ZipLimits, read_zip

# A workbook is an archive; openpyxl keeps its texts in memory, several times as large.
UNPACKED = ZipLimits(entries=1_000, bytes=200 * 1024**2, ratio=100)
TEXTS_BYTES = 32 * 1024**2
TEXTS = "sharedStrings.xml"
XML_BEGINNINGS = (b"<", b"\xef\xbb\xbf<")
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
BLANK_ROWS = 1_000
# What openpyxl raises over parts that are not as they should be.
BROKEN = (
    BadZipFile, LookupError, ValueError, SyntaxError, TypeError,
    AttributeError, ArithmeticError, EOFError, OSError, NotImplementedError, zlib.error,
)  # fmt: skip


def open_xlsx(file: IO[bytes], *, name: str, limits: TableLimits | None = None) -> Table:
    """Return the table in the first sheet of a workbook; every cell is text as it was typed.

    :raises UnreadableFile: now or while rows are read; it names row, column or limit.
    """
    # Here, because it takes a tenth of a second, and few processes ever read a workbook.
    from openpyxl import load_workbook

    limits = limits or TableLimits()
    for entry in read_zip(file, name=name, limits=UNPACKED):
        _check_part(entry, name)
    file.seek(0)
    try:
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet: Any = book.worksheets[0]
    except BROKEN as error:
        raise _broken(name, error) from None
    # Written by whoever wrote the file, and wrong in many.
    sheet.reset_dimensions()
    return Table(name, _rows(sheet, name, limits), limits)


def _rows(sheet: Any, name: str, limits: TableLimits) -> Iterator[Row]:
    width = blank = 0
    cells_of = sheet.iter_rows(values_only=True)
    for line in range(1, limits.rows + BLANK_ROWS + 3):
        cells = _trimmed(_next_cells(cells_of, name, line))
        if cells is None:
            return
        blank = 0 if cells else blank + 1
        if blank > BLANK_ROWS:
            raise UnreadableFile(
                name,
                f"row {line} is the last of more than {BLANK_ROWS:,} empty rows. Delete them.",
                row=line,
                limit=BLANK_ROWS,
            )
        if cells:
            check_width(name, line, len(cells), limits)
            texts = [_text_of(cell) for cell in cells]
            for column, text in enumerate(texts, start=1):
                check_field(name, line, column, length=len(text), limits=limits)
            # A sheet does not say where its rows end, so empty cells at the end may be missing.
            texts += [""] * (width - len(texts))
            width = width or len(texts)
            yield line, texts


def _next_cells(rows: Iterator[Any], name: str, line: int) -> Any:
    try:
        return next(rows, None)
    except BROKEN as error:
        raise _broken(name, f"row {line}, {error}") from None


def _trimmed(cells: Any) -> list[Any] | None:
    """Return the cells of a row up to the last that is not empty; None of None."""
    if cells is None:
        return None
    full = [at for at, cell in enumerate(cells, start=1) if cell not in (None, "")]
    return list(cells[: full[-1]]) if full else []


def _text_of(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def _check_part(entry: Entry, name: str) -> None:
    """Count what a part really unpacks to, and refuse XML that declares anything."""
    size, end, is_xml = 0, b"", entry.name.endswith((".xml", ".rels", ".vml"))
    for block in entry.blocks():
        if is_xml and not size and not block.lstrip().startswith(XML_BEGINNINGS):
            raise _broken(name, f"its part {entry.name} is no XML in UTF-8")
        size += len(block)
        seen = end + block
        if is_xml and any(one in seen for one in DECLARATIONS):
            raise UnreadableFile(
                name, "it declares entities, as no spreadsheet program does. Save it anew."
            )
        end = block[-16:]
        if entry.name == TEXTS and size > TEXTS_BYTES:
            raise UnreadableFile(
                name,
                f"it holds more than {TEXTS_BYTES // 1024**2} MB of text, which is the limit. "
                "Save it as CSV.",
                limit=TEXTS_BYTES,
            )


def _broken(name: str, error: object) -> UnreadableFile:
    said = str(error)[:200]
    return UnreadableFile(name, f"it is no workbook that can be read: {said}. Save it anew.")
