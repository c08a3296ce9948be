"""Migrate one database that the workers copy, instead of each its own: python -m tests.migrated

Only where the tests have a server of their own, and several workers. The copy bears its last name
once it is whole.
"""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg

from tests.embedded import ROOT, address_of
from tests.waiting import wait_for

UNFINISHED, FINISHED = "migrating", "migrated"
PATIENCE_S = 100


def begin() -> None:
    """Begin to migrate, beside everything else; whoever needs the result waits for it."""
    with psycopg.connect(address_of("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {UNFINISHED}".encode())
    subprocess.Popen(
        [sys.executable, "-m", "tests.migrated"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address_of(UNFINISHED)},
        stderr=subprocess.DEVNULL,  # a run that ends sooner takes the server away
    )


def template() -> str | None:
    """Return the name of the migrated database once it is whole, or None if nobody makes one."""
    with psycopg.connect(address_of("postgres"), autocommit=True) as server:
        wait_for(lambda: UNFINISHED not in _names(server), PATIENCE_S, "the migrated database")
        return FINISHED if FINISHED in _names(server) else None


def main() -> None:
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    # If it fails, each worker migrates its own, and tells why that fails.
    end = f"DROP DATABASE {UNFINISHED}"
    try:
        call_command("migrate", verbosity=0)
        end = f"ALTER DATABASE {UNFINISHED} RENAME TO {FINISHED}"
    finally:
        connections.close_all()
        with psycopg.connect(address_of("postgres"), autocommit=True) as server:
            server.execute(end.encode())


def _names(server: psycopg.Connection) -> set[str]:
    return {name for (name,) in server.execute("SELECT datname FROM pg_database").fetchall()}


if __name__ == "__main__":
    main()
