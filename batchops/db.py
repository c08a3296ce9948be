"""Ask PostgreSQL what only it can say: its clock, the revision of a snapshot, a session's lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import close_old_connections, connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.models import Count, Model, QuerySet, Window

Row = TypeVar("Row", bound=Model)

REVISION_SQL = """
    SELECT pg_snapshot_xmax(s)::text::bigint
           - (SELECT count(*) FROM pg_snapshot_xip(s))
      FROM pg_current_snapshot() AS s
"""


def database_now() -> datetime:
    """Return the database server's clock, in UTC; leases and schedules go by no other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def first_and_total(found: QuerySet[Row], most: int) -> tuple[list[Row], int]:
    """Return the first `most` rows, and how many there are in all; one query."""
    rows: list[Any] = list(found.annotate(in_all=Window(Count("*")))[:most])
    return rows, rows[0].in_all if rows else 0


@contextmanager
def reading_snapshot() -> Iterator[int]:
    """Open one consistent read-only snapshot and yield its revision.

    The revision is the number of transactions that had ended when the snapshot was taken, so of
    two snapshots the one with the greater revision is never the older (docs/architecture.md).
    Must not be nested in another transaction, whose first statement would already have chosen
    the snapshot.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(REVISION_SQL)
        yield int(cursor.fetchone()[0])


@contextmanager
def one_moment() -> Iterator[None]:
    """Let every statement inside see the database as it was at the first, so that figures agree.

    Inside a transaction of the caller's, what that one chose holds.
    """
    inside = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not inside:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def give_connection_back() -> None:
    """Let others have this thread's connection while it only waits; not from a transaction."""
    if not connection.in_atomic_block:
        close_old_connections()


@contextmanager
def own_connection(session: str) -> Iterator[None]:
    """Give this thread a connection of its own beside the pool, and close it afterwards.

    `session` sets PostgreSQL's parameters (`-c name=value`). Only for a thread that nothing else
    uses: whatever it asks meanwhile goes over this connection.
    """
    described = connections.settings["default"]
    given = {name: value for name, value in described["OPTIONS"].items() if name != "pool"}
    options = {**given, "options": f"{given.get('options', '')} {session}"}
    own = DatabaseWrapper({**described, "OPTIONS": options}, "default")
    connections["default"] = own
    try:
        yield
    finally:
        own.close()
        del connections["default"]


def allow_statements(seconds: int) -> None:
    """Let each statement of this transaction take so long, where a page's limit is shorter."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])


@contextmanager
def session_lock(name: str) -> Iterator[bool]:
    """Try to hold the advisory lock `name` for this session; yield whether it was had.

    The lock outlives transactions and goes with the connection, so a killed holder frees it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        held = bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def session_lock_held(name: str) -> bool:
    """Return whether any session of this database holds the advisory lock `name` now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (
                SELECT FROM pg_locks
                 WHERE locktype = 'advisory' AND granted AND objsubid = 1
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0))
            """,
            [name],
        )
        return bool(cursor.fetchone()[0])
