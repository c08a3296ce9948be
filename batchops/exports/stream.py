"""Answer with an export, made while it is sent."""

import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from batchops.db import give_connection_back, own_connection, reading_snapshot
from batchops.errors import Unavailable
from batchops.exports import xlsx_file
from batchops.exports.cells import Column
from batchops.exports.csv_file import csv_blocks
from batchops.streamed import Body

log = logging.getLogger("batchops.exports")

# Each has a connection of its own to PostgreSQL, beside the pool that pages share.
AT_ONCE = 2
READ_AT_ONCE = 500
# A snapshot that stays open keeps PostgreSQL from cleaning up.
LONGEST = timedelta(minutes=15)
# One fetch of rows may take so long. For what was fetched, and for what is read from files beside
# it, there is all the time an export has: the web server hangs up on who takes nothing any more.
IDLE_MS = 1000 * round((LONGEST + timedelta(minutes=1)).total_seconds())
SESSION = f"-c statement_timeout=60000 -c idle_in_transaction_session_timeout={IDLE_MS}"
FORMS = ("csv", "xlsx", "pdf")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
# What keeps text from being run as a formula; on paper nothing runs.
GUARDS = {"csv": "apostrophe", "xlsx": "typed-as-text", "pdf": "ink"}
Blocks = Generator[bytes, None, None]
Part = TypeVar("Part")
Found = TypeVar("Found", bound=Model)
_slots = threading.BoundedSemaphore(AT_ONCE)


class TooManyExports(Unavailable):
    """Ask to come back when one of the exports that run now is done."""

    code = "too_many_exports"


class TooSlow(Unavailable):
    """Give up an export that takes longer than a snapshot may stay open."""

    code = "export_too_slow"


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file: `name` without its ending, columns, and how the rows are read.

    `rows` is called once, in another thread and inside a read-only snapshot, and should read
    from the database piece by piece, so that memory stays bounded. `longer_than` says, in the
    same snapshot and before, whether there are more rows than a number.
    """

    name: str
    columns: Sequence[Column]
    rows: Callable[[], Iterable[Any]]
    longer_than: Callable[[int], bool]

    @classmethod
    def of(
        cls,
        found: "QuerySet[Found]",
        *,
        name: str,
        columns: Sequence[Column],
        show: Callable[[Found], Any] = lambda row: row,
    ) -> "Export":
        """Return what a query finds, in its order, as an export; columns read what `show` gives."""
        return cls(
            name,
            columns,
            rows=lambda: map(show, found.iterator(chunk_size=READ_AT_ONCE)),
            longer_than=lambda rows: found[rows : rows + 1].exists(),
        )


def stream(export: Export, form: str) -> StreamingHttpResponse:
    """Answer with the export as a file in one of FORMS; its first block is made before.

    What goes wrong later cuts the file off: after LONGEST, or when the database fails.

    :raises TooManyExports: when two are being made in this process already.
    :raises TooManyRows: when a workbook or a PDF cannot hold them all.
    :raises TooSlow: when a PDF takes longer than LONGEST.
    """
    give_connection_back()  # an export may take minutes
    body = Body(_FILES[form](export))
    body.begin()
    headers = {
        "Content-Disposition": f'attachment; filename="{safe_name(export.name)}.{form}"',
        "Cache-Control": "no-store",
        "X-Formula-Guard": GUARDS[form],
    }
    return StreamingHttpResponse(body, content_type=CONTENT_TYPES[form], headers=headers)


def safe_name(name: str) -> str:
    """Return a name that can stand in a header and on any file system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:100] or "export"


def _csv(export: Export) -> Blocks:
    with _slot(), _reading():
        yield from _in_time(csv_blocks(export.columns, export.rows()), ends_at=_end())


def _xlsx(export: Export) -> Blocks:
    with _slot(), _reading():
        if export.longer_than(xlsx_file.ROWS_MAX):
            raise xlsx_file.too_many()
        blocks = xlsx_file.xlsx_blocks(export.columns, export.rows())
        yield from _in_time(blocks, ends_at=_end())


def _pdf(export: Export) -> Blocks:
    # reportlab takes a while to load and memory to keep, and few ever ask for a PDF.
    from batchops.exports.pdf_file import pdf_blocks

    ends_at = _end()
    with _slot(), _reading():
        rows = _in_time(export.rows(), ends_at=ends_at)
        yield from _in_time(pdf_blocks(export.name, export.columns, rows), ends_at=ends_at)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(blocking=False):
        raise TooManyExports(
            _("%(n)s exports are being made right now. Try again in a few seconds.")
            % {"n": AT_ONCE}
        )
    try:
        yield
    finally:
        _slots.release()


@contextmanager
def _reading() -> Iterator[None]:
    with own_connection(SESSION), reading_snapshot():
        yield


def _end() -> float:
    return time.monotonic() + LONGEST.total_seconds()


def _in_time(parts: Iterable[Part], *, ends_at: float) -> Generator[Part, None, None]:
    for part in parts:
        yield part
        if time.monotonic() > ends_at:
            log.warning("An export was cut off: it took longer than %s.", LONGEST)
            raise TooSlow(
                _("Making this file took longer than %(n)s minutes. Narrow the list down.")
                % {"n": round(LONGEST.total_seconds() / 60)}
            )


_FILES = {"csv": _csv, "xlsx": _xlsx, "pdf": _pdf}
