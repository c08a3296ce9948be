"""Read CC&B from inside BatchOps: start the reader, wait no longer than allowed, judge its rows."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings

from batchops.ccb.errors import CcbError
from batchops.ccb.failures import failure, revived
from batchops.ccb.rows import Collector, Line, UnexpectedRow
from batchops.ccb.snapshot import RunKey, Snapshot
from batchops.ccb.source import Source, parse_source

CALL_TIMEOUT = timedelta(seconds=30)
# The reader's own alarm rings this much after our deadline: it is for when we are dead ourselves.
ALARM_AFTER = timedelta(seconds=5)
# All that the reader sees of our environment, so that no secret of ours is in its own.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}

Reader = subprocess.Popen[str]


def read_snapshot(
    *,
    since: datetime,
    details_since: datetime | None = None,
    keys: Collection[RunKey] = (),
    deadline: timedelta | None = None,
    url: str | None = None,
) -> Snapshot:
    """Return what CC&B holds now, all of it as of one moment, or nothing at all.

    Runs and submissions since the aware moment `since` (by the source's clock), everything open,
    and the runs in `keys` wherever they stand; those that are gone are in `missing`. Threads are
    told one by one for runs since `details_since` (`since` unless given), for open ones and for
    `keys`. `deadline` (settings.CCB_DEADLINE) is for all of it; `url` is settings.CCB_URL unless
    given.

    :raises CcbError: of the class and code that fit; nothing is tried twice.
    """
    request = {
        "task": "snapshot",
        "since": _local(since),
        "details_since": _local(details_since or since),
        "keys": [list(key) for key in keys],
    }
    return _collected(request, asked=keys, deadline=deadline, url=url)


def read_history(
    *,
    since: datetime,
    until: datetime,
    deadline: timedelta | None = None,
    url: str | None = None,
) -> Snapshot:
    """Return the runs that started from `since` up to `until`, as they stand now.

    Both are aware moments of the source's clock, `until` not included. Threads are counted by
    status, not told one by one; the submission queue and the measurements are not read.

    :raises CcbError: of the class and code that fit; nothing is tried twice.
    """
    request = {"task": "history", "since": _local(since), "until": _local(until)}
    return _collected(request, asked=(), deadline=deadline, url=url)


def read_checks(
    statements: Sequence[str], *, deadline: timedelta | None = None, url: str | None = None
) -> list[Line]:
    """Return the answer lines of the named check statements, as the reader writes them.

    A statement that was refused answers ["refused", name, code, sentence] and the next goes on.

    :raises CcbError: when the source cannot be reached or read at all.
    """
    source = parse_source(settings.CCB_URL if url is None else url)
    request = {"task": "checks", "statements": list(statements)}
    with closing(read_lines(source, request, deadline=deadline)) as lines, named(source):
        return list(lines)


def read_lines(
    source: Source, request: dict[str, Any], *, deadline: timedelta | None = None
) -> Generator[Line, None, None]:
    """Yield what the reader writes, line by line, but for its last, which is judged here.

    However far back the request reaches, no more than a line is held in memory.

    :raises CcbError: what the reader reported, CcbTimeout at the deadline, CcbBroken when it
        ended in the middle.
    :raises UnexpectedRow: when a line is not what the reader writes.
    """
    limit = settings.CCB_DEADLINE if deadline is None else deadline
    counts: Counter[str] = Counter()
    last: Line = [""]
    with _reader(limit) as (process, late):
        _send(process, _common(source, limit) | request)
        with suppress(orjson.JSONDecodeError):  # only a reader that was ended leaves half a line
            for text in process.stdout or ():
                last = orjson.loads(text)
                if last[0] in {"end", "failure"}:
                    break
                counts[last[0]] += 1
                yield last
        _judge(last, counts, source, ended=_how_it_ended(process, late))


def _collected(
    request: dict[str, Any],
    *,
    asked: Collection[RunKey],
    deadline: timedelta | None,
    url: str | None,
) -> Snapshot:
    source = parse_source(settings.CCB_URL if url is None else url)
    collector = Collector(zone=settings.SITE_ZONE)
    with closing(read_lines(source, request, deadline=deadline)) as lines, named(source):
        for line in lines:
            collector.take(line)
        return collector.snapshot(asked=asked)


def _local(moment: datetime) -> str:
    """Return a moment as CC&B's columns hold it: the site's wall clock, whole seconds."""
    return moment.astimezone(settings.SITE_ZONE).replace(tzinfo=None, microsecond=0).isoformat()


@contextmanager
def named(source: Source) -> Iterator[None]:
    """Let a row that does not fit be told as an error of its source."""
    try:
        yield
    except UnexpectedRow as error:
        raise failure("ccb_unexpected_rows", source, str(error)) from None


def _common(source: Source, limit: timedelta) -> dict[str, Any]:
    return {
        "url": source.url,
        "schema": settings.CCB_SCHEMA,
        "language": settings.CCB_LANGUAGE,
        "zone": settings.SITE_TIME_ZONE,
        "call_timeout_s": min(CALL_TIMEOUT, limit).total_seconds(),
        "deadline_s": (limit + ALARM_AFTER).total_seconds(),
    }


@contextmanager
def _reader(limit: timedelta) -> Iterator[tuple[Reader, threading.Event]]:
    """Start the reader in a process group of its own and end that group at the limit."""
    late = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-m", "batchops.ccb.read"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=settings.BASE_DIR,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        timer = threading.Timer(limit.total_seconds(), _end, [process, late])
        timer.daemon = True
        timer.start()
        try:
            yield process, late
        finally:
            timer.cancel()
            timer.join()
            _end(process)


def _end(process: Reader, late: threading.Event | None = None) -> None:
    if late:
        late.set()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _send(process: Reader, request: dict[str, Any]) -> None:
    # A reader that is gone already is judged by how it ended.
    with suppress(BrokenPipeError):
        if process.stdin:
            process.stdin.write(json.dumps(request))
            process.stdin.close()


def _how_it_ended(process: Reader, late: threading.Event) -> str:
    code = process.wait()
    if late.is_set():
        return "late"
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _judge(last: Line, counts: Counter[str], source: Source, *, ended: str) -> None:
    if last[0] == "end":
        if dict(counts) != last[1]:
            raise UnexpectedRow("the reader wrote other rows than it counted")
    elif last[0] == "failure":
        raise revived(last[1], last[2])
    else:
        raise _unfinished(source, ended)


def _unfinished(source: Source, ended: str) -> CcbError:
    if ended == "late":
        return failure("ccb_deadline", source)
    if ended in {f"signal {crash.value}" for crash in CRASHES}:
        return failure("ccb_garbage", source, f"the driver crashed on it, {ended}")
    return failure("ccb_reader_died", source, ended)
