"""Give these tests a migrated database outside any transaction, which processes can share."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django_q.models import OrmQ
from psycopg import sql

from batchops.models import Heartbeat
from tests.cluster.databases import environment_for, migrate, orm_at
from tests.cluster.running import Running
from tests.embedded import address_of


@pytest.fixture(scope="session")
def server() -> Iterator[psycopg.Connection]:
    """Connect to the server's maintenance database, as who may create databases."""
    with psycopg.connect(address_of("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def process_database(
    server: psycopg.Connection, worker_id: str, request: pytest.FixtureRequest
) -> Iterator[str]:
    # Beside the tests' own database, so that two runs on one server do not meet.
    beside = urlsplit(os.environ["DATABASE_URL"]).path.strip("/")
    name = f"{beside}_processes_{worker_id}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    server.execute(drop)
    if not copy_of_the_tests_own(server, name, request):
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(address_of(name))
    yield name
    server.execute(drop)


def copy_of_the_tests_own(
    server: psycopg.Connection, name: str, request: pytest.FixtureRequest
) -> bool:
    """Copy the tests' own database, which costs a fiftieth of migrating; say whether that went."""
    if not any(item.get_closest_marker("django_db") for item in request.session.items):
        return False  # then there is none
    request.getfixturevalue("django_db_setup")
    own = connection.settings_dict["NAME"]
    connection.close()
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    try:
        server.execute(copy.format(sql.Identifier(name), sql.Identifier(own)))
    except psycopg.errors.ObjectInUse:  # a server that serves many tests uses it
        return False
    return True


@pytest.fixture
def shared(process_database: str, django_db_blocker: Any) -> Iterator[str]:
    """Let this test's ORM use the processes' database, emptied of bells and heartbeats."""
    with django_db_blocker.unblock(), orm_at(address_of(process_database)):
        OrmQ.objects.all().delete()
        Heartbeat.objects.all().delete()
        yield process_database


@pytest.fixture
def start(shared: str, tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a cluster; keyword arguments are its environment."""
    started: list[Running] = []

    def start_one(name: str = "jobs", **environment: str) -> Running:
        values = environment_for(address_of(shared)) | environment
        started.append(Running(values, tmp_path, name=name))
        return started[-1]

    yield start_one
    for running in started:
        running.end()
