"""Remove what is too old in many small transactions, a slice at a time, so that nobody waits."""

import time
from collections.abc import Callable, Iterable

# Then others get their turn; the rest follows by another bell.
SLICE_S = 5.0
Batch = Callable[[], int]


def go_through(batches: Iterable[Batch], *, for_s: float) -> bool:
    """Call each batch until it removes nothing; say whether that was done within `for_s`.

    Every batch is a transaction of its own, so it may stop anywhere and go on another time.
    """
    ends_at = time.monotonic() + for_s
    for batch in batches:
        while batch():
            if time.monotonic() > ends_at:
                return False
    return True
