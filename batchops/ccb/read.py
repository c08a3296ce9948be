"""Read CC&B once, in a process of its own: `python -m batchops.ccb.read`; no Django in here.

The driver can hang for ever on a silent peer and even crash on garbage (docs/oracle.md), so it
lives in a process that can be killed. One JSON request comes in on stdin, the password in it;
each row goes out as one JSON line [statement, *columns]; the last line is ["end", counts] or
["failure", code, sentence].
"""

import json
import signal
import sys
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import islice
from time import monotonic
from typing import Any, Protocol

import orjson

from batchops.ccb.errors import CcbError
from batchops.ccb.failures import failure
from batchops.ccb.selects import parse_question
from batchops.ccb.source import Source, parse_source
from batchops.ccb.statements import KEYS_A_STATEMENT, Statement, statement

FAILED = "30"
# More rows than this for one set of binds are not read.
ANSWERS_MOST = 20
EXIT_FAILED = 3

Key = tuple[str, int, int]
Row = tuple[Any, ...]


class Connection(Protocol):
    """What both drivers offer."""

    def begin(self) -> None: ...
    def rows(
        self, statement: Statement, binds: Mapping[str, Any], /
    ) -> Generator[Row, None, None]: ...
    def end(self) -> None: ...
    def close(self) -> None: ...


class Reading:
    """One read-only view of CC&B, asked statement by statement, its rows written as they come."""

    def __init__(self, connection: Connection, *, language: str, **binds: datetime) -> None:
        self._connection = connection
        self._binds: dict[str, Any] = {"language_cd": language, **binds}
        self.counts: Counter[str] = Counter()

    def ask(self, name: str, **binds: Any) -> Iterator[Row]:
        """Write out each row of a statement and yield it."""
        asked = statement(name)
        known = self._binds | binds
        needed = {bind: known[bind] for bind in asked.binds}
        for row in self._connection.rows(asked, needed):
            cells = tuple(plain(cell) for cell in row)
            write([name, *cells])
            self.counts[name] += 1
            yield cells

    def tell(self, name: str, **binds: Any) -> None:
        """Write out all rows of a statement."""
        for _ in self.ask(name, **binds):
            pass


def main() -> int:
    """Do what the request on stdin asks; 0 when the last line is an end, 3 when a failure."""
    request = json.load(sys.stdin)
    # Should whoever started us die, nobody would end us: the kernel does, Python or not.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, request["deadline_s"])
    try:
        source = parse_source(request["url"])
        with closing(connect(source, request)) as connection:
            TASKS[request["task"]](connection, source, request)
    except CcbError as error:
        write(["failure", error.code, error.message])
        return EXIT_FAILED
    finally:
        sys.stdout.flush()
    return 0


def connect(source: Source, request: Mapping[str, Any]) -> Connection:
    """Log in with the driver of the source; the other driver is not even loaded."""
    wanted = {name: request[name] for name in ("call_timeout_s", "schema", "zone")}
    if source.dialect == "oracle":
        from batchops.ccb import oracle

        return oracle.connect(source, **wanted)
    from batchops.ccb import postgresql

    return postgresql.connect(source, **wanted)


def read_snapshot(connection: Connection, source: Source, request: Mapping[str, Any]) -> None:
    """Write everything a poll needs, all of it as it stood at one moment."""
    reading = Reading(
        connection, language=request["language"], **_moments(request, "since", "details_since")
    )
    connection.begin()
    reading.tell(f"clock_{source.clock}")
    wanted: set[Key] = {(code, number, rerun) for code, number, rerun in request["keys"]}
    failed = _read_runs(reading, wanted)
    for name in ("progress", "threads", "submissions", "imd"):
        reading.tell(name)
    _tell_messages(reading, failed)
    connection.end()
    write(["end", reading.counts])


def read_history(connection: Connection, source: Source, request: Mapping[str, Any]) -> None:
    """Write the runs that started in a span of the past, as they stand at one moment."""
    reading = Reading(
        connection, language=request["language"], **_moments(request, "since", "until")
    )
    connection.begin()
    reading.tell(f"clock_{source.clock}")
    failed = {_key(row) for row in reading.ask("history_runs") if row[3] == FAILED}
    for name in ("history_progress", "history_threads"):
        reading.tell(name)
    _tell_messages(reading, failed)
    connection.end()
    write(["end", reading.counts])


def _moments(request: Mapping[str, Any], *names: str) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(request[name]) for name in names}


def _read_runs(reading: Reading, wanted: set[Key]) -> set[Key]:
    """Write recent runs and their threads, then those of `wanted` that are not among them.

    Return the runs that failed, or of which a thread did: of these the messages are wanted.
    """
    failed = set()
    for row in reading.ask("runs"):
        wanted.discard(_key(row))
        if row[3] == FAILED:
            failed.add(_key(row))
    failed |= {_key(row) for row in reading.ask("thread_details") if row[4] == FAILED}
    for keys in _by_twenty(sorted(wanted)):
        binds = _key_binds(keys)
        failed |= {_key(row) for row in reading.ask("runs_by_key", **binds) if row[3] == FAILED}
        for name in ("progress_by_key", "threads_by_key", "thread_details_by_key"):
            reading.tell(name, **binds)
    return failed


def _tell_messages(reading: Reading, failed: set[Key]) -> None:
    for code, number, rerun in sorted(failed):
        reading.tell("messages", batch_cd=code, batch_nbr=number, rerun_nbr=rerun)


def _key(row: Row) -> Key:
    code, number, rerun = row[:3]
    return code, number, rerun


def _by_twenty(keys: list[Key]) -> Iterator[list[Key]]:
    for start in range(0, len(keys), KEYS_A_STATEMENT):
        yield keys[start : start + KEYS_A_STATEMENT]


def _key_binds(keys: list[Key]) -> dict[str, Any]:
    """Fill the 20 places of a by-key statement; what is left over repeats the first key."""
    places = keys + keys[:1] * (KEYS_A_STATEMENT - len(keys))
    binds: dict[str, Any] = {}
    for place, (code, number, rerun) in enumerate(places, start=1):
        binds[f"batch_cd_{place:02}"] = code
        binds[f"batch_nbr_{place:02}"] = number
        binds[f"rerun_nbr_{place:02}"] = rerun
    return binds


def run_checks(connection: Connection, source: Source, request: Mapping[str, Any]) -> None:
    """Write the rows of each asked statement; one that fails says so and the others go on."""
    reading = Reading(connection, language=request["language"])
    for name in request["statements"]:
        try:
            connection.begin()
            reading.tell(name)
        except CcbError as error:
            write(["refused", name, error.code, error.message])
            reading.counts["refused"] += 1
        finally:
            connection.end()
    write(["end", reading.counts])


def read_bill_stop(connection: Connection, source: Source, request: Mapping[str, Any]) -> None:
    """Write the source's clock and one range of agreements, both as of one moment.

    The limit of a call is that of all its rows too, though they come in many round trips.
    """
    reading = Reading(connection, since=datetime.min, language=request["language"])  # noqa: DTZ901
    connection.begin()
    reading.tell(f"clock_{source.clock}")
    ends_at = monotonic() + request["call_timeout_s"]
    for _ in reading.ask("bill_stop", **request["binds"]):
        if monotonic() > ends_at:
            raise failure("ccb_call_timeout", source)
    connection.end()
    write(["end", reading.counts])


def ask_all(connection: Connection, source: Source, request: Mapping[str, Any]) -> None:
    """Write what a question of the site answers for each set of binds, as of one moment.

    A set that is refused says so, and the others go on.
    """
    question = parse_question(request["question"])
    counts: Counter[str] = Counter()
    connection.begin()
    for number, binds in enumerate(request["binds"]):
        try:
            with closing(connection.rows(question.statement, binds)) as rows:
                first = list(islice(rows, ANSWERS_MOST))
            answers = [["answer", number, *map(shown, row)] for row in first]
        except CcbError as error:
            answers = [["refused", number, error.code, error.message]]
            connection.end()
            connection.begin()
        for answer in answers:
            write(answer)
            counts[str(answer[0])] += 1
    connection.end()
    write(["end", counts])


def shown(cell: Any) -> str | None:
    """Return a cell as people read it: numbers with their decimals, dates without a midnight."""
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return None if cell is None else str(cell).rstrip()


TASKS = {
    "snapshot": read_snapshot,
    "history": read_history,
    "checks": run_checks,
    "bill_stop": read_bill_stop,
    "ask": ask_all,
}


def plain(cell: Any) -> str | int | float | None:
    """Return a cell as JSON knows it: blanks of CHAR cut off, numbers whole, times as ISO text."""
    if isinstance(cell, str):
        return cell.rstrip()
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, (Decimal, float)):
        return int(cell)
    if cell is None or isinstance(cell, int):
        return cell
    return str(cell)


def write(line: list[Any]) -> None:
    """Write one line of the answer."""
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    sys.exit(main())
