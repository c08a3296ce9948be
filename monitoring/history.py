"""Import older runs from CC&B, so that what is usual is known from the first day."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings

from batchops.ccb.client import read_history
from batchops.ccb.errors import CcbLoginRefused
from batchops.db import database_now, session_lock
from monitoring import lifecycle, queries
from monitoring.errors import CircuitOpen, ImportRunning
from monitoring.lifecycle import Asked
from monitoring.models import HistoryImport
from monitoring.poll import LOCK as POLL_LOCK

LOCK = "monitoring.history"
CHUNK = timedelta(days=7)
LOOK_AGAIN_S = 0.5

Tell = Callable[[HistoryImport], None]


def import_history(*, days: int, actor: str, tell: Tell) -> HistoryImport:
    """Read the runs of the last `days` business days, going on where a stopped import was.

    A week at a time, newest first, between polls and never during one. `tell` is called with the
    import as it stands at the beginning and after each week. What is known already is not stored
    twice, so it may be asked for again at any time.

    :raises ImportRunning: when another process is at it.
    :raises CircuitOpen: when CC&B refused our login and nobody said "try again".
    :raises CcbError: when CC&B cannot be read; what was stored stays.
    """
    with session_lock(LOCK) as held:
        if not held:
            raise ImportRunning("Another process imports history at this moment.")
        at = database_now()
        clock = queries.freshness(at).source_now
        running = lifecycle.begin_import(days=days, clock=clock, at=at, actor=actor)
        tell(running)
        while running.finished_at is None:
            running = _chunk(running)
            tell(running)
        return running


def _chunk(running: HistoryImport) -> HistoryImport:
    since = max(running.since, running.reached_at - CHUNK)
    with _between_polls():
        if queries.source().circuit_opened_at:
            raise CircuitOpen(
                "CC&B refused our login, and another try could lock the account. Mend the "
                "account or CCB_URL, then press Try again on the page Runs and import again."
            )
        try:
            snapshot = read_history(
                since=since, until=running.reached_at, deadline=settings.CCB_DEADLINE
            )
        except CcbLoginRefused as error:
            at = database_now()
            asked = Asked(None, running.asked_by, at)
            lifecycle.record_failed_poll(error, asked=asked, at=at)
            raise
        return lifecycle.store_chunk(snapshot, running, since=since, at=database_now())


@contextmanager
def _between_polls() -> Iterator[None]:
    """Wait until no poll runs, and keep polls waiting meanwhile."""
    while True:
        with session_lock(POLL_LOCK) as held:
            if held:
                yield
                return
        time.sleep(LOOK_AGAIN_S)
