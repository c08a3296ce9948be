"""Keep the services of one house running until somebody asks to stop.

One loop, no threads: it starts what died again, follows the logs and replaces a killed watchdog.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from batchops.house.disk import Disk
from batchops.house.errors import Stopped
from batchops.house.logs import Log
from batchops.house.places import cluster_folder
from batchops.house.processes import HOUSE_MARK, kill_all, stop_house
from batchops.house.terminal import say

ROOT = Path(__file__).resolve().parents[2]
SHORTEST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
# A service that lived this long had started well; its next death is a first one again.
STEADY_S = 30.0
LOOP_S = 0.1

Launch = Callable[[], "subprocess.Popen[bytes]"]


class Keeper:
    """Start one service again whenever it dies, sooner at first and later if it keeps dying."""

    def __init__(self, name: str, launch: Launch, log: Log, data_dir: Path) -> None:
        self.name = name
        self.log = log
        self._launch = launch
        self._data_dir = data_dir
        self._delay_s = SHORTEST_DELAY_S
        self._due_at = 0.0
        self._started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def is_alive(self) -> bool:
        """Tell whether the service's first process runs."""
        return self.process is not None and self.process.poll() is None

    def tend(self) -> None:
        """Notice a death, or start the service when its delay has passed."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._bury(self.process, now)
        if self.process is None and now >= self._due_at:
            self._started_at = now
            try:
                self.process = self._launch()
            except OSError as error:
                self._put_off(now, f"{self.name} cannot be started: {error}")

    def _bury(self, process: "subprocess.Popen[bytes]", now: float) -> None:
        if now - self._started_at > STEADY_S:
            self._delay_s = SHORTEST_DELAY_S
        last_words = self.log.last_line() or "none"
        kill_all(self._data_dir, self.name)
        self.process = None
        self._put_off(now, f"{self.name} {_how_it_ended(process.returncode)}: {last_words}")

    def _put_off(self, now: float, reason: str) -> None:
        say(f"{reason} (next start in {self._delay_s:.1f} s)")
        self._due_at = now + self._delay_s
        self._delay_s = min(LONGEST_DELAY_S, self._delay_s * 2)


class Supervisor:
    """Hold the keepers and the watchdog of the house in `data_dir`."""

    def __init__(self, data_dir: Path, *, lock: int, stop_with_parent: bool = False) -> None:
        self._data_dir = data_dir
        self._lock = lock
        self._keepers: list[Keeper] = []
        self._disks = [Disk(folder) for folder in {data_dir, cluster_folder(data_dir).parent}]
        self._stop_requests = 0
        self._parent = os.getppid() if stop_with_parent else None
        self._watchdog = self._start_watchdog()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def keep(self, name: str, launch: Launch) -> Keeper:
        """Start a service and keep it running from now on."""
        keeper = Keeper(name, launch, Log(self._data_dir / "log", name), self._data_dir)
        self._keepers.append(keeper)
        keeper.tend()
        return keeper

    def run(self) -> None:
        """Tend the services until somebody asks to stop."""
        with contextlib.suppress(Stopped):
            while True:
                self.wait_for(lambda: False, patience_s=3600)

    def wait_for(self, condition: Callable[[], bool], *, patience_s: float) -> bool:
        """Tend the services until `condition` holds; return False if it did not in time.

        :raises Stopped: when somebody asked to stop meanwhile.
        """
        deadline = time.monotonic() + patience_s
        while not condition():
            if self._must_stop():
                raise Stopped
            if time.monotonic() > deadline:
                return False
            self._tend()
            time.sleep(LOOP_S)
        return True

    def stop(self) -> None:
        """Stop everything in order and return when nothing is left; a second request hurries."""
        say("Stopping ... (Ctrl-C once more stops at once)")
        stop_house(self._data_dir, hurry=lambda: self._stop_requests > 1)
        for keeper in self._keepers:
            if keeper.process is not None:
                keeper.process.wait()
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait()
        say("Stopped.")

    def _tend(self) -> None:
        for keeper in self._keepers:
            keeper.tend()
            keeper.log.follow()
        for disk in self._disks:
            disk.watch()
        if self._watchdog.poll() is not None:
            say("The watchdog was killed; starting another.")
            self._watchdog = self._start_watchdog()

    def _must_stop(self) -> bool:
        orphaned = self._parent is not None and os.getppid() != self._parent
        return bool(self._stop_requests) or orphaned

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requests += 1

    def _start_watchdog(self) -> "subprocess.Popen[bytes]":
        with (self._data_dir / "log" / "watchdog.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 (our own program, no shell)
                [sys.executable, "-m", "batchops.house.watchdog", str(self._data_dir)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
                pass_fds=[self._lock],
                # Without a mark: the watchdog must not find itself.
                env={name: value for name, value in os.environ.items() if name != HOUSE_MARK},
            )


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was killed by signal {-code}"
    return f"ended with code {code}"
