"""Write log records so that nothing in them can forge another one or drive a terminal."""

import logging

from batchops.texts import escaped

INDENT = "    "


class Lines(logging.Formatter):
    """Keep a record's message to one line, and the lines of its trace indented below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escaped(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802
        return _indented(super().formatException(ei))  # type: ignore[arg-type]

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _indented(super().formatStack(stack_info))


def _indented(text: str) -> str:
    return "\n".join(INDENT + escaped(line) for line in text.split("\n"))
