"""Answer with an export, made while it is sent."""

import logging
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from batchops.db import give_connection_back, own_connection, reading_snapshot
from batchops.errors import Unavailable
from batchops.exports.cells import Column
from batchops.exports.csv_file import csv_blocks
from batchops.exports.xlsx_file import blocks_of, workbook
from batchops.streamed import Body

log = logging.getLogger("batchops.exports")

# Each has a connection of its own to PostgreSQL, beside the pool that pages share.
AT_ONCE = 2
# A snapshot that stays open keeps PostgreSQL from cleaning up.
LONGEST = timedelta(minutes=15)
# One fetch of rows may take so long, and the reader for what was fetched.
SESSION = "-c statement_timeout=60000 -c idle_in_transaction_session_timeout=120000"
FORMS = ("csv", "xlsx")
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Blocks = Generator[bytes, None, None]
_slots = threading.BoundedSemaphore(AT_ONCE)


class TooManyExports(Unavailable):
    """Ask to come back when one of the exports that run now is done."""

    code = "too_many_exports"


class TooSlow(Exception):
    """Cut off a reader who takes an export more slowly than a snapshot may stay open."""


@dataclass(frozen=True, slots=True)
class Export:
    """A list as a file: `name` without its ending, columns, and how the rows are read.

    `rows` is called once, in another thread and inside a read-only snapshot, and should read
    from the database piece by piece (`queryset.iterator()`), so that memory stays bounded.
    """

    name: str
    columns: Sequence[Column]
    rows: Callable[[], Iterable[Any]]


def stream(export: Export, form: str) -> StreamingHttpResponse:
    """Answer with the export as a file in one of FORMS; its first block is made before.

    :raises TooManyExports: when two are being made in this process already.
    :raises TooManyRows: when a workbook cannot hold them all.
    """
    give_connection_back()  # an export may take minutes
    body = Body(_FILES[form](export))
    body.begin()
    headers = {
        "Content-Disposition": f'attachment; filename="{safe_name(export.name)}.{form}"',
        "Cache-Control": "no-store",
        "X-Formula-Guard": "apostrophe" if form == "csv" else "typed-as-text",
    }
    return StreamingHttpResponse(body, content_type=CONTENT_TYPES[form], headers=headers)


def safe_name(name: str) -> str:
    """Return a name that can stand in a header and on any file system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:100] or "export"


def _csv(export: Export) -> Blocks:
    with _slot(), _reading():
        yield from _in_time(csv_blocks(export.columns, export.rows()))


def _xlsx(export: Export) -> Blocks:
    with _slot():
        with _reading():
            file = workbook(export.columns, export.rows())
        with file:
            yield from _in_time(blocks_of(file))


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


def _in_time(blocks: Iterator[bytes]) -> Blocks:
    ends_at = time.monotonic() + LONGEST.total_seconds()
    for block in blocks:
        yield block
        if time.monotonic() > ends_at:
            log.warning("An export was cut off: its reader took longer than %s.", LONGEST)
            raise TooSlow


_FILES = {"csv": _csv, "xlsx": _xlsx}
