"""Let jobs go on at a known pace, by the engine's own moves, and note when."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

from django.db import connection

from jobs import lifecycle
from jobs.lifecycle import Lease, NewJob, Outcome

ACTOR = "system:load"


class Job:
    """One job of items that nobody but us does; `done` says when each was settled.

    The times are those at which the transaction began, so what is counted from them is a little
    too long rather than too short.
    """

    def __init__(self, items: int) -> None:
        title = f"Load {uuid4().hex[:8]}"
        new = NewJob(type="external", title=title, params={}, created_by=ACTOR, items=[{}] * items)
        self.id = lifecycle.create(new).pk
        self.done: list[float] = []
        self._lease: Lease | None = None
        self._left: list[int] = []

    def settle_one(self) -> None:
        """Settle one item; nothing happens when there is none left."""
        if self._lease is None:
            self._lease = lifecycle.claim_items(self.id, limit=10_000, worker="load")
            self._left = [item.id for item in self._lease.items] if self._lease else []
        if self._lease is None or len(self._left) < 2:
            return
        at = time.time()
        outcome = Outcome(self._left.pop(), "succeeded")
        lifecycle.settle(self._lease, [outcome], ends=False)
        self.done.append(at)


class Hand(threading.Thread):
    """Settle one item of each of some jobs `a_second` times a second, until told to end."""

    def __init__(self, jobs: list[Job], *, a_second: float) -> None:
        super().__init__(daemon=True)
        self._jobs = jobs
        self._pause_s = 1 / a_second / len(jobs)
        self._over = threading.Event()

    def run(self) -> None:
        turn, begun_at = 0, time.monotonic()
        while not self._over.wait(max(0.0, begun_at + turn * self._pause_s - time.monotonic())):
            self._jobs[turn % len(self._jobs)].settle_one()
            turn += 1
        connection.close()

    def end(self) -> None:
        self._over.set()
        self.join()
