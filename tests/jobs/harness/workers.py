"""Start real worker processes, and do to them what nights do: kill, freeze, cut off."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

import psutil
from django.db import DatabaseError, connection

from batchops.cluster.ticks import ClusterName
from jobs import sweep
from tests.embedded import ROOT, address_of
from tests.waiting import wait_for

FAST = {
    "HEARTBEAT_INTERVAL_S": "0.5",
    "JOBS_LEASE_S": "1.5",
    "JOBS_SLICE_S": "1",
    "JOBS_SWEEP_INTERVAL_S": "1",
}
SWEEP_EVERY_S = 0.25


class Workers:
    """`count` bare processes that loop the runner's slice: fast to start, easy to kill."""

    def __init__(self, count: int, settings: Mapping[str, str] = FAST) -> None:
        self.count = count
        self._environment = {
            **os.environ,
            "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
            "LOG_LEVEL": "CRITICAL",
            **settings,
        }
        self._pids: list[int] = []
        self._sweep_at = 0.0

    def __enter__(self) -> "Workers":
        self._starter = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.harness.worker"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._pids = [self._start() for _ in range(self.count)]
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._pids:
            self._hurt(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(self._lives, self._pids)), 10, "the workers' end")
        self._starter.kill()
        self._starter.communicate()

    def _start(self) -> int:
        assert self._starter.stdin is not None
        assert self._starter.stdout is not None
        self._starter.stdin.write("another\n")
        self._starter.stdin.flush()
        return int(self._starter.stdout.readline())

    def _lives(self, pid: int) -> bool:
        try:
            return psutil.Process(pid).ppid() == self._starter.pid
        except psutil.NoSuchProcess:
            return False

    def _hurt(self, pid: int, how: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            if self._lives(pid):
                os.kill(pid, how)

    def kill(self, chance: random.Random) -> None:
        """End one process as the system would for lack of memory."""
        self._hurt(chance.choice(self._pids), signal.SIGKILL)

    def freeze(self, chance: random.Random) -> int:
        """Stop one process where it stands; return its pid."""
        chosen = chance.choice(self._pids)
        self._hurt(chosen, signal.SIGSTOP)
        return chosen

    def thaw(self, pid: int) -> None:
        """Let a frozen process go on, not knowing how late it is."""
        self._hurt(pid, signal.SIGCONT)

    def heal(self) -> None:
        """Replace what died and sweep now and then, as the wrapper of a cluster would."""
        self._pids = [pid if self._lives(pid) else self._start() for pid in self._pids]
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + SWEEP_EVERY_S
        try:
            sweep.sweep()
        except DatabaseError:  # the harness may have cut off its own session
            connection.close()


class Cluster:
    """The real thing: `manage.py cluster jobs`, whose processes are found and hurt one by one.

    With another `name`: `manage.py cluster watch`.
    """

    def __init__(self, settings: Mapping[str, str] = FAST, *, name: ClusterName = "jobs") -> None:
        self._name = name
        self._environment = {
            **os.environ,
            "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
            "LOG_LEVEL": "CRITICAL",
            "DJANGO_SETTINGS_MODULE": "tests.jobs.harness.settings",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Cluster":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            return
        family = [psutil.Process(self._process.pid), *self._family()]
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            for one in family:
                if one.is_running():
                    one.kill()
            self._process.wait()

    def _start(self) -> None:
        from batchops.cluster.queries import is_alive

        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "cluster", self._name],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: is_alive(self._name), 30, f"the cluster {self._name} to beat")

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None
        if self._process.poll() is not None:
            return []
        return psutil.Process(self._process.pid).children(recursive=True)

    def stop(self) -> int:
        """Ask it to stop; return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)

    def kill(self, chance: random.Random) -> None:
        """Kill one process of the cluster, its main process or one below."""
        if family := self._family():
            self._hurt(chance.choice([family[0].parent() or family[0], *family]), signal.SIGKILL)

    def freeze(self, chance: random.Random) -> int:
        """Stop one of its processes where it stands; return its pid, 0 when none is there."""
        family = self._family()
        if not family:
            return 0
        chosen = chance.choice(family)
        self._hurt(chosen, signal.SIGSTOP)
        return chosen.pid

    def thaw(self, pid: int) -> None:
        """Let a frozen process go on, not knowing how late it is."""
        if pid and psutil.pid_exists(pid):
            self._hurt(psutil.Process(pid), signal.SIGCONT)

    def heal(self) -> None:
        """Start the wrapper again if it gave up, as a supervisor would; it sweeps by itself."""
        assert self._process is not None
        if self._process.poll() is not None:
            self._start()

    def _hurt(self, process: psutil.Process, how: signal.Signals) -> None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(how)


def cut_off_one(chance: random.Random) -> None:
    """End the database session of one worker in the middle of whatever it does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        pids = [row[0] for row in cursor.fetchall()]
        if pids:
            cursor.execute("SELECT pg_terminate_backend(%s)", [chance.choice(sorted(pids))])
