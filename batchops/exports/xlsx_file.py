"""Write rows as a workbook that goes out while they are read."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from io import RawIOBase
from itertools import chain, islice
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.utils.translation import gettext as _

from batchops.errors import InvalidInput
from batchops.exports.cells import Cell, Column
from batchops.exports.xlsx_frame import MOMENT, PARTS, SHEET, SHEET_BEGIN, SHEET_END

# The sheet has one row more, for the titles.
ROWS_MAX = 1_048_575
TEXT_MAX = 32_767
# More needs ZIP64, and Excel takes no such sheet from a ZIP that was written in one go.
SHEET_BYTES_MAX = 2**31 - 1
ROWS_AT_ONCE = 500
# Days count from here; of 1900, which spreadsheets take for a leap year, only from March on.
DAY_ZERO, DAY = datetime(1899, 12, 30, tzinfo=UTC), timedelta(days=1)
# What XML cannot hold stands as _x0000_, and so does what only looks like that.
UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
KEEP_SPACE = ' xml:space="preserve"'


class TooManyRows(InvalidInput):
    """Refuse to put more rows into a workbook than a sheet can hold."""

    code = "too_many_rows"


class _Outbox(RawIOBase):
    """What a ZIP has written and nobody has taken yet; it cannot go back in it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, part: Any, /) -> int:
        self._held += part
        return len(part)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def xlsx_blocks(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield the file in blocks, the first with the first 500 rows.

    Without its last block, which comes after the last row, it opens nowhere.

    :raises TooManyRows: midway, when what they hold is more than a sheet can.
    """
    out, size_bytes = _Outbox(), 0
    with ZipFile(out, "w", ZIP_DEFLATED) as book:
        for name, part in PARTS.items():
            book.writestr(name, part)
        with book.open(SHEET, "w") as sheet:
            for piece in _sheet(columns, rows):
                size_bytes += len(piece)
                if size_bytes > SHEET_BYTES_MAX:
                    raise TooManyRows(_("A sheet holds at most 2 GB. Export CSV."))
                sheet.write(piece)
                if block := out.take():
                    yield block
    yield out.take()


def too_many() -> TooManyRows:
    """Return the refusal of a list that no sheet can hold."""
    return TooManyRows(
        _(
            "A sheet holds at most %(limit)s rows and there are more. Export CSV, or narrow the "
            "list down."
        )
        % {"limit": f"{ROWS_MAX:,}"}
    )


def _sheet(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    letters = [_letters(number) for number in range(1, len(columns) + 1)]
    titles = [column.title for column in columns]
    cells = ([column.cell(row) for column in columns] for row in rows)
    all_values: Iterable[Sequence[Cell]] = chain([titles], cells)
    lines = (_row(letters, number, values) for number, values in enumerate(all_values, 1))
    yield (SHEET_BEGIN % len(columns) + "".join(islice(lines, ROWS_AT_ONCE))).encode()
    while piece := "".join(islice(lines, ROWS_AT_ONCE)):
        yield piece.encode()
    yield SHEET_END.encode()


def _letters(number: int) -> str:
    """Return what a sheet calls its column of this number: A to Z, AA and on."""
    before, last = divmod(number - 1, 26)
    return (_letters(before) if before else "") + chr(ord("A") + last)


def _row(letters: Sequence[str], number: int, values: Sequence[Cell]) -> str:
    cells = map(_cell, (f'"{one}{number}"' for one in letters), values)
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r={place} t="b"><v>{value:d}</v></c>'
    if isinstance(value, int | float) and math.isfinite(value):
        return f"<c r={place}><v>{value}</v></c>"
    if isinstance(value, datetime):
        local = value.astimezone(settings.SITE_ZONE).replace(tzinfo=UTC)
        return f'<c r={place} s="{MOMENT}"><v>{(local - DAY_ZERO) / DAY}</v></c>'
    text = escape(UNFIT.sub(_by_number, _text(value)), quote=False)
    kept = "" if text == text.strip() else KEEP_SPACE
    return f'<c r={place} t="inlineStr"><is><t{kept}>{text}</t></is></c>'


def _by_number(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= TEXT_MAX:
        return text
    note = _(" ... (cut off: a cell holds %(limit)s characters)") % {"limit": f"{TEXT_MAX:,}"}
    return text[: TEXT_MAX - len(note)] + note
