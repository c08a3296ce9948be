"""Give the tests of CC&B databases with its tables, and the roles that own and read them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from secrets import token_hex
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from batchops.ccb.simulator import Simulator

ZONE = ZoneInfo("Asia/Dhaka")
TODAY = date(2026, 11, 22)
READER_SECRET = "reader-secret"


@dataclass(frozen=True)
class Server:
    """The test server, spoken to as its administrator."""

    host: str
    port: str
    user: str
    password: str
    database: str

    def connect(self, database: str = "") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def url(self, database: str = "", *, user: str = "", password: str = "") -> str:
        who = quote(user or self.user)
        secret = quote(password if user else self.password)
        where = f"{database or self.database}?host={quote(self.host, safe='')}&port={self.port}"
        return f"postgresql://{who}{f':{secret}' if secret else ''}@/{where}"


@dataclass(frozen=True)
class CcbDatabase:
    """One database with CC&B's tables."""

    server: Server
    name: str
    reader: str

    @property
    def owner_url(self) -> str:
        return self.server.url(self.name)

    @property
    def reader_url(self) -> str:
        own = self.server.url(self.name, user=self.reader, password=READER_SECRET)
        return f"{own}&clock=simulated"

    def execute(self, statement: str, *params: object) -> None:
        with self.server.connect(self.name) as session:
            session.execute(statement.encode(), params or None)

    def simulator(
        self,
        *,
        history_days: int = 0,
        seed: int = 1,
        scenario: str = "normal",
        agreements: int = 0,
    ) -> Simulator:
        return Simulator(
            self.owner_url,
            seed=seed,
            scenario=scenario,
            zone=ZONE,
            history_days=history_days,
            agreements=agreements,
            reader=self.reader,
        )


@pytest.fixture(scope="session")
def server() -> Server:
    default = settings.DATABASES["default"]
    return Server(
        host=default["HOST"] or default["OPTIONS"].get("host", "localhost"),
        port=str(default["PORT"] or 5432),
        user=default["USER"],
        password=default["PASSWORD"],
        database="postgres",
    )


@pytest.fixture(scope="session")
def reader(server: Server) -> Iterator[str]:
    name = f"ccb_read_{os.getpid()}_{token_hex(4)}"
    role = sql.Identifier(name)
    with server.connect() as session:
        session.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(READER_SECRET))
        )
    yield name
    with server.connect() as session:
        session.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture(scope="session")
def make_database(server: Server, reader: str) -> Iterator[Callable[[], CcbDatabase]]:
    made: list[sql.Identifier] = []

    def make() -> CcbDatabase:
        name = f"ccb_test_{os.getpid()}_{token_hex(4)}"
        made.append(sql.Identifier(name))
        with server.connect() as session:
            session.execute(sql.SQL("CREATE DATABASE {}").format(made[-1]))
        return CcbDatabase(server, name, reader)

    yield make
    with server.connect() as session:
        for name in made:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture(scope="module")
def ccb(make_database: Callable[[], CcbDatabase]) -> CcbDatabase:
    """Return a simulated CC&B without history, its clock at 05:00 of TODAY."""
    database = make_database()
    simulator = database.simulator()
    simulator.prepare(today=TODAY)
    simulator.close()
    return database


def at(hour: int, minute: int = 0, *, day: date = TODAY) -> datetime:
    """Return a moment of the site's wall clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)
