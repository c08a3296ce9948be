"""Wait for a condition instead of sleeping for a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LOOK_EVERY_S = 0.02


def wait_for(condition: Callable[[], Found], timeout_s: float, what: str) -> Found:
    """Call `condition` until it answers something true, and return that.

    :raises AssertionError: when `timeout_s` passed first; it names `what` and the last answer.
    """
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {timeout_s} s for {what}; the last answer was {found!r}.")
        time.sleep(LOOK_EVERY_S)
    return found
