"""Write log records so that none can forge another one, drive a terminal or tell secrets.

As lines for people, or as one JSON object a line for whatever collects them, which says to which
request or job it belongs.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from batchops.texts import escaped, redacted

INDENT = "    "
# How messages about a job name it.
NAMED_JOB = re.compile(r"\bjob=(\w+)")
_subject: ContextVar[Mapping[str, str]] = ContextVar("subject", default=MappingProxyType({}))


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Let whatever is logged meanwhile bear these ids, such as `request_id` or `job_id`."""
    token = _subject.set({**_subject.get(), **ids})
    try:
        yield
    finally:
        _subject.reset(token)


def now_about(**ids: str) -> None:
    """Let whatever this task or thread logs from now on bear these ids and no others."""
    _subject.set(ids)


class Lines(logging.Formatter):
    """Keep a record's message to one line, and the lines of its trace indented below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escaped(redacted(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _indented(super().formatStack(stack_info))


class JsonLines(logging.Formatter):
    """Write a record as one JSON object on one line, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        message = _message(record)
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            **_subject.get(),
            "message": redacted(message),
        }
        if named := NAMED_JOB.search(message):
            told["job_id"] = named[1]
        if record.exc_info:
            told["trace"] = redacted(self.formatException(record.exc_info))
        if record.stack_info:
            told["stack"] = redacted(record.stack_info)
        return json.dumps(told)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # its arguments do not fit; it is no less worth
        return f"{record.msg} {record.args}"


def _indented(text: str) -> str:
    return "\n".join(INDENT + escaped(line) for line in redacted(text).split("\n"))
