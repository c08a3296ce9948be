"""Point commands and this process's ORM at a database outside the tests' own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import environ
import psycopg
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql


def environment_for(address: str) -> dict[str, str]:
    """Return the environment in which commands use the database at `address`."""
    return {
        **os.environ,
        "DATABASE_URL": address,
        "SECRET_KEY": settings.SECRET_KEY,
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "batchops.settings",
        "JOBS_WORKERS": "2",
        "HEARTBEAT_INTERVAL_S": "0.5",
    }


def migrate(address: str) -> None:
    """Make BatchOps' tables in the database at `address`."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=environment_for(address),
        check=True,
        capture_output=True,
    )


@contextmanager
def orm_at(address: str) -> Iterator[None]:
    """Let the ORM of this process use the database at `address`, without a transaction."""
    usual = connections["default"]
    there = environ.Env.db_url_config(address)
    options = {**usual.settings_dict["OPTIONS"], **there.get("OPTIONS", {})}
    values = {**usual.settings_dict, **there, "OPTIONS": options}
    connections["default"] = DatabaseWrapper(values, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual


@contextmanager
def closed(server: psycopg.Connection, database: str) -> Iterator[None]:
    """Cut every connection to `database` and let none in for a while."""
    connections["default"].close()
    name = sql.Identifier(database)
    server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
    )
    try:
        yield
    finally:
        server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
