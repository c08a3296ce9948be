"""Remove what is too old in many small transactions, a slice at a time, so that nobody waits."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise

from batchops.models import CleanUp

# Then others get their turn; the rest follows by another bell.
SLICE_S = 5.0
Batch = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one kind of rows is kept, and of when the oldest is; None: for ever, no row."""

    what: Promise
    time: timedelta | None
    oldest: datetime | date | None


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


def note_done(name: str, *, at: datetime) -> None:
    """Write that the clean-up `name` left nothing at `at` that was too old."""
    CleanUp.objects.update_or_create(name=name, defaults={"done_at": at})


def last_done(name: str) -> datetime | None:
    """Return when the clean-up `name` was done last, None when it never was."""
    return CleanUp.objects.filter(name=name).values_list("done_at", flat=True).first()
