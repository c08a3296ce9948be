"""Hold a file to the columns: find the rows that do not fit, and say in what."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from jobs import progress
from jobs.errors import ItemCancelled
from jobs.reading import Columns, Table, open_csv, open_xlsx, read_array
from jobs.types.file_batch import checks
from jobs.types.file_batch.schema import Schema
from jobs.types.file_batch.sources import Source

# Of each file; of the others only the numbers are kept.
ERRORS_KEPT = 20
VALUE_LENGTH = 60
ASK_EVERY_ROWS = 10_000
TABLES = {"csv": open_csv, "xlsx": open_xlsx}


class Problem(NamedTuple):
    """What is wrong with one cell; `kind` is a word of KINDS."""

    column: str
    kind: str
    value: str


class CheckedRow(NamedTuple):
    """One row: where it stands in its file, its cells by declared column, the others, problems."""

    line: int
    cells: Sequence[str]
    others: dict[str, str]
    problems: Sequence[Problem]


@dataclass(slots=True)
class Found:
    """What a file came to, as its item keeps it."""

    rows: int = 0
    rejected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: CheckedRow) -> None:
        """Count the problems of a rejected row."""
        self.rejected += 1
        for one in row.problems:
            self.kinds[one.kind] += 1
            if len(self.first) < ERRORS_KEPT:
                self.first.append(
                    {"row": row.line, **one._asdict(), "value": one.value[:VALUE_LENGTH]}
                )

    def as_result(self) -> dict[str, Any]:
        """Return it as JSON: counts, counts by kind, and the first errors."""
        return {
            "rows": self.rows,
            "valid": self.rows - self.rejected,
            "rejected": self.rejected,
            "errors": self.kinds.total(),
            "kinds": dict(self.kinds),
            "first": self.first,
        }


def check(source: Source, schema: Schema) -> Found:
    """Read a whole file and return what it came to; it says how far it is and may be cancelled.

    :raises UnreadableFile: when it is no table that can be read, or has not the columns.
    :raises ItemCancelled: when its job is cancelled meanwhile.
    """
    found = Found()
    for row in _judged(source, schema):
        found.rows += 1
        if row is not None:
            found.add(row)
        if not found.rows % ASK_EVERY_ROWS:
            progress.report(found.rows, None, _("rows"))
            if progress.cancel_wished():
                raise ItemCancelled(f"Stopped after {found.rows:,} rows, as its job was cancelled.")
    return found


def rejected_rows(source: Source, schema: Schema) -> Iterator[CheckedRow]:
    """Yield the rows of a file that are rejected.

    :raises UnreadableFile: as `check` does.
    """
    return (row for row in _judged(source, schema) if row is not None)


def in_words(schema: Schema, kind: str, column: str, value: str) -> str:
    """Say what is wrong with a value that stands in a column."""
    declared = next((one for one in schema.columns if one.name == column), None)
    said = checks.in_words(kind, declared)
    return f"'{value[:VALUE_LENGTH]}' {said}" if value else said


def _judged(source: Source, schema: Schema) -> Iterator[CheckedRow | None]:
    """Yield for each row what is wrong with it; None when nothing is."""
    judge = _judge_objects if source.kind == "json" else _judge_table
    return judge(source, schema)


def _judge_table(source: Source, schema: Schema) -> Iterator[CheckedRow | None]:
    table = TABLES[source.kind](source.file, name=source.name)
    table.require(_columns(schema))
    places = _Places(table, schema)
    judges, doubles = places.judges, _Doubles(places.unique)
    for line, cells in table.rows():
        # The loop that all speed hangs on: most rows leave it at once.
        wrong = [at for at, judge in judges if judge(cells[at])]
        twice = [at for at in doubles.of(cells) if at not in wrong] if places.unique else ()
        yield places.row(line, cells, wrong, twice) if wrong or twice else None


def _columns(schema: Schema) -> Columns:
    needed = [column.name for column in schema.columns if column.required]
    if schema.takes_others:
        return Columns(needed, None)
    return Columns(needed, [name for name in schema.names if name not in needed])


class _Doubles:
    """The values of unique columns that were seen in a file, by the place of the column."""

    def __init__(self, unique: Sequence[int]) -> None:
        self._seen = [(at, set[str]()) for at in unique]

    def of(self, cells: Sequence[str]) -> list[int]:
        """Return the places of a row whose value stood in an earlier one."""
        found = []
        for at, seen in self._seen:
            if cells[at] in seen:
                found.append(at)
            elif cells[at]:
                seen.add(cells[at])
        return found


class _Places:
    """Where the declared columns stand in one table."""

    def __init__(self, table: Table, schema: Schema) -> None:
        at = {name: number for number, name in enumerate(table.header)}
        self._header = table.header
        self._own = [at.get(name) for name in schema.names]
        self._others = [number for name, number in at.items() if name not in schema.names]
        there = [(at[one.name], one) for one in schema.columns if one.name in at]
        self.unique = [place for place, column in there if column.unique]
        self.judges = [
            (place, judge)
            for place, judge in zip(self._own, schema.checks, strict=True)
            if place is not None
        ]

    def row(
        self, line: int, cells: Sequence[str], wrong: Sequence[int], twice: Sequence[int]
    ) -> CheckedRow:
        """Return a row by declared columns, with what is wrong at these places."""
        judges = dict(self.judges)
        problems = [Problem(self._header[at], judges[at](cells[at]), cells[at]) for at in wrong]
        problems += [Problem(self._header[at], "duplicate", cells[at]) for at in twice]
        own = ["" if at is None else cells[at] for at in self._own]
        others = {self._header[at]: cells[at] for at in self._others}
        return CheckedRow(line, own, others, problems)


def _judge_objects(source: Source, schema: Schema) -> Iterator[CheckedRow | None]:
    doubles = _Doubles([at for at, column in enumerate(schema.columns) if column.unique])
    for number, given in enumerate(read_array(source.file, name=source.name), start=1):
        cells = [text_of(given.get(name)) for name in schema.names]
        others = {name: text_of(one) for name, one in given.items() if name not in schema.names}
        problems = list(_problems_of_object(given, cells, schema))
        if not schema.takes_others:
            problems += [Problem(name, "unknown_column", "") for name in others]
        problems += [Problem(schema.names[at], "duplicate", cells[at]) for at in doubles.of(cells)]
        yield CheckedRow(number, cells, others, problems) if problems else None


def _problems_of_object(
    given: dict[str, Any], cells: Sequence[str], schema: Schema
) -> Iterator[Problem]:
    for name, judge, cell in zip(schema.names, schema.checks, cells, strict=True):
        kind = "no_value" if isinstance(given.get(name), dict | list) else judge(cell)
        if kind:
            yield Problem(name, kind, cell)


def text_of(value: Any) -> str:
    """Return a value of JSON as the text that a cell of a table would hold."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
