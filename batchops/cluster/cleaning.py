"""Remove what is too old in many small transactions, a slice at a time, so that nobody waits."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from django.utils.functional import Promise

from batchops.db import database_now, session_lock
from batchops.models import CleanUp

# Then others get their turn; the rest follows by another bell.
SLICE_S = 5.0
Batch = Callable[[], int]


class CleanUpFor(Protocol):
    """Removes for about `for_s` seconds what is too old at `at`; says whether all of it is gone."""

    def __call__(self, at: datetime, /, *, for_s: float) -> bool: ...


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


def clean_one_slice(name: str, clean_up: CleanUpFor, *, ring: Callable[[], None]) -> None:
    """Clean up for one slice, and ring for the next if something is left; one at a time.

    `name` is the lock that it holds, and under it stands when nothing was left.
    """
    with session_lock(name) as held:
        if not held:
            return
        at = database_now()
        if clean_up(at, for_s=SLICE_S):
            note_done(name, at=at)
        else:
            ring()


def note_done(name: str, *, at: datetime) -> None:
    """Write that the clean-up `name` left nothing at `at` that was too old."""
    CleanUp.objects.update_or_create(name=name, defaults={"done_at": at})


def last_done(name: str) -> datetime | None:
    """Return when the clean-up `name` was done last, None when it never was."""
    return CleanUp.objects.filter(name=name).values_list("done_at", flat=True).first()
