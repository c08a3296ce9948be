"""Run one cluster under a main process that ends with it, and never leaves a part behind."""

import logging
import os
import signal
import threading
import time
from contextlib import suppress

from django.conf import settings
from django.db import Error, connections
from django_q.conf import Conf

from batchops import registry
from batchops.cluster import ends
from batchops.cluster.bells import release_taken
from batchops.cluster.flag import Flag
from batchops.cluster.heartbeat import Identity
from batchops.cluster.linux import name_process
from batchops.cluster.pacemaker import Pacemaker
from batchops.cluster.sentinel import EXIT_CRASHED, CrashOnlySentinel, fork, new_pulse
from batchops.cluster.ticker import Ticker
from batchops.cluster.ticks import ClusterName

EXIT_GRACE_OVER = 71
# How often the main process looks whether it should stop or give up.
LOOK_S = 0.25
LONGEST_WAIT_S = 10.0
logger = logging.getLogger("batchops.cluster")


class Wrapper:
    """The main process of one cluster: forks its sentinel, then beats and ticks beside it."""

    def __init__(self, cluster: ClusterName) -> None:
        self.cluster = cluster
        self.pulse = new_pulse()
        self.stop = Flag()
        self.ended = threading.Event()
        self.sentinel = fork.Process(target=self._guard, args=(os.getpid(),))

    def run(self) -> int:
        """Run until asked to stop or until the cluster cannot be trusted; return the exit code.

        0 after a stop in order, 70 when a part died or stood still, 71 when the tasks that ran
        did not end within `CLUSTER_STOP_GRACE` and were killed.
        """
        name_process(f"{self.cluster}:main")
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: self.stop.set())
        if not self._wait_for_database():
            return 0
        connections.close_all()
        registry.load()
        self.sentinel.start()
        threads = self._start_threads()
        exit_code = self._supervise(threads[0])
        self._kill_group()
        if exit_code:
            self._put_right()
        self.ended.set()
        for thread in threads:
            thread.join(timeout=3)
        logger.info("Cluster %s has ended with %d.", self.cluster, exit_code)
        return exit_code

    def _wait_for_database(self) -> bool:
        """Return True once the database answers and its tables are there, False if stopped."""
        wait_s = 1.0
        while not self.stop.is_set():
            try:
                release_taken(self.cluster)
            except Error as error:
                connections.close_all()
                reason = str(error).strip() or type(error).__name__
                logger.warning("No usable database, next try in %.0f s: %s", wait_s, reason)
            else:
                return True
            self.stop.wait(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
        return False

    def _guard(self, main: int) -> None:
        os.setpgid(0, 0)
        CrashOnlySentinel(stop=self.stop, started=Flag(), pulse=self.pulse, main=main)

    def _start_threads(self) -> tuple["Pacemaker", "Ticker"]:
        with suppress(ProcessLookupError, PermissionError):  # it may have done so already, or died
            os.setpgid(self.sentinel.pid or 0, self.sentinel.pid or 0)
        me = Identity.of_this_process(self.cluster, workers=Conf.WORKERS)
        pacemaker = Pacemaker(me, pulse=self.pulse, ended=self.ended)
        ticker = Ticker(me, stop=self.stop, ended=self.ended)
        pacemaker.start()
        ticker.start()
        return pacemaker, ticker

    def _supervise(self, pacemaker: Pacemaker) -> int:
        kill_at: float | None = None
        while self.sentinel.exitcode is None:
            self.sentinel.join(LOOK_S)
            if not self.stop.is_set():
                if pacemaker.wedged.is_set():
                    return EXIT_CRASHED
                continue
            kill_at = kill_at or time.monotonic() + settings.CLUSTER_STOP_GRACE.total_seconds()
            if time.monotonic() > kill_at:
                logger.error("Tasks of cluster %s still run after the grace.", self.cluster)
                return EXIT_GRACE_OVER
        return 0 if self.stop.is_set() and self.sentinel.exitcode == 0 else EXIT_CRASHED

    def _kill_group(self) -> None:
        """End what is left of the sentinel's group, programs that tasks started included."""
        with suppress(ProcessLookupError):
            os.killpg(self.sentinel.pid or 0, signal.SIGKILL)
        self.sentinel.join()

    def _put_right(self) -> None:
        """Let the apps take back at once what the killed workers held, and know who began it."""
        lost = ends.Lost.group(self.sentinel.pid or 0, killed=filter(None, self.pulse.killed))
        for duty in ends.registered(self.cluster):
            try:
                duty(lost)
            except Exception:
                logger.exception("What lost workers held comes back only when their leases end.")
        connections.close_all()
