"""Hold a table to what is expected of it: its columns, its size, and as many cells in each row."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jobs.reading.errors import UnreadableFile

RAGGED_SHOWN = 20
NAMES_SHOWN = 50
Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLimits:
    """How large a table may be; what is over is refused as soon as it is seen.

    `cells` bounds the time that reading takes, where somebody waits for it.
    """

    rows: int = 1_000_000
    cells: int = 1_000_000_000
    columns: int = 1_000
    field: int = 32_768


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a table must have and which others it may have; `others` None: any."""

    needed: Sequence[str]
    others: Sequence[str] | None = ()


class Table:
    """The header of a table, and its rows with the number of the line that each begins in."""

    def __init__(self, name: str, rows: Iterable[Row], limits: TableLimits) -> None:
        self.name = name
        self._rows = iter(rows)
        self._limits = limits
        _line, self.header = next(self._rows, (0, []))
        self._check_header()

    def require(self, columns: Columns) -> None:
        """Pass when the table has the columns.

        :raises UnreadableFile: it names those expected, found, missing and unknown.
        """
        missing = [one for one in columns.needed if one not in self.header]
        known = None if columns.others is None else {*columns.needed, *columns.others}
        unknown = [] if known is None else [one for one in self.header if one not in known]
        if not missing and not unknown:
            return
        expected = ", ".join([*columns.needed, *(columns.others or ())])
        raise UnreadableFile(
            self.name,
            f"row 1 has not the columns that it should. Expected: {expected}. Found: "
            f"{_listed(self.header)}. Missing: {_listed(missing)}. Unknown: {_listed(unknown)}. "
            "Name the columns as expected.",
            row=1,
            missing=missing,
            unknown=unknown[:NAMES_SHOWN],
        )

    def rows(self) -> Iterator[Row]:
        """Yield the rows that have a cell for each column; once.

        :raises UnreadableFile: at the end when others have not, naming the first 20 of them (at
            once when it is 20), when there is no row at all, and when there are too many.
        """
        ragged: list[Row] = []
        most = min(self._limits.rows, self._limits.cells // len(self.header))
        count = 0
        for count, row in enumerate(self._rows, start=1):
            if count > most:
                raise self._too_many_rows(row[0], most)
            if len(row[1]) == len(self.header):
                yield row
            else:
                ragged.append(row)
                if len(ragged) == RAGGED_SHOWN:
                    break
        if ragged:
            raise self._ragged(ragged)
        if not count:
            raise UnreadableFile(
                self.name, "it has a header and no row below it. Send it with its rows.", row=1
            )

    def _check_header(self) -> None:
        if not self.header:
            raise UnreadableFile(self.name, "it is empty. Send a table with names in row 1.", row=1)
        check_width(self.name, 1, len(self.header), self._limits)
        blank = next((at for at, one in enumerate(self.header, 1) if not one.strip()), None)
        if blank:
            raise UnreadableFile(
                self.name, f"row 1, column {blank} has no name. Name it.", row=1, column=blank
            )
        twice = [one for one, count in Counter(self.header).items() if count > 1]
        if twice:
            raise UnreadableFile(
                self.name,
                f"row 1 names columns more than once: {_listed(twice)}. Name each once.",
                row=1,
            )

    def _too_many_rows(self, line: int, most: int) -> UnreadableFile:
        width = f" of {len(self.header)} columns" if most < self._limits.rows else ""
        return UnreadableFile(
            self.name,
            f"it has more than {most:,} rows{width}, which is the limit. Send it in several files.",
            row=line,
            limit=most,
        )

    def _ragged(self, ragged: list[Row]) -> UnreadableFile:
        told = ", ".join(f"row {line} has {len(cells)}" for line, cells in ragged)
        more = " and perhaps more" if len(ragged) == RAGGED_SHOWN else ""
        return UnreadableFile(
            self.name,
            f"the header has {len(self.header)} columns, but {told}{more}. Give each row as many.",
            row=ragged[0][0],
            rows=[line for line, _cells in ragged],
        )


def check_width(name: str, line: int, width: int, limits: TableLimits) -> None:
    """Pass when a row is not too wide.

    :raises UnreadableFile: when it has more columns than the limit.
    """
    if width > limits.columns:
        raise UnreadableFile(
            name,
            f"row {line} has {width:,} columns; {limits.columns:,} is the limit. Leave out those "
            "that are not needed.",
            row=line,
            column=limits.columns + 1,
            limit=limits.columns,
        )


def check_field(name: str, line: int, column: int, *, length: int, limits: TableLimits) -> None:
    """Pass when a cell is not too long.

    :raises UnreadableFile: when it has more characters than the limit.
    """
    if length > limits.field:
        raise UnreadableFile(
            name,
            f"row {line}, column {column} has {length:,} characters; {limits.field:,} is the "
            "limit. Shorten it.",
            row=line,
            column=column,
            limit=limits.field,
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(one[:100] for one in names[:NAMES_SHOWN]) or "none"
    return f"{shown}, ..." if len(names) > NAMES_SHOWN else shown
