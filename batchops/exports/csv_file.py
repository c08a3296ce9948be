"""Write rows as CSV, a block of text at a time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from batchops.exports.cells import Column, csv_cell, harmless

BLOCK_ROWS = 100
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def csv_blocks(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield the file in blocks of 100 rows, the titles with the first of them."""
    titles = [harmless(column.title) for column in columns]
    cells = ([csv_cell(column.cell(row)) for column in columns] for row in rows)
    yield BYTE_ORDER_MARK + _text([titles, *islice(cells, BLOCK_ROWS)])
    while block := list(islice(cells, BLOCK_ROWS)):
        yield _text(block)


def _text(rows: Iterable[Sequence[str | int | float]]) -> bytes:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()
