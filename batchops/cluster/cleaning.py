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


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How much a slice of a clean-up removed, and whether it left nothing that was too old."""

    removed: int
    all_gone: bool


class CleanUpFor(Protocol):
    """Removes for about `for_s` seconds what is too old at `at`."""

    def __call__(self, at: datetime, /, *, for_s: float) -> Cleaned: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """How long one kind of rows is kept, and of when the oldest is; None: for ever, no row."""

    what: Promise
    time: timedelta | None
    oldest: datetime | date | None


def go_through(batches: Iterable[Batch], *, for_s: float) -> Cleaned:
    """Call each batch until it removes nothing, as long as that is done within `for_s`.

    Every batch is a transaction of its own, so it may stop anywhere and go on another time.
    """
    ends_at, removed = time.monotonic() + for_s, 0
    for batch in batches:
        while some := batch():
            removed += some
            if time.monotonic() > ends_at:
                return Cleaned(removed, all_gone=False)
    return Cleaned(removed, all_gone=True)


def clean_one_slice(name: str, clean_up: CleanUpFor, *, ring: Callable[[], None]) -> None:
    """Clean up for one slice, and ring for the next if something is left; one at a time.

    `name` is the lock that it holds, and under it stands what came of it.
    """
    with session_lock(name) as held:
        if not held:
            return
        at = database_now()
        cleaned = clean_up(at, for_s=SLICE_S)
        note(name, cleaned, at=at)
        if not cleaned.all_gone:
            ring()


def note(name: str, cleaned: Cleaned, *, at: datetime) -> None:
    """Write what the clean-up `name` came to at `at`.

    What slices removed one after the other, until nothing was left, counts together.
    """
    last = CleanUp.objects.filter(name=name).first() or CleanUp(name=name)
    if cleaned.removed:
        last.removed = cleaned.removed + (last.removed if last.goes_on else 0)
        last.removed_at = at
    last.ran_at = at
    if cleaned.all_gone:
        last.done_at = at
    last.save()


def clean_ups() -> dict[str, CleanUp]:
    """Return how each clean-up that ever ran stands, by name."""
    return {each.name: each for each in CleanUp.objects.all()}
