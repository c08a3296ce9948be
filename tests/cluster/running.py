"""Start real clusters on a database of their own, find their processes and end them."""

import os
import signal
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path

import psutil
from django.conf import settings

from batchops.cluster.bells import ring
from tests.waiting import wait_for

STARTS_WITHIN_S = 20


def bell(name: str, at_most: int = 1) -> None:
    """Ring one of the functions in answers.py."""
    assert ring(f"tests.cluster.answers.{name}", cluster="jobs", at_most=at_most)


class Running:
    """One `manage.py cluster NAME`, in a session of its own."""

    def __init__(self, environment: dict[str, str], folder: Path, *, name: str):
        self.answers_file = folder / "answers"
        self.log_file = folder / f"{uuid.uuid4().hex}.log"
        self.environment = {**environment, "ANSWERS": str(self.answers_file)}
        self.command = [sys.executable, "manage.py", "cluster", name]
        self.name = name
        with self.log_file.open("ab") as log:
            self.main = subprocess.Popen(
                self.command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def pids(self, role: str = "") -> list[int]:
        """Return the living processes of this cluster, by role."""
        title = f"{self.name}:{role}"
        return [pid for pid in psutil.pids() if self._is_ours(pid, title)]

    def _is_ours(self, pid: int, title: str) -> bool:
        try:
            if os.getsid(pid) != self.main.pid:
                return False
            name, state = Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1].rsplit(") ", 1)
        except OSError:  # it ended meanwhile
            return False
        return name.startswith(title) and not state.startswith("Z")

    def wait_until_up(self, workers: int = 2) -> None:
        def is_up() -> bool:
            return len(self.pids("worker")) == workers and bool(self.pids("pusher"))

        wait_for(is_up, STARTS_WITHIN_S, f"{workers} workers and a pusher: {self.log()}")

    def answers(self, word: str) -> list[int]:
        """Return the process id of each time that `word` was written."""
        if not self.answers_file.exists():
            return []
        lines = [line.split() for line in self.answers_file.read_text().splitlines()]
        return [int(pid) for said, pid in lines if said == word]

    def log(self) -> str:
        return self.log_file.read_text()

    def has_ended(self) -> bool:
        return self.main.poll() is not None

    def wait_for_exit(self, timeout_s: float) -> int:
        """Wait until it has ended and return the exit code."""
        wait_for(self.has_ended, timeout_s, f"the end of the cluster: {self.log()}")
        return self.main.returncode

    def end(self) -> None:
        """Kill what still runs; how a cluster stops in order is for the tests to say."""
        self.main.kill()
        self.main.wait()
        for pid in self.pids():
            with suppress(ProcessLookupError):  # the kernel has already told it to end
                os.kill(pid, signal.SIGKILL)
