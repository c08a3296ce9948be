"""Upgrade a running site without a pause, from an older commit: python -m tests.upgrade REVISION

The older code runs on a database of its own and is asked all the time; the newer code migrates
that database under it, joins, and stays alone. No call may fail, and every job must end whole.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from batchops.management.restore import broken
from tests.embedded import ROOT, free_port, guard, start_postgres, temporary_folder
from tests.waiting import wait_for

TOGETHER_S = 10
PATIENCE_S = 180
SECRET = "only-for-the-upgrade-drill-and-long-enough-for-every-check"


class Site:
    """The processes of one release."""

    def __init__(self, name: str, code: Path, *, folder: Path, database: str) -> None:
        self.name, self.port = name, free_port()
        self._code, self._log = code, folder / f"{name}.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = os.environ | {
            "BATCHOPS_DATA_DIR": str(folder / name),
            "SECRET_KEY": SECRET,
            "DATABASE_URL": database,
            "BATCHOPS_ADMIN_PASSWORD": "a password for the drill only",
            "JOBS_WORKERS": "2",
            "PYTHONPATH": str(code),
        }

    def manage(self, *arguments: str) -> str:
        """Run a command of this release to its end and return what it says."""
        with self._log.open("ab") as log:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=self._code,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                check=True,
            )
        return done.stdout.decode()

    def start(self) -> None:
        for command in (
            ["web", "--port", str(self.port)],
            ["cluster", "jobs"],
            ["cluster", "watch"],
        ):
            with self._log.open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "manage.py", *command],
                    cwd=self._code,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
            self._processes.append(process)
        wait_for(lambda: self.asks("/readyz") == 200, PATIENCE_S, f"the {self.name} web process")

    def asks(self, path: str) -> int:
        """Return the status of an answer, 0 if there is none."""
        return ask(self.port, "GET", path)[0]

    def stop(self) -> list[int]:
        """Stop as a supervisor does; return the exit codes."""
        for process in self._processes:
            process.terminate()
        return [process.wait(PATIENCE_S) for process in self._processes]


class Traffic:
    """Programs that start jobs and look at them, now here and now there."""

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.ports: tuple[int, ...] = ()
        self.answers: Counter[str] = Counter()
        self.jobs: list[str] = []
        self._rounds = 0

    def start(self, *ports: int) -> None:
        self.ports = ports
        self._thread.start()

    def turn_to(self, *ports: int) -> None:
        """Ask only these from now on; return when the round that began before is over."""
        self.ports = ports
        begun = self._rounds
        wait_for(lambda: self._rounds > begun, PATIENCE_S, "the round that is under way")

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def failed(self) -> dict[str, int]:
        """Return the calls that were not answered as they should be, and how often."""
        return {
            what: n for what, n in self.answers.items() if what.split()[-1] not in ("200", "201")
        }

    def _run(self) -> None:
        body = json.dumps({"type": "drill", "params": {"items": 200, "ms": 2}})
        while not self._ended.is_set():
            for port in self.ports:
                status, answer = ask(port, "POST", "/api/batch-jobs", body, self._headers)
                self.answers[f"POST {status}"] += 1
                job = str(answer.get("data", {}).get("id", ""))
                self.jobs += [job] if job else []
                for path in ("/api/batch-jobs", "/api/alerts", f"/api/batch-jobs/{job}/status"):
                    asked, _ = ask(port, "GET", path, headers=self._headers)
                    self.answers[f"GET {path.replace(f'/{job}/', '/ID/')} {asked}"] += 1
            self._rounds += 1
            self._ended.wait(0.3)


def ask(
    port: int, method: str, path: str, body: str | None = None, headers: Any = None
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else {}
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        connection.close()


def main(revision: str) -> int:
    folder = temporary_folder()
    guard(folder)
    old_code = folder / "code"
    git = ["git", "worktree"]
    subprocess.run([*git, "add", "-q", "--detach", str(old_code), revision], cwd=ROOT, check=True)
    try:
        return drill(folder, old_code)
    finally:
        subprocess.run([*git, "remove", "--force", str(old_code)], cwd=ROOT, check=True)


def drill(folder: Path, old_code: Path) -> int:
    """Play the upgrade and return the exit code."""
    database = start_postgres(folder)
    old = Site("old", old_code, folder=folder, database=database)
    new = Site("new", ROOT, folder=folder, database=database)
    timed("the older release on an empty database", lambda: old.manage("release"))
    timed("its processes", old.start)
    traffic = Traffic(old.manage("create_token", "admin", "drill").split()[-1])
    traffic.start(old.port)
    try:
        timed("the newer release migrates under it", lambda: new.manage("release"))
        assert old.asks("/readyz") == 200, "the older web process is not ready any more"
        timed("both run", new.start)
        traffic.turn_to(old.port, new.port)
        time.sleep(TOGETHER_S)
        traffic.turn_to(new.port)
        timed("the older one stops", lambda: say(f"  exit codes {old.stop()}"))
        time.sleep(TOGETHER_S / 2)
    finally:
        traffic.end()
    try:
        with psycopg.connect(database, autocommit=True) as connection:
            timed(
                "the rest is done", lambda: wait_for(lambda: not open_jobs(connection), 600, "jobs")
            )
            problems = broken(connection)
    finally:
        new.stop()
    say(f"{len(traffic.jobs)} jobs; answers: {dict(traffic.answers)}")
    for what in [*problems, *(f"{n} x {what}" for what, n in traffic.failed().items())]:
        say(f"FAILED: {what}")
    return 1 if problems or traffic.failed() or not traffic.jobs else 0


def open_jobs(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM jobs_job WHERE finished_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])


def timed(what: str, work: Callable[[], Any]) -> None:
    began = time.monotonic()
    work()
    say(f"{what}: {time.monotonic() - began:.1f} s")


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say from which commit or tag: make upgrade-drill FROM=v0.1.0")
    sys.exit(main(sys.argv[1]))
