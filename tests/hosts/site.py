"""One site spread over hosts: a database, web servers, clusters and a CC&B, each on its own."""

from __future__ import annotations

import http.client
import sys
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from batchops.access import create_token
from batchops.cluster.queries import clusters
from batchops.house import postgres
from batchops.models import User
from tests.api_client import ApiClient
from tests.cluster.databases import orm_at
from tests.hosts.network import Host, Network
from tests.hosts.server import DATABASE, Server
from tests.hosts.watching import WEB_PORT, Watching
from tests.house.running import clean_environment
from tests.jobs.harness import checks
from tests.waiting import wait_for

STARTS_WITHIN_S = 180
CCB_SPEED = "300"  # a poll every three seconds
# Small, so that what hosts heal in a minute heals here in seconds.
TIMINGS = {
    "HEARTBEAT_INTERVAL_S": "0.5",
    "JOBS_LEASE_S": "2",
    "JOBS_SWEEP_INTERVAL_S": "1",
    "JOBS_STUCK_AFTER_S": "2",
    "JOBS_WORKERS": "2",
    "WATCH_WORKERS": "1",
    "CCB_DEADLINE_S": "5",
}
IMPATIENT = {
    "connect_timeout": "2",
    "keepalives_idle": "1",
    "keepalives_interval": "1",
    "keepalives_count": "2",
    "tcp_user_timeout": "2000",
}
# What a supervisor does, such as systemd with Restart=always.
KEPT = ("sh", "-c", 'while :; do "$@"; sleep 0.2; done', "kept")


class Site:
    """Hosts `db`, `web1`, ... and `work1`, ..., all of them running.

    All but making and removing it is asked from the desk, with the ORM on the site's database.
    """

    def __init__(self, folder: Path, *, source: str, web: int, work: int) -> None:
        """Lay out the hosts; their database is a copy of the one at the address `source`.

        :raises NotAllowed: where namespaces cannot be had.
        """
        self.webs = [f"web{number + 1}" for number in range(web)]
        self.works = [f"work{number + 1}" for number in range(work)]
        self._folder = folder
        self.network = Network(["db", *self.webs, *self.works, "ccb"])
        try:
            self.server = Server(self.host("db"), folder / "db")
            self.server.copy(source)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        self.network.remove()

    def host(self, name: str) -> Host:
        return self.network.hosts[name]

    def orm(self) -> AbstractContextManager[None]:
        """Let this process's ORM use the site's database by its socket, which no cut reaches."""
        return orm_at(self.server.socket_url(DATABASE))

    def connect_from(self, name: str) -> psycopg.Connection:
        """Connect from a host to the database as the product would."""
        with self.host(name).inside(), orm_at(self.server.url(DATABASE)):
            parameters = connection.get_connection_params()
            for ours in ("context", "cursor_factory"):
                parameters.pop(ours, None)
            return psycopg.connect(**parameters | {"autocommit": True})

    def start(self) -> None:
        """Start every service, and wait until all serve."""
        checks.install_audit()
        person = User.objects.create_superuser("desk", password=None)
        self.token = create_token(user=person, name="desk")
        for name in self.webs:
            self.serve(name, "web", "--host", "0.0.0.0")
        for name in self.works:
            self.serve(name, "cluster", "jobs")
        wait_for(lambda: self.living() == set(self.works), STARTS_WITHIN_S, "the clusters")
        for name in self.webs:
            wait_for(partial(self._answers, name), STARTS_WITHIN_S, name)

    def start_watching(self) -> None:
        """Start a simulated CC&B on its host, and have two hosts watch it."""
        owner = postgres.SUPERUSER
        there = Server(self.host("ccb"), self._folder / "ccb-server")
        there.make_database("ccb")
        address = there.url("ccb", **IMPATIENT)
        play = ("simulate_ccb", "--reader", owner, "--days", "5", "--speed", CCB_SPEED)
        self.serve("ccb", *play, CCB_OWNER_URL=address)
        for name in self.works[:2]:
            self.serve(
                name,
                "cluster",
                "watch",
                CCB_URL=there.url("ccb", clock="simulated"),
                CCB_CLOCK_SPEED=CCB_SPEED,
            )

    def serve(self, name: str, *command: str, **environment: str) -> None:
        """Keep a command of ours running on a host."""
        self.host(name).run(
            [*KEPT, sys.executable, "manage.py", *command],
            log=self._folder / f"{name}.log",
            environment=self._environment(name) | environment,
        )

    def living(self) -> set[str]:
        """Return the hosts whose jobs cluster is alive."""
        return {one.host for one in clusters() if one.part == "jobs" and one.state == "alive"}

    def watch(self, name: str, job: str) -> Watching:
        watching = Watching(self.host(name).address, token=self.token, job=job)
        watching.start()
        return watching

    def start_drill(self, *, items: int, ms: int) -> str:
        """Start a job through the first web server."""
        order = {"type": "drill", "params": {"items": items, "ms": ms}}
        status, answer = self._api(self.webs[0]).ask("POST", "/api/batch-jobs", order)
        assert status == 201, answer
        return str(answer["data"]["id"])

    def status(self, name: str, job: str) -> str:
        """Return what the web server of one host says of a job."""
        _, answer = self._api(name).ask("GET", f"/api/batch-jobs/{job}")
        return str(answer["data"]["status"])

    def settled(self, job: str) -> int:
        """Return how many items of a job have ended."""
        return int(_ask(checks.SETTLED_SQL, job)[0])

    def is_whole(self, job: str) -> bool:
        return bool(_ask(checks.WHOLE_SQL, job)[0])

    def results(self, job: str) -> tuple[int, int]:
        """Return how many results a job's items were given, and how many items were given any."""
        all_of_them, items = _ask(checks.RESULTS_SQL, job)
        return all_of_them, items

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def _environment(self, name: str) -> dict[str, str]:
        folder = self._folder / name
        return clean_environment(folder) | {
            "SECRET_KEY": "of-this-site-and-long-enough-to-pass-every-check-of-the-settings",
            "DATABASE_URL": self.server.url(DATABASE, **IMPATIENT),
            "ALLOWED_HOSTS": ",".join(self.host(web).address for web in self.webs),
            "PYTHONUNBUFFERED": "1",
            **TIMINGS,
        }

    def _answers(self, name: str) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self._api(name).ask("GET", "/api/batch-jobs?limit=1")[0] == 200
        return False

    def _api(self, name: str) -> ApiClient:
        return ApiClient(self.host(name).address, WEB_PORT, self.token)


def _ask(query: str, job: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query, [job])
        row: tuple[Any, ...] = cursor.fetchone()
    return row
