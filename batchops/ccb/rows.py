"""Judge the lines of the reader strictly and make a Snapshot of them; anything odd raises."""

import re
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from batchops.ccb.snapshot import (
    ImdRow,
    MessageRow,
    ProgressRow,
    RunKey,
    RunRow,
    Snapshot,
    SubmissionRow,
    ThreadDetailRow,
    ThreadRow,
)

Line: TypeAlias = list[Any]

# More than a poll or the import of 400 days can have; beyond it something is wrong there.
MAX_ROWS = 500_000


class UnexpectedRow(ValueError):
    """Say which row of which statement is not as CC&B's tables should hold it."""


class Row:
    """One line of the reader, its cells taken from left to right as what they must be.

    What is odd about one that is `personal` is told by its first cell alone.
    """

    def __init__(self, line: Line, *, columns: int, zone: ZoneInfo, personal: bool = False) -> None:
        self._line = line
        self._told = line[1:2] if personal else line[1:]
        self._zone = zone
        self._at = 0
        if len(line) != columns + 1:
            raise self._odd(f"has {len(line) - 1} columns, not {columns}")

    def text(self) -> str:
        """Take a text that is not NULL."""
        cell = self._next()
        if not isinstance(cell, str):
            raise self._odd("is not a text")
        return cell

    def optional_text(self) -> str:
        """Take a text; NULL is the empty text."""
        return "" if self._null() else self.text()

    def optional_whole(self) -> int:
        """Take a whole number; NULL is 0."""
        return 0 if self._null() else self.whole()

    def whole(self) -> int:
        """Take a whole number that is not NULL."""
        cell = self._next()
        if not isinstance(cell, int) or isinstance(cell, bool):
            raise self._odd("is not a whole number")
        return cell

    def key(self) -> RunKey:
        """Take the three columns of a run's key."""
        return RunKey(self.text(), self.whole(), self.whole())

    def moment(self) -> datetime:
        """Take a time that is not NULL, from the site's wall clock to UTC."""
        try:
            return self._local().replace(tzinfo=self._zone).astimezone(UTC)
        except OverflowError:
            raise self._odd("is a time that no calendar holds") from None

    def optional_moment(self) -> datetime | None:
        """Take a time or NULL."""
        return None if self._null() else self.moment()

    def optional_date(self) -> date | None:
        """Take the calendar day of a time, or NULL."""
        return None if self._null() else self._local().date()

    def _local(self) -> datetime:
        cell = self._next()
        try:
            return datetime.fromisoformat(cell)
        except (TypeError, ValueError):
            raise self._odd("is not a time") from None

    def _null(self) -> bool:
        null = self._line[self._at + 1] is None
        self._at += null
        return null

    def _next(self) -> Any:
        self._at += 1
        return self._line[self._at]

    def _odd(self, what: str) -> UnexpectedRow:
        place = f"column {self._at}" if self._at else "row"
        return UnexpectedRow(f"{self._line[0]}: {place} {what}: {self._told}")


def _run(row: Row) -> RunRow:
    return RunRow(
        key=row.key(),
        run_status=row.text(),
        business_date=row.optional_date(),
        do_not_restart=row.text() == "Y",
        version=row.whole(),
        started_at=row.optional_moment(),
        ended_at=row.optional_moment(),
    )


def _progress(row: Row) -> ProgressRow:
    return ProgressRow(
        key=row.key(),
        threads=row.whole(),
        instances=row.whole(),
        records=row.whole(),
        errors=row.whole(),
        heartbeat=row.whole(),
        open_instances=row.whole(),
        first_started_at=row.optional_moment(),
        last_started_at=row.optional_moment(),
        last_ended_at=row.optional_moment(),
    )


def _threads(row: Row) -> ThreadRow:
    return ThreadRow(row.key(), row.text(), row.whole(), row.whole())


def _thread_detail(row: Row) -> ThreadDetailRow:
    return ThreadDetailRow(
        key=row.key(),
        thread=row.whole(),
        status=row.text(),
        retries=row.whole(),
        executions=row.whole(),
        records=row.whole(),
        errors=row.whole(),
        started_at=row.optional_moment(),
        ended_at=row.optional_moment(),
    )


def _submission(row: Row) -> SubmissionRow:
    return SubmissionRow(
        id=row.text(),
        batch_cd=row.text(),
        batch_nbr=row.whole(),
        rerun_nbr=row.whole(),
        status=row.text(),
        requested_at=row.optional_moment(),
        threads=row.whole(),
        process_date=row.optional_date(),
        method=row.text(),
        user=row.text(),
    )


def _imd(row: Row) -> ImdRow:
    return ImdRow(row.text(), row.text(), row.whole(), row.optional_moment())


@dataclass(slots=True)
class _Message:
    """One message while its parameters arrive, one to a row."""

    key: RunKey
    scheduler_id: int
    sequence: int
    category: int
    number: int
    severity: str
    text: str
    parameters: dict[int, str]
    thread: int

    def composed(self) -> MessageRow:
        said = re.sub(r"%([1-9])", lambda m: self.parameters.get(int(m[1]), m[0]), self.text)
        known = "; ".join(value for _, value in sorted(self.parameters.items()))
        return MessageRow(
            key=self.key,
            scheduler_id=self.scheduler_id,
            sequence=self.sequence,
            category=self.category,
            number=self.number,
            severity=self.severity,
            text=said or f"Message {self.category}, {self.number}: {known}".rstrip(": "),
            thread=self.thread,
        )


def _message(row: Row) -> _Message:
    message = _Message(
        key=row.key(),
        scheduler_id=row.whole(),
        sequence=row.whole(),
        category=row.whole(),
        number=row.whole(),
        severity=row.text(),
        text=row.optional_text(),
        parameters={},
        thread=0,
    )
    place, value = row.optional_whole(), row.optional_text()
    if place:
        message.parameters[place] = value
    message.thread = row.whole()
    return message


class _Kind(NamedTuple):
    """How a statement's rows are read and what may not come twice."""

    field: str
    columns: int
    parse: Callable[[Row], Any]
    identity: Callable[[Any], Hashable]


_RUNS = _Kind("runs", 9, _run, lambda row: row.key)
_PROGRESS = _Kind("progress", 12, _progress, lambda row: row.key)
_THREADS = _Kind("threads", 6, _threads, lambda row: (row.key, row.status))
_DETAILS = _Kind("thread_details", 11, _thread_detail, lambda row: (row.key, row.thread))
KINDS = {
    "runs": _RUNS,
    "runs_by_key": _RUNS,
    "history_runs": _RUNS,
    "progress": _PROGRESS,
    "progress_by_key": _PROGRESS,
    "history_progress": _PROGRESS,
    "threads": _THREADS,
    "threads_by_key": _THREADS,
    "history_threads": _THREADS,
    "thread_details": _DETAILS,
    "thread_details_by_key": _DETAILS,
    "submissions": _Kind("submissions", 10, _submission, lambda row: row.id),
    "imd": _Kind("imd", 4, _imd, lambda row: (row.business_object, row.status)),
}


class Collector:
    """Gather lines into a Snapshot; a line that does not fit raises UnexpectedRow."""

    def __init__(self, *, zone: ZoneInfo) -> None:
        self._zone = zone
        self._clock: datetime | None = None
        self._rows: dict[str, dict[Hashable, Any]] = {kind.field: {} for kind in KINDS.values()}
        self._messages: dict[Hashable, _Message] = {}
        self._taken = 0

    def take(self, line: Line) -> None:
        """Judge one line and keep what it says."""
        self._taken += 1
        name = str(line[0])
        if self._taken > MAX_ROWS:
            raise UnexpectedRow(f"{name}: more than {MAX_ROWS} rows")
        if name.startswith("clock_"):
            self._clock = Row(line, columns=1, zone=self._zone).moment()
        elif name == "messages":
            self._take_message(_message(Row(line, columns=12, zone=self._zone)))
        else:
            self._take_row(name, line)

    def snapshot(self, *, asked: Collection[RunKey]) -> Snapshot:
        """Return what was gathered; keys asked for and not found are missing."""
        if self._clock is None:
            raise UnexpectedRow("clock: no row, the source's clock is not known")
        runs = self._rows["runs"]
        return Snapshot(
            clock=self._clock,
            **{field: tuple(rows.values()) for field, rows in self._rows.items()},
            messages=tuple(message.composed() for message in self._messages.values()),
            missing=tuple(key for key in dict.fromkeys(asked) if key not in runs),
        )

    def _take_row(self, name: str, line: Line) -> None:
        kind = KINDS.get(name)
        if kind is None:
            raise UnexpectedRow(f"{name}: no statement that was asked")
        row = kind.parse(Row(line, columns=kind.columns, zone=self._zone))
        identity, rows = kind.identity(row), self._rows[kind.field]
        if identity in rows:
            raise UnexpectedRow(f"{name}: the same row twice: {line[1:]}")
        rows[identity] = row

    def _take_message(self, message: _Message) -> None:
        identity = (message.key, message.scheduler_id, message.sequence)
        known = self._messages.setdefault(identity, message)
        known.parameters.update(message.parameters)
