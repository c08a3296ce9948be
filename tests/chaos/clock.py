"""Let the clock of a host go wrong, as far as that is possible without its rights.

What is shifted is what Python asks in our processes: `timezone.now()`, by which Django and
django-q2 tell the time, and `time.time()`. The kernel's clock, and so PostgreSQL's, cannot be.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.utils import timezone

FILE_NAME = "clock-is-off-by"  # in the data folder
LOOK_EVERY_S = 0.2
Moment = TypeVar("Moment", bound=Any)
_time, _now = time.time, timezone.now


class Shift:
    """The seconds that a file says, looked at a few times a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looked_at = 0.0
        self._seconds = 0.0

    def seconds(self) -> float:
        if time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self._seconds = float(self._file.read_text() or 0) if self._file.exists() else 0.0
        return self._seconds


class Shifted(Generic[Moment]):
    """A clock that is off; not a function, which would become a method of a class that keeps it."""

    def __init__(self, clock: Callable[[], Moment], ahead: Callable[[], Any]) -> None:
        self._clock, self._ahead = clock, ahead

    def __call__(self) -> Moment:
        moment: Moment = self._clock() + self._ahead()
        return moment


def follow(file: Path) -> None:
    """Shift this process's clock by what stands in the file, from now on."""
    shift = Shift(file)
    time.time = Shifted(_time, shift.seconds)
    timezone.now = Shifted(_now, lambda: timedelta(seconds=shift.seconds()))
