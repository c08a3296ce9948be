"""Write rows as a workbook, on disk and not in memory."""

import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from batchops.errors import InvalidInput
from batchops.exports.cells import Cell, Column

# The sheet has one row more, for the titles.
ROWS_MAX = 1_048_575
TEXT_MAX = 32_767
FOLDER = "batchops-export-"
# What a killed process left is older than any export takes to be written.
LEFT_BEHIND_AFTER_S = 3_600
BLOCK_BYTES = 64 * 1024
WIDTH = 20


class TooManyRows(InvalidInput):
    """Refuse to put more rows into a workbook than a sheet can hold."""

    code = "too_many_rows"


def workbook(columns: Sequence[Column], rows: Iterable[Any]) -> IO[bytes]:
    """Write the workbook and return it, open for reading; its file has no name any more.

    :raises TooManyRows: when there are more than a sheet can hold.
    """
    _remove_leftovers()
    with TemporaryDirectory(prefix=FOLDER) as folder:
        path = Path(folder) / "export.xlsx"
        _write(path, columns, rows)
        return path.open("rb")


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of a file in blocks of 64 KB."""
    while block := file.read(BLOCK_BYTES):
        yield block


def _remove_leftovers() -> None:
    for folder in Path(gettempdir()).glob(f"{FOLDER}*"):
        with suppress(OSError):  # another process removes it at this moment
            if time.time() - folder.stat().st_mtime > LEFT_BEHIND_AFTER_S:
                rmtree(folder)


def _write(path: Path, columns: Sequence[Column], rows: Iterable[Any]) -> None:
    # Not as a context, which would finish the file even when it is given up.
    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    sheet = book.add_worksheet()
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, WIDTH)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.title)
    for number, row in enumerate(rows, 1):
        if number > ROWS_MAX:
            raise _too_many()
        for place, column in enumerate(columns):
            _put(sheet, (number, place), column.cell(row), moment)
    book.close()


def _too_many() -> TooManyRows:
    return TooManyRows(
        _(
            "A sheet holds at most %(limit)s rows and there are more. Export CSV, or narrow the "
            "list down."
        )
        % {"limit": f"{ROWS_MAX:,}"}
    )


def _put(sheet: Worksheet, place: tuple[int, int], value: Cell, moment: Format) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float) and math.isfinite(value):
        sheet.write_number(*place, value)
    elif isinstance(value, datetime):
        local = value.astimezone(settings.SITE_ZONE).replace(tzinfo=None)
        sheet.write_datetime(*place, local, moment)
    else:
        sheet.write_string(*place, _text(value))


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= TEXT_MAX:
        return text
    note = _(" ... (cut off: a cell holds %(limit)s characters)") % {"limit": f"{TEXT_MAX:,}"}
    return text[: TEXT_MAX - len(note)] + note
