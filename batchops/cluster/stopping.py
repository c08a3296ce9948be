"""Stop soon once a cluster is asked to: running tasks may end early, no other one begins."""

from multiprocessing.queues import Queue
from typing import Any

from django.db import close_old_connections

from batchops.cluster.bells import give_back
from batchops.cluster.flag import Flag

LAST_WORD = "STOP"  # what django-q2 sends a worker that shall leave

_flags: list[Flag] = []


def follow(flag: Flag) -> None:
    """Take `flag` as this process's sign to stop; the sentinel calls it in each worker."""
    _flags[:] = [flag]


def requested() -> bool:
    """Return whether this worker's cluster is stopping; False outside a cluster.

    Cheap enough to ask between two items. A task that returns soon after it turns True is never
    cut off by the end of the grace (`CLUSTER_STOP_GRACE`).
    """
    return any(flag.is_set() for flag in _flags)


class TasksUntilStop:
    """The task queue as a worker sees it: once the cluster stops, only the word to leave.

    Tasks that the cluster had fetched but not begun would otherwise all be done first, in slices
    that outlast the grace. They go back to the table, for another cluster or the next start.
    """

    def __init__(self, queue: "Queue[Any]", *, stop: Flag) -> None:
        self._queue = queue
        self._stop = stop

    def get(self) -> Any:
        """Wait for the next task and return it."""
        task = self._queue.get()
        while task != LAST_WORD and self._stop.is_set():
            close_old_connections()  # an idle worker's may have been cut long ago
            give_back(task["ack_id"])
            task = self._queue.get()
        return task
