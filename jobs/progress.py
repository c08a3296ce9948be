"""Let the code of an item say how far it is, and ask whether it should stop.

Both functions are for `run_item` and `run_chunk`, in the thread that was called; anywhere else
`report` does nothing and `cancel_wished` answers False, so a type's code also runs by itself.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NOTE_LENGTH = 200
# The greatest whole number that a browser can show.
NUMBER_MAX = 2**53 - 1

_here = threading.local()


@dataclass(frozen=True, slots=True)
class Reading:
    """How far an item is: `done` of `total`, None when nobody knows the total."""

    done: int
    total: int | None
    note: str


class Gauge:
    """What the item at work says of itself; its worker's heartbeat reads and shows it."""

    def __init__(self, is_cancel_wished: Callable[[], bool]) -> None:
        self.is_cancel_wished = is_cancel_wished
        self.reading: Reading | None = None


def report(done: float, total: float | None, note: str = "") -> None:
    """Show on the job's page how far the item is: `done` of `total`, in any unit, and a note.

    Call it as often as you like, it costs microseconds; screens get it at most every 250 ms.
    What is shown never goes back within one item: numbers below those already reported are
    ignored, also when a greater total would lower the share; the note is shown all the same.
    It is cut after 200 characters, and everyone who may see jobs reads it: no personal data.
    """
    gauge: Gauge | None = getattr(_here, "gauge", None)
    if gauge is not None:
        gauge.reading = _forward(gauge.reading, Reading(_whole(done), _total(total), _text(note)))


def cancel_wished() -> bool:
    """Say whether the item should stop, because its job is cancelled or its lease was lost.

    A long item asks now and then and, if so, leaves things as they were and raises
    `ItemCancelled`; then it counts as cancelled. One that goes on to its end counts as done.
    The answer is at most some seconds old; asking costs less than a microsecond.
    """
    gauge: Gauge | None = getattr(_here, "gauge", None)
    return gauge is not None and gauge.is_cancel_wished()


@contextmanager
def shown_by(gauge: Gauge) -> Iterator[None]:
    """Let what this thread reports go to `gauge`."""
    _here.gauge = gauge
    try:
        yield
    finally:
        _here.gauge = None


def _forward(before: Reading | None, new: Reading) -> Reading:
    if before is None or not _goes_back(before, new):
        return new
    return Reading(before.done, before.total, new.note)


def _goes_back(before: Reading, new: Reading) -> bool:
    if before.total is None:
        return new.done < before.done
    return (
        new.total is None
        or new.done < before.done
        or new.done * before.total < before.done * new.total
    )


def _total(number: float | None) -> int | None:
    return _whole(number) or None


def _whole(number: float | None) -> int:
    """Return a number that can be stored and shown, whatever a type computed."""
    try:
        return max(0, min(int(number or 0), NUMBER_MAX))
    except OverflowError:  # infinite
        return NUMBER_MAX if number == float("inf") else 0
    except (TypeError, ValueError):
        return 0


def _text(note: object) -> str:
    """Return a note that can be stored and shown, whatever bytes a type read it from."""
    text = str(note).replace("\x00", "").encode("utf-8", "replace").decode()
    return text[:NOTE_LENGTH]
