"""Keep a worker's lease alive beside its work, and end what takes too long."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from jobs import lifecycle
from jobs.errors import LostClaim
from jobs.lifecycle import Lease

# Exit code of a worker that ended itself because its work ran over a limit. Never a signal:
# django-q2 owns SIGALRM, and a killed worker can wedge its cluster.
EXIT_OVERDUE = 75
# How soon a worker at a long item knows that a cancel is wished.
LOOK_S = 2.0
log = logging.getLogger("jobs.heartbeat")


class Held:
    """A lease that is being worked on.

    `stopped` tells the worker to begin nothing more; what it has begun it ends, and until then
    the lease goes on. When it is `lost`, there is nothing left to renew or to report under.
    """

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.stopped = False
        self.lost = False
        self._renewed_at = time.monotonic()

    def beat(self) -> None:
        """Do what is due: renew the lease, and see whether a cancel is wished.

        :raises LostClaim: when the lease was taken away.
        """
        if self.lost:
            return
        now = time.monotonic()
        lease_s = lifecycle.lease_time(self.lease.kind).total_seconds()
        if now - self._renewed_at >= min(LOOK_S, lease_s / 3):
            self.stopped = lifecycle.renew(self.lease) or self.stopped
            self._renewed_at = now


class Heartbeat:
    """A thread that beats for whatever the worker holds; it has a connection of its own.

    The connection is opened at the first renewal only, so that short work does not pay for it.
    """

    def __init__(self) -> None:
        self.held: Held | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        interval = min(settings.JOBS_SETTLE_INTERVAL, settings.JOBS_LEASE / 10).total_seconds()
        try:
            while not self._ended.wait(interval):
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        held = self.held
        if held is None:
            return
        try:
            held.beat()
        except LostClaim:
            held.stopped = held.lost = True
        except (DatabaseError, InterfaceError) as error:
            # The next beat tries again; if none gets through, the lease ends the matter.
            log.warning("beat failed job=%s: %s", held.lease.job.pk, error)
            connection.close()
