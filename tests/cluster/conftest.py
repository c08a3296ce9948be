"""Give these tests a migrated database outside any transaction, which processes can share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django_q.models import OrmQ
from psycopg import sql

from batchops.models import Heartbeat
from tests.cluster.running import Running


def environment_for(database: str) -> dict[str, str]:
    """Return the environment in which commands use `database` on the tests' server."""
    values = settings.DATABASES["default"]
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{values['USER']}@/{database}",
        "PGHOST": values["HOST"],
        "PGPORT": str(values["PORT"] or ""),
        "PGPASSWORD": values["PASSWORD"],
        "SECRET_KEY": settings.SECRET_KEY,
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "batchops.settings",
        "JOBS_WORKERS": "2",
        "HEARTBEAT_INTERVAL_S": "0.5",
    }


@pytest.fixture(scope="session")
def server() -> Iterator[psycopg.Connection]:
    """Connect to the server's maintenance database, as who may create databases."""
    values = settings.DATABASES["default"]
    with psycopg.connect(
        host=values["HOST"] or None,
        port=values["PORT"] or None,
        user=values["USER"],
        password=values["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection


@pytest.fixture(scope="session")
def process_database(server: psycopg.Connection, worker_id: str) -> Iterator[str]:
    name = f"{settings.DATABASES['default']['NAME'].removeprefix('test_')}_processes_{worker_id}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    server.execute(drop)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=settings.BASE_DIR,
        env=environment_for(name),
        check=True,
        capture_output=True,
    )
    yield name
    server.execute(drop)


@pytest.fixture
def shared(process_database: str, django_db_blocker: Any) -> Iterator[str]:
    """Let this test's ORM use the processes' database, emptied of bells and heartbeats."""
    usual = connections["default"]
    connections["default"] = DatabaseWrapper(
        {**usual.settings_dict, "NAME": process_database}, "default"
    )
    with django_db_blocker.unblock():
        OrmQ.objects.all().delete()
        Heartbeat.objects.all().delete()
        yield process_database
        connections["default"].close()
    connections["default"] = usual


@pytest.fixture
def start(shared: str, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a cluster; keyword arguments are its environment."""
    started: list[Running] = []

    def start_one(name: str = "jobs", *, restart: bool = False, **environment: str) -> Running:
        running = Running(
            environment_for(shared) | environment, tmp_path, name=name, restart=restart
        )
        started.append(running)
        return running

    yield start_one
    for running in started:
        running.end()
