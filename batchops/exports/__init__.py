"""Hand out long lists as CSV, XLSX or PDF files, in bounded memory.

A list that can be exported describes itself by an `Export`; its view returns
`stream(export, form)`. The rows are read in one snapshot, in a thread and on a connection of
their own, so that no page waits for a pooled one; at most 2 exports run in a process.

CSV is UTF-8 with a byte order mark, by which spreadsheets know it, with RFC 4180's quotes and
line ends. Text that a spreadsheet would take for a formula gets a `'` before it. XLSX types text
as text, numbers as numbers and times as times of the site's zone. A PDF is for paper: at most
5,000 rows on wide pages, long texts cut off, ? for letters that not every reader has.
"""

from batchops.exports.cells import Cell, Column
from batchops.exports.stream import (
    CONTENT_TYPES,
    FORMS,
    GUARDS,
    Export,
    TooManyExports,
    TooSlow,
    stream,
)
from batchops.exports.xlsx_file import ROWS_MAX, TooManyRows

__all__ = [
    "CONTENT_TYPES",
    "FORMS",
    "GUARDS",
    "ROWS_MAX",
    "Cell",
    "Column",
    "Export",
    "TooManyExports",
    "TooManyRows",
    "TooSlow",
    "stream",
]
