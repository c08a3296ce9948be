"""Start the parts of one installation in their order."""

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchops.house import environment, postgres, provision
from batchops.house.errors import CannotStart
from batchops.house.logs import Log
from batchops.house.places import Place, choose_place
from batchops.house.processes import marks
from batchops.house.supervisor import ROOT, Supervisor
from batchops.house.terminal import say

# Who listens everywhere is asked through the loopback.
LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (recognised, not bound)
# Recovery after a crash may take a while.
POSTGRES_PATIENCE_S = 300.0
WEB_PATIENCE_S = 60.0
RELEASE_PATIENCE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `manage.py up` was asked for."""

    host: str
    port: int
    data_dir: Path
    demo: bool
    speed: float
    scenario: str
    seed: int
    stop_with_parent: bool


class House:
    """Start the parts of one installation, each when what it needs is there."""

    def __init__(self, data_dir: Path, options: Options, supervisor: Supervisor) -> None:
        self._data_dir = data_dir
        self._options = options
        self._supervisor = supervisor
        self._given = environment.given(data_dir)
        self._embedded = "DATABASE_URL" not in self._given
        self._simulator = (
            "simulate_ccb",
            *("--scenario", options.scenario),
            *("--seed", str(options.seed)),
        )
        self._simulated = options.demo and self._embedded and "CCB_URL" not in self._given

    def start(self) -> None:
        """Start everything and say where it is and how to log in.

        :raises CannotStart: when a part cannot be started at all.
        :raises Stopped: when somebody asked to stop meanwhile.
        """
        began_at = time.monotonic()
        say(f"BatchOps keeps its data in {self._data_dir}")
        environment.write(self._data_dir, self._start_database())
        self._say_which_ccb()
        password = os.environ.get("BATCHOPS_ADMIN_PASSWORD") or secrets.token_urlsafe(12)
        admin_created = self._release(password)
        self._start_services()
        self._wait_for_web()
        say(f"Ready after {time.monotonic() - began_at:.1f} s.\n")
        self._say_where(password if admin_created else None)

    def _start_database(self) -> dict[str, str]:
        if not self._embedded:
            say("PostgreSQL: the server that DATABASE_URL names")
            return {}
        place = choose_place(self._data_dir)
        if not (place.cluster / "PG_VERSION").exists():
            say("PostgreSQL: creating a database cluster ...")
        postgres.create_cluster(place, environment=marks(self._data_dir, "initdb"))
        self._start_postgres(place)
        provision.provision(place)
        return self._addresses(place)

    def _start_postgres(self, place: Place) -> None:
        postgres.require_room(place.cluster, postgres.FREE_BYTES_TO_START)
        log = self._data_dir / "log" / "postgres.log"
        say(f"PostgreSQL: starting, in {place.cluster}")
        keeper = self._supervisor.keep("postgres", lambda: postgres.start_server(place, log=log))
        # Through the supervisor, so that whoever asks to stop meanwhile is heard.
        answered = self._supervisor.wait_for(
            lambda: not keeper.is_alive() or postgres.is_ready(place),
            patience_s=POSTGRES_PATIENCE_S,
        )
        if not (answered and keeper.is_alive()):
            raise CannotStart(postgres.explain_failure(log))

    def _addresses(self, place: Place) -> dict[str, str]:
        values = {
            "DATABASE_URL": postgres.url(place, provision.APPLICATION, provision.DATABASE),
            "DATABASE_OWNER_URL": postgres.url(place, provision.OWNER, provision.DATABASE),
        }
        if self._simulated:
            values["CCB_OWNER_URL"] = postgres.url(
                place, provision.CCB_OWNER, provision.CCB_DATABASE
            )
            reader_url = postgres.url(place, provision.CCB_READER, provision.CCB_DATABASE)
            values["CCB_URL"] = f"{reader_url}&clock=simulated"
            values["CCB_CLOCK_SPEED"] = f"{self._options.speed:g}"
        return values

    def _say_which_ccb(self) -> None:
        if "CCB_URL" in self._given:
            say("CC&B: the one that CCB_URL names")
        elif self._simulated:
            say("CC&B: a simulated one")
        elif self._options.demo:
            say(
                "CC&B: none, so there is nothing to watch: CCB_URL is not set, and a simulated one "
                "lives only in BatchOps' own PostgreSQL, not in the one that DATABASE_URL names"
            )
        else:
            say("CC&B: none, so there is nothing to watch: CCB_URL is not set")

    def _release(self, password: str) -> bool:
        say("Release: migrations, static files, first data ...")
        release = self._launch(
            "release",
            ("release", "--json"),
            extra={"BATCHOPS_ADMIN_PASSWORD": password},
            output=subprocess.PIPE,
        )
        if self._simulated:
            say("CC&B: making the simulated one's tables and history ...")
            # Before anybody polls it, and beside the release, which does not need it.
            self._wait_for_end(
                "simulator", self._launch("simulator", (*self._simulator, "--prepare"))
            )
        self._wait_for_end("release", release)
        answer, _ = release.communicate()
        return bool(json.loads(answer)["admin_created"])

    def _wait_for_end(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        log = Log(self._data_dir / "log", name)
        if not self._supervisor.wait_for(
            lambda: process.poll() is not None, patience_s=RELEASE_PATIENCE_S
        ):
            raise CannotStart(f"The step '{name}' did not end within an hour; see {log.path}.")
        if process.returncode != 0:
            raise CannotStart(
                f"The step '{name}' failed: {log.last_line()} (the whole story is in {log.path})"
            )

    def _start_services(self) -> None:
        host, port = self._options.host, str(self._options.port)
        self._keep("web", ("web", "--host", host, "--port", port))
        self._keep("jobs", ("cluster", "jobs"))
        self._keep("watch", ("cluster", "watch"))
        if self._simulated:
            self._keep("simulator", self._simulator)

    def _keep(self, name: str, command: tuple[str, ...]) -> None:
        say(f"{name}: starting")
        self._supervisor.keep(name, lambda: self._launch(name, command))

    def _launch(
        self,
        service: str,
        command: tuple[str, ...],
        *,
        extra: Mapping[str, str] | None = None,
        output: int | None = None,
    ) -> "subprocess.Popen[bytes]":
        with (self._data_dir / "log" / f"{service}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 (our own program, no shell)
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=log,
                start_new_session=True,
                env=environment.for_services(self._data_dir)
                | marks(self._data_dir, service)
                | dict(extra or {}),
            )

    def _wait_for_web(self) -> None:
        if not self._supervisor.wait_for(self._web_answers, patience_s=WEB_PATIENCE_S):
            say(f"The web server does not answer yet; see {self._data_dir / 'log' / 'web.log'}")

    def _web_answers(self) -> bool:
        connection = http.client.HTTPConnection(self._local_host(), self._options.port, timeout=5)
        try:
            connection.request("GET", "/admin/login/", headers={"Host": "localhost"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _local_host(self) -> str:
        return LOOPBACK_OF.get(self._options.host, self._options.host)

    def _say_where(self, password: str | None) -> None:
        host = self._local_host()
        shown = f"[{host}]" if ":" in host else host
        say(f"  Open    http://{shown}:{self._options.port}/admin/")
        if password is None:
            say("  Log in  as before (a forgotten password: manage.py changepassword admin)")
        elif os.environ.get("BATCHOPS_ADMIN_PASSWORD"):
            say("  Log in  as admin with the password in BATCHOPS_ADMIN_PASSWORD")
        else:
            say(f"  Log in  as admin with the password {password}   (shown only this once)")
        say(f"  Logs    {self._data_dir / 'log'}")
        say("  Stop    with Ctrl-C\n")
