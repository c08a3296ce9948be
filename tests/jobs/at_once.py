"""Let calls meet: in threads and on connections that are kept from one meeting to the next."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, connections

from batchops.errors import BatchOpsError


class Meeting:
    """Threads that stay, so that a meeting takes milliseconds; `end` closes their connections."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(8)
        self._at_most = 0

    def of(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make the calls at the same moment; errors are answers."""
        self._at_most = max(self._at_most, len(calls))
        barrier = Barrier(len(calls))

        def call(one: Callable[[], Any]) -> Any:
            connection.ensure_connection()
            barrier.wait()
            try:
                return one()
            except BatchOpsError as error:
                return error

        return list(self._threads.map(call, calls))

    def end(self) -> None:
        self.of([connections.close_all] * self._at_most)
        self._threads.shutdown()


_meetings: list[Meeting] = []


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make the calls at the same moment, each on a connection of its own; errors are answers."""
    if not _meetings:
        _meetings.append(Meeting())
    return _meetings[0].of(calls)


def end_meetings() -> None:
    """Close the connections of those that met in a test."""
    while _meetings:
        _meetings.pop().end()
