"""Ask the database, by named SQL, whether everything is whole."""

import re
from collections.abc import Collection
from pathlib import Path

from django.db import connection

HERE = Path(__file__).parent
NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name:|\Z)", re.MULTILINE | re.DOTALL)


def install_audit() -> None:
    """Let triggers record every result of an item and every counter that falls."""
    with connection.cursor() as cursor:
        cursor.execute((HERE / "audit.sql").read_text())
        cursor.execute("TRUNCATE harness_result, harness_violation")


def remove_audit() -> None:
    """Take the triggers and their tables away again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP FUNCTION IF EXISTS harness_item() CASCADE;"
            "DROP FUNCTION IF EXISTS harness_job() CASCADE;"
            "DROP TABLE IF EXISTS harness_result, harness_violation"
        )


def deadlocks() -> int:
    """Return how many deadlocks the server has broken in this database, all sessions' included.

    Sessions report at most once a second, those that end at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_force_next_flush(), deadlocks FROM pg_stat_database"
            " WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[1])


def broken_invariants(among: Collection[str] = ()) -> dict[str, list[tuple[object, ...]]]:
    """Return the invariants, all or those named, that do not hold, with up to five offenders."""
    broken = {}
    with connection.cursor() as cursor:
        for name, sql in NAMED.findall((HERE / "invariants.sql").read_text()):
            if among and name not in among:
                continue
            cursor.execute(sql)
            if offenders := cursor.fetchmany(5):
                broken[name] = offenders
    return broken
