"""One whole site under `manage.py up`, spoken to by its API and judged by SQL."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import psycopg

from batchops.house import postgres
from batchops.house.places import choose_place
from batchops.house.provision import DATABASE, OWNER
from tests.cluster.databases import orm_at
from tests.house.running import ROOT, Up, clean_environment
from tests.jobs.harness import checks
from tests.waiting import wait_for

# Small, so that what a site heals in a minute heals here in seconds.
TIMINGS = {
    "HEARTBEAT_INTERVAL_S": "0.5",
    "JOBS_LEASE_S": "2",
    "JOBS_SWEEP_INTERVAL_S": "1",
    "JOBS_STUCK_AFTER_S": "2",
}
RESULTS_SQL = """
    SELECT count(*), count(DISTINCT r.item_id) FROM harness_result AS r
      JOIN jobs_jobitem AS i ON i.id = r.item_id WHERE i.job_id = %s
"""


class Site:
    """A site in a data folder of its own, whose `up` may be started more than once."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._session: psycopg.Connection | None = None
        self._make_cluster()
        self.start()
        self._token = self._make_token()
        with self._orm():
            checks.install_audit()

    def _make_cluster(self) -> None:
        """Make a database cluster that does not wait for the disk: no power is cut here."""
        self.data_dir.mkdir()
        place = choose_place(self.data_dir)
        postgres.create_cluster(place)
        (place.cluster / "postgresql.auto.conf").write_text("fsync = off\n")

    def start(self) -> None:
        """Start `up`, on whatever an earlier one left, and wait until it is ready."""
        self.up = Up(self.data_dir, **TIMINGS).wait_ready()

    def start_drill(self, *, items: int, ms: int) -> str:
        """Start a job as a program would; while no cluster lives it is refused and asked again."""

        def started() -> str:
            order = {"type": "drill", "params": {"items": items, "ms": ms}}
            code, answer = self._request("POST", "/api/batch-jobs", order)
            assert code in (201, 503), answer
            return str(answer["data"]["id"]) if code == 201 else ""

        return wait_for(started, 15, "a cluster to live")

    def status(self, job: str) -> str:
        """Return what the API says of a job once the web server answers."""

        def shown() -> str:
            try:
                code, answer = self._request("GET", f"/api/batch-jobs/{job}")
            except (OSError, http.client.HTTPException):
                return ""
            return str(answer["data"]["status"]) if code == 200 else ""

        return wait_for(shown, 30, "the web server to show the job")

    def settled(self, job: str) -> int:
        """Return how many of a job's items have ended."""
        rows = self._ask("SELECT succeeded + failed + cancelled FROM jobs_job WHERE id = %s", job)
        return int(rows[0]) if rows else 0

    def is_whole(self, job: str) -> bool:
        """Tell whether a job has ended and its summary is made; no while the database is away."""
        rows = self._ask("SELECT summarised_at IS NOT NULL FROM jobs_job WHERE id = %s", job)
        return bool(rows and rows[0])

    def results(self, job: str) -> tuple[int, int]:
        """Return how many results a job's items were given, and how many items were given any."""
        all_of_them, items = self._ask(RESULTS_SQL, job)
        return all_of_them, items

    def broken_invariants(self) -> dict[str, Any]:
        """Return what the harness finds broken in the site's database."""
        with self._orm():
            return checks.broken_invariants()

    def cluster(self, role: str = "") -> list[psutil.Process]:
        """Return the processes of the jobs cluster, or those of one role in it."""
        main = self.up.service("jobs")
        if main is None:
            return []
        try:
            family = [main, *main.children(recursive=True)]
            return [process for process in family if process.name().startswith(f"jobs:{role}")]
        except psutil.NoSuchProcess:  # it is just dying
            return []

    def _ask(self, query: str, job: str) -> tuple[Any, ...]:
        """Return the first row, or nothing when there is none or the database is away."""
        try:
            if self._session is None or self._session.closed:
                self._session = psycopg.connect(self._address(), autocommit=True)
            return self._session.execute(query.encode(), [job]).fetchone() or ()
        except psycopg.OperationalError:
            return ()

    def _orm(self) -> Any:
        return orm_at(self._address())

    def _address(self) -> str:
        return postgres.url(choose_place(self.data_dir), OWNER, DATABASE)

    def _make_token(self) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", "create_token", "admin", "faults"],
            cwd=ROOT,
            env=clean_environment(self.data_dir),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def _request(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        web = http.client.HTTPConnection("127.0.0.1", self.up.port, timeout=10)
        headers = {"Authorization": f"Token {self._token}", "Content-Type": "application/json"}
        web.request(method, path, body=json.dumps(body) if body else None, headers=headers)
        answer = web.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        web.close()
        return answer.status, found
