"""Guard one cluster's processes, and trust none of its queues after a violent death.

django-q2's workers, pusher and monitor share two queues whose locks live in shared memory. One
that is killed while it holds such a lock never gives it back, and the others then wait for ever
without a word. So a child that a signal ended ends the whole cluster, which is started anew.
"""

import ctypes
import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from typing import Any, NoReturn

from django.db import connections
from django_q.cluster import Sentinel
from django_q.conf import Conf
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.signals import pre_execute
from django_q.worker import worker

from batchops.cluster import stopping
from batchops.cluster.flag import Flag
from batchops.cluster.linux import name_process, signal_me_when_parent_dies
from batchops.cluster.stopping import TasksUntilStop

EXIT_CRASHED = 70
ROLES = {worker: "worker", pusher: "pusher", monitor: "monitor"}
# How long a worker past its time limit may take to leave by itself before it is killed.
LEAVE_S = 2.0
KILLED_NOTED = 64
fork = get_context("fork")
logger = logging.getLogger("batchops.cluster")


class Pulse(ctypes.Structure):
    """What the cluster shows of itself in shared memory; the times are time.monotonic().

    `killed` holds the ids of the workers that a signal ended before the sentinel ended the rest.
    """

    _fields_ = [
        ("busy", ctypes.c_int),
        ("guarded_at", ctypes.c_double),
        ("taken_at", ctypes.c_double),
        ("killed", ctypes.c_int * KILLED_NOTED),
    ]
    busy: int
    guarded_at: float
    taken_at: float
    killed: "ctypes.Array[ctypes.c_int]"


def new_pulse() -> Pulse:
    """Return a pulse in memory shared with every process forked from now on."""
    now = time.monotonic()
    return RawValue(Pulse, 0, now, now)


class CrashOnlySentinel(Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """django-q2's sentinel, in a process group of its own that lives and dies as one."""

    monitor: BaseProcess
    pusher: BaseProcess

    def __init__(self, *, stop: Flag, started: Flag, pulse: Pulse, main: int) -> None:
        signal.signal(signal.SIGUSR1, _end_group)
        signal_me_when_parent_dies(signal.SIGUSR1, parent=main)
        name_process(f"{Conf.CLUSTER_NAME}:sentinel")
        self.pulse = pulse
        super().__init__(stop, started, uuid.uuid4(), start=False)
        # A stop is asked for through the flag. A handler, not SIG_IGN, which programs started by
        # a task would inherit; service managers send SIGTERM to every process they find.
        signal.signal(signal.SIGTERM, _ignore)
        self.start()

    def spawn_process(self, target: Callable[..., None], *args: Any) -> BaseProcess:
        """Fork one child that dies with this sentinel."""
        child = fork.Process(target=self._live, args=(os.getpid(), target, args), daemon=True)
        if target is worker:
            child.timer = args[2]  # type: ignore[attr-defined]
            self.pool.append(child)
        child.start()
        return child

    def _live(self, sentinel: int, target: Callable[..., None], args: tuple[Any, ...]) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal_me_when_parent_dies(signal.SIGKILL, parent=sentinel)
        name_process(f"{Conf.CLUSTER_NAME}:{ROLES[target]}")
        if target is worker:
            stopping.follow(self.stop_event)
            pre_execute.connect(self._note_task)
            args = (TasksUntilStop(args[0], stop=self.stop_event), *args[1:])
        target(*args)

    def _note_task(self, **kwargs: Any) -> None:
        self.pulse.taken_at = time.monotonic()

    def guard(self) -> None:
        """Replace who left in order, end everything when one was killed, until asked to stop."""
        self.start_event.set()
        logger.info("Cluster %s is running with %d workers.", Conf.CLUSTER_NAME, self.pool_size)
        while not self.stop_event.wait(Conf.GUARD_CYCLE):
            for child in (*self.pool, self.monitor, self.pusher):
                self._look_after(child)
            self.pulse.busy = sum(_time_left(each) > 0 for each in self.pool)
            self.pulse.guarded_at = time.monotonic()
        self.stop()

    def _look_after(self, child: BaseProcess) -> None:
        if child.exitcode is not None:
            if not self._left_in_order(child):
                self._crash(child)
            self.reincarnate(child)
        elif child in self.pool and _is_out_of_time(child):
            child.join(LEAVE_S)
            if child.exitcode is None:
                logger.error("Worker %s did not heed its time limit and is killed.", child.pid)
                child.kill()
            self.reincarnate(child)

    def _left_in_order(self, child: BaseProcess) -> bool:
        """Return whether the child can have held no lock of a queue when it ended."""
        exitcode = child.exitcode or 0
        if child not in self.pool:
            return exitcode >= 0
        # A task may end its own process (an item's time limit): no queue is touched meanwhile.
        return exitcode == 0 or (exitcode > 0 and _time_left(child) > 0)

    def _crash(self, child: BaseProcess) -> NoReturn:
        killed = [each.pid or 0 for each in self.pool if (each.exitcode or 0) < 0][:KILLED_NOTED]
        self.pulse.killed[: len(killed)] = killed
        logger.critical(
            "Process %s ended with %s and may have locked a queue for ever; the cluster ends "
            "itself to be started anew.",
            child.pid,
            child.exitcode,
        )
        os._exit(EXIT_CRASHED)

    def reincarnate(self, process: BaseProcess) -> None:
        """Put a new process in the place of one that left."""
        connections.close_all()
        if process is self.monitor:
            self.monitor = self.spawn_monitor()
        elif process is self.pusher:
            self.pusher = self.spawn_pusher()
        else:
            self.pool.remove(process)
            self.spawn_worker()
        self.reincarnations += 1
        logger.info("Process %s left with %s and was replaced.", process.pid, process.exitcode)


def _time_left(child: BaseProcess) -> float:
    """Return the seconds a busy worker has left; not positive when it is idle.

    Read past the timer's lock, which a worker that is gone may have taken with it.
    """
    return float(child.timer.get_obj().value)  # type: ignore[attr-defined]


def _is_out_of_time(child: BaseProcess) -> bool:
    timer = child.timer  # type: ignore[attr-defined]
    if not timer.get_lock().acquire(timeout=0.1):
        return False  # it is just handing in its result
    try:
        if timer.value > 0:
            timer.value = max(timer.value - Conf.GUARD_CYCLE, 0)
        return bool(timer.value == 0)
    finally:
        timer.get_lock().release()


def _end_group(*_: object) -> None:
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _ignore(*_: object) -> None:
    pass
