"""Do the items of one leased chunk and settle them, watched by the heartbeat's thread."""

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from jobs import lifecycle, progress, states
from jobs.errors import (
    DATABASE_AWAY,
    ERROR_LENGTH,
    ItemCancelled,
    ItemFailed,
    ItemRefused,
    LostClaim,
    in_words,
)
from jobs.heartbeat import EXIT_OVERDUE, Held
from jobs.lifecycle import Lease, Outcome, WorkItem
from jobs.registry import JobType, Result

log = logging.getLogger("jobs.chunk")

# How long a chunk should take. One that takes several times as long was leased for short items
# and met long ones: the rest is given back, so that other workers begin it.
CHUNK_TIME = timedelta(milliseconds=200)
LONGEST_S = 5 * CHUNK_TIME.total_seconds()
LONGEST_WAIT = timedelta(days=30)
NOT_WISHED = "It ended itself as cancelled, but nobody wished to cancel its job."
SHOW_EVERY_S = 0.25
# An item that takes longer is named by its claim, so that screens can tell it from those that wait
# in its worker's hand.
LASTING_S = 0.5
SETTLE_PAUSES_S = (0.1, 0.5, 2.0)
# A NUL in the text of a JSON value, not a backslash that somebody wrote before "u0000".
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class Chunk(Held):
    """One chunk at work. Each method holds the lock: two threads settle the same outcomes."""

    def __init__(self, lease: Lease, job_type: JobType) -> None:
        super().__init__(lease)
        self.stopped = lease.job.cancel_requested_at is not None
        self._type = job_type
        limit = job_type.item_limit if job_type.run_chunk is None else job_type.chunk_limit
        self._limit_s = limit.total_seconds()
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []
        self._settled_at = time.monotonic()
        self._begun = 0
        self._began_at = 0.0
        self._current: WorkItem | None = None
        self._gauge = progress.Gauge(lambda: self.stopped)
        self._shown: tuple[int, progress.Reading | None] | None = None
        self._shown_at = -SHOW_EVERY_S

    def run(self, *, is_over: Callable[[], bool]) -> None:
        """Do the items until the slice `is_over`, a cancel is seen or they take too long together.

        Those not begun by then are given back.

        :raises LostClaim: when the lease was taken away, and with it the right to report.
        """
        work = self._one_by_one(is_over) if self._type.run_chunk is None else self._at_once()
        with progress.shown_by(self._gauge):
            for outcome in work:
                self._end(outcome)
        with self._lock:
            self._settle_patiently(ends=True)

    def _one_by_one(self, is_over: Callable[[], bool]) -> Iterator[Outcome]:
        ends_at = time.monotonic() + LONGEST_S
        for item in self.lease.items:
            if self.stopped or is_over() or time.monotonic() >= ends_at:
                return
            self._begin(item)
            yield self._checked(do_item(self._type, self.lease, item))

    def _at_once(self) -> Iterator[Outcome]:
        if self.stopped:
            return
        self._begin(self.lease.items[0])
        self._begun = len(self.lease.items)
        yield from map(self._checked, do_chunk(self._type, self.lease))

    def _checked(self, outcome: Outcome) -> Outcome:
        """Let no item end cancelled, nor its job with it, when nobody wished that."""
        if outcome.state == states.CANCELLED and not self.stopped:
            return replace(outcome, state=states.FAILED, error=NOT_WISHED)
        return outcome

    def _begin(self, item: WorkItem) -> None:
        with self._lock:
            self._begun += 1
            self._current, self._began_at = item, time.monotonic()
            self._gauge.reading = None

    def _end(self, outcome: Outcome) -> None:
        with self._lock:
            self._current = None
            self._keep(outcome)
            if self._begun < len(self.lease.items):  # else all is settled at once, with the lease
                self._settle_if_due()

    def _keep(self, outcome: Outcome) -> None:
        outcome.began_at, outcome.ended_at = self._began_at, time.monotonic()
        self._outcomes.append(outcome)

    def beat(self) -> None:
        """End an item that is over its limit, lease or no lease; else settle and renew."""
        with self._lock:
            if self._current is not None and self._is_overdue():
                self._end_process(self._current)
            if not self.lost:
                self._settle_if_due()
                self._show_progress()
        super().beat()

    def _show_progress(self) -> None:
        """Write down which item is at work, if it lasts, and what it reports of itself.

        Only if that is news, and not too often.
        """
        item, reading, now = self._current, self._gauge.reading, time.monotonic()
        worked_s = now - self._began_at
        if item is None or (reading is None and worked_s < LASTING_S):
            return
        if (item.id, reading) == self._shown or now - self._shown_at < SHOW_EVERY_S:
            return
        wished = lifecycle.show_progress(
            self.lease,
            reading,
            item_id=item.id if self._type.run_chunk is None else None,
            worked_for=timedelta(seconds=worked_s),
        )
        self.stopped = self.stopped or wished
        self._shown, self._shown_at = (item.id, reading), now

    def _is_overdue(self) -> bool:
        return time.monotonic() - self._began_at > self._limit_s

    def _end_process(self, item: WorkItem) -> None:
        log.error("item over its limit job=%s item=%d", self.lease.job.pk, item.id)
        try:
            # Of items done at once nobody knows which one hangs: the end of the lease makes
            # them suspect, and alone it shows.
            if self._type.run_chunk is None or len(self.lease.items) == 1:
                self._keep(self._overdue(item))
                self._settle_patiently(ends=True)
        finally:
            os._exit(EXIT_OVERDUE)

    def _overdue(self, item: WorkItem) -> Outcome:
        error = f"It ran longer than the {self._limit_s:g} s an item of this type may take."
        return Outcome(item.id, states.FAILED, error=error)

    def _settle_if_due(self) -> None:
        waited_s = time.monotonic() - self._settled_at
        if self._outcomes and waited_s >= settings.JOBS_SETTLE_INTERVAL.total_seconds():
            self._settle_patiently(ends=False)

    def _settle_patiently(self, *, ends: bool) -> None:
        """Settle, and try again when the database was away for a moment."""
        for number, pause_s in enumerate(SETTLE_PAUSES_S):
            try:
                return self._settle(ends=ends, repeated=number > 0)
            except DATABASE_AWAY as error:
                log.warning("settle is tried again job=%s: %s", self.lease.job.pk, error)
                connection.close()
                time.sleep(pause_s)
        return self._settle(ends=ends, repeated=True)

    def _settle(self, *, ends: bool, repeated: bool) -> None:
        unbegun = [item.id for item in self.lease.items[self._begun :]] if ends else []
        if self._outcomes or unbegun:
            try:
                settled = lifecycle.settle(
                    self.lease, self._outcomes, ends=ends, unbegun=unbegun, repeated=repeated
                )
            except LostClaim:
                self.lost = True  # else the heartbeat, which waits to beat, reports it once more
                raise
            self.stopped = self.stopped or settled.cancel_wished
            self._outcomes = []
            self._settled_at = time.monotonic()
        elif ends:
            lifecycle.release(self.lease)


def do_item(job_type: JobType, lease: Lease, item: WorkItem) -> Outcome:
    """Do one item; whatever its type raises becomes its outcome."""
    try:
        return _success(item, job_type.run_item(lease.job, item))
    except Exception as error:  # noqa: BLE001 (an item's error is stored with the item)
        return _failure(job_type, item, error)


def do_chunk(job_type: JobType, lease: Lease) -> list[Outcome]:
    """Do all items of a lease in one call of a type that wants them together."""
    assert job_type.run_chunk is not None
    try:
        results = list(job_type.run_chunk(lease.job, lease.items))
        if len(results) != len(lease.items):
            raise ItemFailed(
                f"The type returned {len(results)} results for {len(lease.items)} items."
            )
    except Exception as error:  # noqa: BLE001 (an item's error is stored with the item)
        return [_failure(job_type, item, error) for item in lease.items]
    pairs = zip(lease.items, results, strict=True)
    return [_outcome(job_type, item, result) for item, result in pairs]


def _outcome(job_type: JobType, item: WorkItem, result: Result | Exception) -> Outcome:
    if isinstance(result, Exception):
        return _failure(job_type, item, result)
    try:
        return _success(item, result)
    except ItemFailed as error:
        return _failure(job_type, item, error)


def _success(item: WorkItem, result: Result) -> Outcome:
    if result is not None:
        check_storable(result)
    return Outcome(item.id, states.SUCCEEDED, result)


def _failure(job_type: JobType, item: WorkItem, error: Exception) -> Outcome:
    message = in_words(error)
    if isinstance(error, ItemCancelled):
        return Outcome(item.id, states.CANCELLED, error=message)
    if isinstance(error, ItemRefused) or item.attempt >= job_type.max_attempts:
        return Outcome(item.id, states.FAILED, _found(error), error=message)
    try:
        wait = job_type.backoff(item.attempt)
        if not timedelta(0) <= wait <= LONGEST_WAIT:
            raise ValueError(f"{wait} is not between 0 and {LONGEST_WAIT.days} days")
    except Exception as fault:  # noqa: BLE001 (a type's fault costs its item, not its neighbours)
        message += f" Its type cannot say when to try again: {in_words(fault)}"
        return Outcome(item.id, states.FAILED, error=message[:ERROR_LENGTH])
    return Outcome(item.id, states.PENDING, error=message, retry_after=wait)


def _found(error: Exception) -> Result:
    """Return what a failed item found all the same, if that can be stored."""
    found = error.found if isinstance(error, ItemFailed) else None
    with suppress(ItemFailed):
        check_storable(found)
        return found
    return None


def check_storable(result: Any) -> None:
    """See that PostgreSQL can store an item's result.

    :raises ItemFailed: when it cannot; one such result must not spoil the others of its chunk.
    """
    try:
        text = json.dumps(result, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ItemFailed(f"The item's result cannot be stored as JSON: {error}") from error
    if ESCAPED_NUL.search(text):
        raise ItemFailed("The item's result cannot be stored: it holds a NUL character.")
