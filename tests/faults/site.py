"""One whole site under `manage.py up`, spoken to by its API and judged by SQL."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from batchops.house import postgres
from batchops.house.places import Place, choose_place, cluster_folder
from batchops.house.postgres import SUPERUSER
from batchops.house.provision import DATABASE, OWNER
from tests.api_client import ApiClient
from tests.cluster.databases import orm_at
from tests.embedded import ROOT
from tests.house.running import Up, clean_environment
from tests.jobs.harness import checks
from tests.waiting import wait_for

# Small, so that what a site heals in a minute heals here in seconds.
TIMINGS = {
    "HEARTBEAT_INTERVAL_S": "0.5",
    "JOBS_LEASE_S": "2",
    "JOBS_SWEEP_INTERVAL_S": "1",
    "JOBS_STUCK_AFTER_S": "2",
}
# Those of the site, which would else keep what they have.
END_OTHERS_SQL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND usename <> current_user
"""


class Site:
    """A site in a data folder of its own, whose `up` may be started more than once."""

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        database_dir: Path | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.database_dir = database_dir or data_dir
        self._settings = {**TIMINGS, **(settings or {})}
        self._session: psycopg.Connection | None = None
        self._make_cluster()
        self.start()
        self.token = self._make_token()
        with self.orm():
            checks.install_audit()

    def _make_cluster(self) -> None:
        """Make a database cluster that does not wait for the disk: no power is cut here."""
        self.database_dir.mkdir()
        postgres.create_cluster(self.place)
        (self.place.cluster / "postgresql.auto.conf").write_text("fsync = off\n")

    def start(self) -> None:
        """Start `up`, on whatever an earlier one left, and wait until it is ready."""
        self.begin()
        self.up.wait_ready()

    def begin(self) -> None:
        """Start `up`, on whatever an earlier one left."""
        self.up = Up(self.data_dir, **self._settings)

    def tend(self) -> None:
        """Start again what ended and has nobody else to start it, as a machine's init would."""
        if self.up.has_ended():
            self.begin()

    def start_drill(self, *, items: int, ms: int) -> str:
        """Start a job as a program would; while no cluster lives it is refused and asked again."""

        def started() -> str:
            order = {"type": "drill", "params": {"items": items, "ms": ms}}
            code, answer = self.request("POST", "/api/batch-jobs", order)
            assert code in (201, 503), answer
            return str(answer["data"]["id"]) if code == 201 else ""

        return wait_for(started, 15, "a cluster to live")

    def status(self, job: str) -> str:
        """Return what the API says of a job once the web server answers."""

        def shown() -> str:
            try:
                code, answer = self.request("GET", f"/api/batch-jobs/{job}")
            except (OSError, http.client.HTTPException):
                return ""
            return str(answer["data"]["status"]) if code == 200 else ""

        return wait_for(shown, 30, "the web server to show the job")

    def settled(self, job: str) -> int:
        """Return how many of a job's items have ended."""
        rows = self.ask(checks.SETTLED_SQL, job)
        return int(rows[0]) if rows else 0

    def is_whole(self, job: str) -> bool:
        """Tell whether a job has ended and its summary is made; no while the database is away."""
        rows = self.ask(checks.WHOLE_SQL, job)
        return bool(rows and rows[0])

    def results(self, job: str) -> tuple[int, int]:
        """Return how many results a job's items were given, and how many items were given any."""
        all_of_them, items = self.ask(checks.RESULTS_SQL, job)
        return all_of_them, items

    def broken_invariants(self) -> dict[str, Any]:
        """Return what the harness finds broken in the site's database."""
        with self.orm():
            return checks.broken_invariants()

    def cluster(self, role: str = "", *, name: str = "jobs") -> list[psutil.Process]:
        """Return the processes of a cluster, that of jobs, or those of one role in it."""
        main = self.up.service(name)
        if main is None:
            return []
        try:
            family = [main, *main.children(recursive=True)]
            return [process for process in family if process.name().startswith(f"{name}:{role}")]
        except psutil.NoSuchProcess:  # it is just dying
            return []

    def ask(self, query: str, *values: object) -> tuple[Any, ...]:
        """Return the first row, or nothing when there is none or the database is away."""
        try:
            if self._session is None or self._session.closed:
                self._session = psycopg.connect(self._address(SUPERUSER), autocommit=True)
            return self._session.execute(query.encode(), values).fetchone() or ()
        except psycopg.OperationalError:
            return ()

    def take_all_connections(self) -> list[psycopg.Connection]:
        """Hold every session the database allows, and end those of the site.

        Nobody but a superuser can log in until these are closed.
        """
        held: list[psycopg.Connection] = []
        with suppress(psycopg.OperationalError):
            while True:
                held.append(psycopg.connect(self._address(SUPERUSER), autocommit=True))
                held[0].execute(END_OTHERS_SQL)
        return held

    def postmaster(self) -> psutil.Process | None:
        """Return the server's first process, None while there is none."""
        return postgres.postmaster(cluster_folder(self.database_dir))

    @property
    def place(self) -> Place:
        return choose_place(self.database_dir)

    def orm(self, role: str = OWNER) -> Any:
        return orm_at(self._address(role))

    def _address(self, role: str) -> str:
        return postgres.url(self.place, role, DATABASE)

    def _make_token(self) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", "create_token", "admin", "faults"],
            cwd=ROOT,
            env=clean_environment(self.data_dir) | self._settings,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def request(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Ask the API, and return the status and the JSON of the answer."""
        web = ApiClient("127.0.0.1", self.up.port, self.token)
        return web.ask(method, path, body, **headers)
