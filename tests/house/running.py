"""Start a real `manage.py up` and look at it from outside."""

from __future__ import annotations

import http.client
import http.cookies
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import psutil

from batchops.house.environment import MANAGED
from batchops.house.places import cluster_folder
from batchops.house.postgres import postmaster
from batchops.house.processes import marked
from tests.embedded import ROOT, free_port
from tests.waiting import wait_for

PASSWORD = "a password for tests only"
START_S, STOP_S = 120, 40


def clean_environment(data_dir: Path) -> dict[str, str]:
    """Return what a newcomer's shell would hold: none of the tests' own settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in MANAGED and not name.startswith("BATCHOPS_")
    }
    return kept | {"BATCHOPS_DATA_DIR": str(data_dir)}


class Up:
    """One `manage.py up` on a data folder, without the demo; `settings` are its environment."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir = data_dir.resolve()
        self.port = free_port()
        self.log = data_dir.with_name(f"{data_dir.name}.output-{self.port}")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", "--port", str(self.port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=clean_environment(data_dir) | {"BATCHOPS_ADMIN_PASSWORD": PASSWORD, **settings},
            )

    def wait_ready(self) -> Up:
        wait_for(
            lambda: "Stop    with" in self.output() or self.has_ended(),
            START_S,
            "`up` to say that it is ready",
        )
        assert not self.has_ended(), self.output()
        return self

    def output(self) -> str:
        return self.log.read_text()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def login_page_answers(self) -> bool:
        try:
            return self._request("GET", "/admin/login/")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def log_in(self) -> str:
        """Log in as admin and return the session's cookies."""
        _, cookies = self._request("GET", "/admin/login/")
        token = http.cookies.SimpleCookie(cookies)["csrftoken"].value
        form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token}
        status, session = self._request("POST", "/admin/login/", cookies, urlencode(form))
        assert status == 302, "The login was refused."
        return session

    def is_logged_in(self, cookies: str) -> bool:
        return self._request("GET", "/admin/password_change/", cookies)[0] == 200

    def _request(
        self, method: str, path: str, cookies: str = "", body: str | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Cookie": cookies}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        parts = [value.split(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
        connection.close()
        return answer.status, "; ".join(parts)

    def service(self, name: str) -> psutil.Process | None:
        """Return the first process of one service."""
        own = marked(self.data_dir, name)
        pids = {process.pid for process in own}
        for process in own:
            with suppress(psutil.NoSuchProcess):  # it may have ended meanwhile
                if process.ppid() not in pids:
                    return process
        return None

    def postmaster(self) -> psutil.Process:
        found = postmaster(cluster_folder(self.data_dir))
        assert found is not None
        return found

    def watchdogs(self) -> list[psutil.Process]:
        return [p for p in left_over(self.data_dir) if "batchops.house.watchdog" in words_of(p)]


def run_up(data_dir: Path, *options: str, **environment: str) -> tuple[int, str]:
    """Run an `up` that is expected to refuse; return its code and what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "up", *options],
        cwd=ROOT,
        env=clean_environment(data_dir) | environment,
        capture_output=True,
        text=True,
        timeout=STOP_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def words_of(process: psutil.Process) -> list[str]:
    """Return a process' command line, nothing when it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def left_over(data_dir: Path) -> Sequence[psutil.Process]:
    """Return every living process that has anything to do with the data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            traces = [process.cwd(), *process.cmdline(), *process.environ().values()]
        except (psutil.Error, OSError):
            continue
        if any(str(data_dir) in trace for trace in traces) and process.pid != os.getpid():
            found.append(process)
    return found


def kill_with_watchdog(up: Up) -> None:
    [watchdog] = up.watchdogs()
    watchdog.suspend()
    up.end(signal.SIGKILL)
    watchdog.kill()


def leave_stale_lock(data_dir: Path) -> subprocess.Popen[bytes]:
    """Write a lock file that names a living process of PostgreSQL's own user."""
    cluster = cluster_folder(data_dir)
    owner = cluster.stat()
    impostor = subprocess.Popen(
        ["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/"
    )
    lock = cluster / "postmaster.pid"
    lock.write_text(f"{impostor.pid}\n{cluster}\n0\n5432\n")
    os.chown(lock, owner.st_uid, owner.st_gid)
    return impostor
