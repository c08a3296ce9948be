"""Run the registered ticks of one kind of cluster, in one cluster of that kind at a time."""

import logging
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connections

from batchops.cluster import ticks
from batchops.cluster.flag import Flag
from batchops.cluster.heartbeat import Identity, leads
from batchops.cluster.ticks import Tick
from batchops.db import session_lock

logger = logging.getLogger("batchops.cluster")


class Ticker(threading.Thread):
    """The thread that runs each tick by its own interval, the first time at once."""

    def __init__(self, me: Identity, *, stop: Flag, ended: threading.Event) -> None:
        super().__init__(name="ticker", daemon=True)
        self.me = me
        self.stop = stop
        self.ended = ended
        self._due_at: dict[str, float] = {}

    def run(self) -> None:
        registered = ticks.registered(self.me.cluster)
        while registered and not self.stop.is_set():
            for tick in registered:
                if self._due_at.get(tick.name, 0) <= time.monotonic():
                    self._take_turn(tick)
            wait_s = min(self._due_at.values()) - time.monotonic()
            if self.ended.wait(min(max(wait_s, 0), 1)):
                break
        connections.close_all()

    def _take_turn(self, tick: Tick) -> None:
        wait_s = tick.every.total_seconds()
        started_at = time.monotonic()
        try:
            close_old_connections()
            if leads(self.me):
                run_alone(tick)
            else:  # so that a follower takes over soon after the leader was lost
                wait_s = min(wait_s, settings.HEARTBEAT_INTERVAL.total_seconds())
        except Error as error:
            logger.warning("Tick %s missed a turn: %s", tick.name, str(error).strip())
        self._due_at[tick.name] = started_at + wait_s


def run_alone(tick: Tick) -> None:
    """Run one tick unless another process is running it now; its error is logged, not raised."""
    with session_lock(f"tick:{tick.name}") as held:
        if not held:
            return
        try:
            tick.run()
        except Exception:
            logger.exception("Tick %s failed and will run again at its next turn.", tick.name)
