"""One site whose parts stand apart: each line between them leads through a bad network.

PostgreSQL and the simulated CC&B are kept by us, as on machines of their own; `manage.py up`
runs web and clusters against them. All files lie in a folder that may be a small disk.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from batchops.house import postgres, provision
from batchops.house.places import SOCKET_NAME, choose_place
from tests.chaos.proxy import Proxy
from tests.embedded import ROOT
from tests.faults.site import Site
from tests.house.disks import fill
from tests.house.running import clean_environment
from tests.waiting import wait_for

SPEED = 300  # a business day in 5 minutes, a poll every 3 seconds
# So that a small disk holds it, and that a silent network is noticed within the plan.
DATABASE_SETTINGS = {"max_wal_size": "64MB", "min_wal_size": "32MB", "max_connections": "120"}


class ApartSite(Site):
    """A site behind proxies, on the disk mounted at `folder` if there is one."""

    def __init__(self, folder: Path, *, mail_port: int, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._database: subprocess.Popen[bytes] | None = None
        self._simulator: subprocess.Popen[bytes] | None = None
        self.to_database = Proxy(self._socket)
        self.to_ccb = Proxy(self._socket)
        self.to_mail = Proxy(lambda: ("127.0.0.1", mail_port))
        super().__init__(folder / "site", database_dir=folder / "database", settings=settings)
        self._simulator = self._simulate()

    @property
    def has_small_disk(self) -> bool:
        return self._folder.is_mount()

    def fill_disk(self) -> None:
        if self.has_small_disk:
            fill(self._folder)

    def free_disk(self) -> None:
        (self._folder / "ballast").unlink(missing_ok=True)

    def tend(self) -> None:
        if self._database is None or self._database.poll() is not None:
            self._start_database()
        if self._simulator is not None and self._simulator.poll() is not None:
            self._simulator = self._simulate()
        super().tend()

    def end(self) -> None:
        """Stop everything, in order where that is possible."""
        for proxy in (self.to_database, self.to_ccb, self.to_mail):
            proxy.mend()
        self.up.end(signal.SIGTERM)
        if self._simulator is not None:
            self._simulator.kill()
            self._simulator.wait()
        postgres.stop_server(self.place.cluster, hurry=lambda: True)
        for proxy in (self.to_database, self.to_ccb, self.to_mail):
            proxy.end()

    def _make_cluster(self) -> None:
        super()._make_cluster()
        self.data_dir.mkdir()
        self._start_database()
        wait_for(lambda: postgres.is_ready(self.place), 30, "PostgreSQL")
        provision.provision(self.place)
        self._settings |= self._addresses()
        self._simulate("--prepare").wait(60)

    def _start_database(self) -> None:
        self._database = postgres.start_server(
            self.place, log=self._folder / "database.log", extra_settings=DATABASE_SETTINGS
        )

    def _addresses(self) -> dict[str, str]:
        application, owner = provision.APPLICATION, provision.OWNER
        database, ccb = provision.DATABASE, provision.CCB_DATABASE
        reader = self._through(self.to_ccb, provision.CCB_READER, ccb)
        return {
            "DATABASE_URL": self._through(self.to_database, application, database),
            "DATABASE_OWNER_URL": self._through(self.to_database, owner, database),
            "CCB_URL": f"{reader}?clock=simulated",
            "CCB_CLOCK_SPEED": str(SPEED),
            "SMTP_PORT": str(self.to_mail.port),
        }

    def _through(self, proxy: Proxy, role: str, database: str) -> str:
        straight = urlsplit(postgres.url(self.place, role, database))
        secret = f"{straight.username}:{straight.password}"
        return f"postgresql://{secret}@127.0.0.1:{proxy.port}/{database}"

    def _socket(self) -> Path:
        return choose_place(self.database_dir).sockets / SOCKET_NAME

    def _simulate(self, *options: str) -> subprocess.Popen[bytes]:
        owner = postgres.url(self.place, provision.CCB_OWNER, provision.CCB_DATABASE)
        with (self._folder / "simulator.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "simulate_ccb", "--agreements", "200", *options],
                cwd=ROOT,
                env=clean_environment(self.data_dir) | self._settings | {"CCB_OWNER_URL": owner},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
