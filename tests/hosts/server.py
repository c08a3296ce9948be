"""A PostgreSQL on a host, which the others reach over the network."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from batchops.house import postgres
from batchops.house.places import Place, choose_place
from tests.hosts.network import SUBNET, Host
from tests.waiting import wait_for

DATABASE = "batchops"


class Server:
    """One server on one host, durable on no disk: hosts lose their power here, disks do not."""

    def __init__(self, host: Host, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o711)
        self.host = host
        self.place = _place(folder)
        self._log = folder / "postgres.log"
        postgres.create_cluster(self.place)
        with (self.place.cluster / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {SUBNET}.0/24 scram-sha-256\n")
        host.run(self._command(), log=self._log, environment={"PATH": os.defpath, "LC_ALL": "C"})
        wait_for(lambda: postgres.is_ready(self.place), 60, "PostgreSQL on its host")

    def url(self, database: str, **options: str) -> str:
        """Return the superuser's address of a database, over the network."""
        secret = postgres.password(self.place.cluster, postgres.SUPERUSER)
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://postgres:{secret}@{self.host.address}:5432/{database}?{query}"

    def socket_url(self, database: str) -> str:
        """Return the same by the server's socket, which is a file and in no network namespace."""
        return postgres.url(self.place, postgres.SUPERUSER, database)

    def copy(self, source: str) -> None:
        """Make the database DATABASE, as the one at the address `source` is."""
        self._tool("createdb", DATABASE)
        dump = subprocess.Popen(
            [self.place.programs / "pg_dump", "--no-owner", source], stdout=subprocess.PIPE
        )
        self._tool("psql", "--quiet", "--set=ON_ERROR_STOP=1", DATABASE, stdin=dump.stdout)
        assert dump.wait() == 0

    def make_database(self, name: str) -> None:
        self._tool("createdb", name)

    def _tool(self, name: str, *arguments: str, stdin: IO[bytes] | None = None) -> None:
        secret = postgres.password(self.place.cluster, postgres.SUPERUSER)
        subprocess.run(
            [self.place.programs / name, *arguments],
            env={
                "PGHOST": str(self.place.sockets),
                "PGUSER": postgres.SUPERUSER,
                "PGPASSWORD": secret,
            },
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def _command(self) -> Sequence[str]:
        settings = {
            **postgres.SETTINGS,
            **postgres.TEST_SETTINGS,
            "listen_addresses": self.host.address,
            "unix_socket_directories": str(self.place.sockets),
        }
        account = self.place.account
        assert account is not None
        return [
            "setpriv",
            f"--reuid={account.uid}",
            f"--regid={account.gid}",
            "--clear-groups",
            str(self.place.programs / "postgres"),
            "-D",
            str(self.place.cluster),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]


def _place(folder: Path) -> Place:
    """Return the place of a cluster in `folder`, whose sockets the server can make there."""
    place = choose_place(folder)
    return replace(place, sockets=place.cluster)
