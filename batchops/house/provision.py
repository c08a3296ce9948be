"""Create the embedded server's roles and databases, with no more rights than each one needs."""

from collections.abc import Iterable

import psycopg
from psycopg import sql

from batchops.house.errors import CannotStart
from batchops.house.places import Place
from batchops.house.postgres import SUPERUSER, password, url

OWNER = "batchops_owner"
APPLICATION = "batchops_app"
DATABASE = "batchops"
CCB_OWNER = "ccb_owner"
CCB_READER = "ccb_read"
CCB_DATABASE = "ccb"

# The application's own tables: `manage.py release` grants what it makes (batchops.house.release).
CCB_GRANTS = (
    "ALTER DEFAULT PRIVILEGES FOR ROLE ccb_owner GRANT USAGE ON SCHEMAS TO ccb_read",
    "ALTER DEFAULT PRIVILEGES FOR ROLE ccb_owner GRANT SELECT ON TABLES TO ccb_read",
    "GRANT USAGE ON SCHEMA public TO ccb_read",
)


def provision(place: Place) -> None:
    """Create every role and database that is missing and set passwords and rights again.

    Safe to repeat, and to interrupt: the next call completes what a killed one left.

    :raises CannotStart: when the server refuses or goes away meanwhile.
    """
    try:
        _provision(place)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise CannotStart(
            f"PostgreSQL runs, but its roles and databases could not be prepared: {reason}. Start "
            "again; what was done stays and the rest is made up for."
        ) from error


def _provision(place: Place) -> None:
    with psycopg.connect(url(place, SUPERUSER, "postgres"), autocommit=True) as server:
        for role in (OWNER, APPLICATION, CCB_OWNER, CCB_READER):
            _ensure_role(server, role, password(place.cluster, role))
        server.execute("ALTER ROLE ccb_read SET default_transaction_read_only = on")
        _ensure_database(server, DATABASE, owner=OWNER, guest=APPLICATION)
        _ensure_database(server, CCB_DATABASE, owner=CCB_OWNER, guest=CCB_READER)
    _execute(url(place, SUPERUSER, CCB_DATABASE), CCB_GRANTS)


def _ensure_role(server: psycopg.Connection, role: str, secret: str) -> None:
    known = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
    server.execute(
        sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(secret))
    )


def _ensure_database(server: psycopg.Connection, name: str, *, owner: str, guest: str) -> None:
    if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        server.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(owner)
            )
        )
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {guest}",
    ):
        server.execute(
            sql.SQL(statement).format(database=sql.Identifier(name), guest=sql.Identifier(guest))
        )


def _execute(address: str, statements: Iterable[str]) -> None:
    with psycopg.connect(address, autocommit=True) as database:
        for statement in statements:
            database.execute(statement.encode())
