"""Say what was seen of one thing, how it stands and what to do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum


class Mark(IntEnum):
    """How a thing stands, worst last; the worst of all is the command's exit code."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the answer: what was looked at, what was seen, and unless it is well what to do.

    Neither sentence holds a secret.
    """

    subject: str
    mark: Mark
    seen: str
    remedy: str = ""


Look = Callable[[], Sequence[Found]]


def ok(subject: str, seen: str) -> Found:
    """Say that a thing is well."""
    return Found(subject, Mark.OK, seen)


def warn(subject: str, seen: str, remedy: str) -> Found:
    """Say that somebody should look at a thing."""
    return Found(subject, Mark.WARN, seen, remedy)


def fail(subject: str, seen: str, remedy: str) -> Found:
    """Say that something does not work."""
    return Found(subject, Mark.FAIL, seen, remedy)


def span(seconds: float | timedelta) -> str:
    """Return a length of time as people say it: 8 s, 12 min, 3 h, 4 days."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    for size, word in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[word]:.0f} {word}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def size(count_bytes: float) -> str:
    """Return a size as people say it: 640 MB, 12.5 GB."""
    if count_bytes >= 1024**3:
        return f"{count_bytes / 1024**3:.1f} GB"
    return f"{count_bytes / 1024**2:.0f} MB"
