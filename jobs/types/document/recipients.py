"""Read recipients: the rows of a table, or what came with the request."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from batchops.inputs import unstorable
from jobs.reading import GivenFile, Table, TableLimits, UnreadableFile, open_csv, open_xlsx

READERS = {"csv": open_csv, "xlsx": open_xlsx}
# All are read while somebody waits for the preview, or to start.
LIMITS = TableLimits(rows=50_000, cells=500_000, columns=200, field=10_000)
LABEL_LENGTH = 100
NAMES_SHOWN = 20
Recipient = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipients:
    """What is known of a job's recipients before it is started."""

    count: int
    columns: Sequence[str]
    first: Recipient


def recipient_of(values: Mapping[str, str]) -> Recipient:
    """Return a recipient as an item's params: its values, and the first of them as its label."""
    label = next((" ".join(value.split()) for value in values.values() if value.strip()), "")
    return {"label": label[:LABEL_LENGTH], "values": dict(values)}


def read_recipients(file: GivenFile, start: int = 0) -> Iterator[Recipient]:
    """Yield the recipients in the rows of a table, from position `start`.

    :raises UnreadableFile: now or while they are read; it names row, column or limit.
    """
    with _opened(file) as table:
        yield from islice(_rows(table), start, None)


def look_at(file: GivenFile, fields: Sequence[str]) -> Recipients:
    """Read a whole table that shall fill fields, and return what is in it.

    :raises UnreadableFile: when it cannot be used; it names row, column, limit or field.
    """
    with _opened(file) as table:
        columns = _columns_of(table)
        lacking = lacking_fields(fields, columns)
        if lacking:
            raise UnreadableFile(file.name, f"row 1: {lacking}", row=1)
        rows = _rows(table)
        first = next(rows)
        return Recipients(1 + sum(1 for _ in rows), columns, first)


def lacking_fields(fields: Sequence[str], columns: Sequence[str]) -> str:
    """Return in a sentence which fields no column fills, and the columns there are; or nothing."""
    missing = [field for field in fields if field not in columns]
    if not missing:
        return ""
    named = ", ".join(f"{{{field}}}" for field in missing[:NAMES_SHOWN])
    there = ", ".join(column[:100] for column in columns[:NAMES_SHOWN])
    more = ", ..." if len(columns) > NAMES_SHOWN else ""
    return (
        f"No column fills {named}, which the template names. The columns are: {there}{more}. "
        "Name one of these, or add the column."
    )


@contextmanager
def _opened(file: GivenFile) -> Iterator[Table]:
    with file.open() as opened:
        yield READERS[file.kind](opened, name=file.name, limits=LIMITS)


def _columns_of(table: Table) -> list[str]:
    return [column.strip() for column in table.header]


def _rows(table: Table) -> Iterator[Recipient]:
    columns = _columns_of(table)
    for row, cells in table.rows():
        values = dict(zip(columns, cells, strict=True))
        problem = unstorable(values)
        if problem:
            raise UnreadableFile(table.name, f"row {row}: {problem} Mend it.", row=row)
        yield recipient_of(values)
