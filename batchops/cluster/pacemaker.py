"""Beat every few seconds beside a running cluster, and notice when it stands still."""

import logging
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connections

from batchops.cluster import heartbeat, queries
from batchops.cluster.heartbeat import Identity
from batchops.cluster.sentinel import Pulse

logger = logging.getLogger("batchops.cluster")


class Pacemaker(threading.Thread):
    """The thread that renews the heartbeat row, and sets `wedged` when no bell is answered."""

    def __init__(self, me: Identity, *, pulse: Pulse, ended: threading.Event) -> None:
        super().__init__(name="pacemaker", daemon=True)
        self.me = me
        self.pulse = pulse
        self.ended = ended
        self.wedged = threading.Event()
        self._reachable_since = time.monotonic()

    def run(self) -> None:
        interval_s = settings.HEARTBEAT_INTERVAL.total_seconds()
        failing = False
        while True:
            try:
                self._beat()
                failing = False
            except Error as error:
                self._reachable_since = time.monotonic()
                if not failing:
                    logger.warning("No heartbeat, the database says: %s", str(error).strip())
                failing = True
            if self.ended.wait(interval_s):
                break
        self._leave()

    def _beat(self) -> None:
        close_old_connections()
        heartbeat.beat(self.me)
        heartbeat.forget_the_dead(self.me)
        if self._stands_still():
            self.wedged.set()

    def _stands_still(self) -> bool:
        """Return whether a bell waits although a worker is free and the database answers."""
        limit_s = settings.CLUSTER_WEDGED_AFTER.total_seconds()
        now = time.monotonic()
        if now - self.pulse.guarded_at > limit_s:
            logger.critical("Cluster %s: the sentinel stands still.", self.me.cluster)
            return True
        if self.pulse.busy >= self.me.workers:
            return False
        if now - max(self.pulse.taken_at, self._reachable_since) < limit_s:
            return False
        waiting_s = queries.oldest_bell_s(self.me.cluster)
        if waiting_s < limit_s:
            return False
        logger.critical(
            "Cluster %s: a bell has waited %.0f s beside a free worker.", self.me.cluster, waiting_s
        )
        return True

    def _leave(self) -> None:
        try:
            close_old_connections()
            heartbeat.remove(self.me)
        except Error as error:
            logger.warning("The heartbeat row stays until it is late: %s", str(error).strip())
        connections.close_all()
