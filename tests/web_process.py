"""Run the real web server (`manage.py web`) beside a test, on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.embedded import ROOT, address_of, free_port
from tests.waiting import wait_for


class WebProcess:
    """One web server on the tests' database; `environment` is added to this process's own."""

    def __init__(self, *, database: dict[str, Any], log: Path, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **os.environ,
            "SECRET_KEY": settings.SECRET_KEY,
            "DATABASE_URL": address_of(database["NAME"]),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def manage(self, *arguments: str) -> None:
        """Run another command in the server's environment."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self._environment, check=True, timeout=60)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "web", "--port", str(self.port)],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers, 60, f"the web server on port {self.port} (log: {self.log})")

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 15) -> int:
        """Send the signal and return the exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
