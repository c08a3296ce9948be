"""Stand in for the reader of CC&B in tests of what is done with a reading."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from batchops.ccb.errors import CcbError
from batchops.ccb.snapshot import (
    ImdRow,
    MessageRow,
    ProgressRow,
    RunKey,
    RunRow,
    Snapshot,
    SubmissionRow,
    ThreadDetailRow,
)

# The business day in Dhaka, which begins at 23:00 UTC; and its 05:30: the first poll goes back from
# our clock, so CC&B's must be near it.
TODAY = (datetime.now(UTC) + timedelta(hours=1)).date()
START = datetime.combine(TODAY, time(23, 30), tzinfo=UTC) - timedelta(days=1)


@dataclass
class FakeCcb:
    """Hold runs as CC&B would, and answer readings of them; `failing` makes a reading fail."""

    clock: datetime = START
    runs: dict[RunKey, RunRow] = field(default_factory=dict)
    progress: dict[RunKey, ProgressRow] = field(default_factory=dict)
    messages: list[MessageRow] = field(default_factory=list)
    submissions: list[SubmissionRow] = field(default_factory=list)
    thread_details: list[ThreadDetailRow] = field(default_factory=list)
    imd: int | None = 0
    failing: CcbError | Exception | None = None
    asked: list[Collection[RunKey]] = field(default_factory=list)

    def run(self, code: str, nbr: int = 1, *, status: str = "20", **values: Any) -> RunKey:
        key = RunKey(code, nbr, 0)
        row = self.runs.get(key) or RunRow(key, "10", None, False, 1, self.clock, None)
        self.runs[key] = replace(row, run_status=status, version=row.version + 1, **values)
        return key

    def fail(self, code: str, nbr: int = 1, text: str = "ORA-12545 Connection timeout") -> RunKey:
        key = self.run(code, nbr, status="30", ended_at=self.clock)
        sequence = len(self.messages)
        self.messages.append(MessageRow(key, 7, sequence, 11, 1, "30", text, 1))
        return key

    def complete(self, code: str, nbr: int = 1, **values: Any) -> RunKey:
        return self.run(code, nbr, status="40", **({"ended_at": self.clock} | values))

    def count(self, key: RunKey, records: int, *, errors: int = 0, threads: int = 4) -> None:
        self.progress[key] = ProgressRow(
            key, threads, threads, records, errors, records, threads, self.clock, self.clock, None
        )

    def purge(self, key: RunKey) -> None:
        del self.runs[key]

    def advance(self, **passed: float) -> None:
        self.clock += timedelta(**passed)

    def read_snapshot(
        self,
        *,
        since: datetime,
        keys: Collection[RunKey],
        deadline: timedelta,
        details_since: datetime | None = None,
    ) -> Snapshot:
        self.asked.append(keys)
        if self.failing is not None:
            raise self.failing
        rows = [row for row in self.runs.values() if self._is_read(row, since, keys)]
        read = {row.key for row in rows}
        imd = () if self.imd is None else (ImdRow("D1-Reading", "PENDING", self.imd, None),)
        return Snapshot(
            clock=self.clock,
            runs=tuple(rows),
            progress=tuple(p for key, p in self.progress.items() if key in read),
            submissions=tuple(self.submissions),
            thread_details=tuple(t for t in self.thread_details if t.key in read),
            messages=tuple(m for m in self.messages if m.key in read),
            imd=imd,
            missing=tuple(key for key in keys if key not in self.runs),
        )

    def read_history(self, *, since: datetime, until: datetime, deadline: timedelta) -> Snapshot:
        if self.failing is not None:
            raise self.failing
        rows = tuple(
            r for r in self.runs.values() if r.started_at and since <= r.started_at < until
        )
        read = {row.key for row in rows}
        progress = tuple(p for key, p in self.progress.items() if key in read)
        return Snapshot(clock=self.clock, runs=rows, progress=progress)

    @staticmethod
    def _is_read(row: RunRow, since: datetime, keys: Collection[RunKey]) -> bool:
        return (
            row.run_status in {"10", "20"}
            or (row.started_at is not None and row.started_at >= since)
            or (row.ended_at is not None and row.ended_at >= since)
            or row.key in keys
        )
