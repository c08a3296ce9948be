"""Ask the database, by named SQL, whether everything is whole."""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from django.db import connection

HERE = Path(__file__).parent
# Of one job: its items that ended, whether its summary is made, and the results that the audit saw
# its items get, with the number of those that got any.
SETTLED_SQL = "SELECT succeeded + failed + cancelled FROM jobs_job WHERE id = %s"
WHOLE_SQL = "SELECT summarised_at IS NOT NULL FROM jobs_job WHERE id = %s"
RESULTS_SQL = """
    SELECT count(*), count(DISTINCT r.item_id) FROM harness_result AS r
      JOIN jobs_jobitem AS i ON i.id = r.item_id WHERE i.job_id = %s
"""
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


def broken_invariants(
    among: Collection[str] = (), *, file: Path = HERE / "invariants.sql"
) -> dict[str, list[tuple[object, ...]]]:
    """Return the invariants, all or those named, that do not hold, with up to five offenders."""
    asked = {name: sql for name, sql in _invariants(file).items() if not among or name in among}
    each = (f"SELECT '{name}' WHERE EXISTS ({sql})" for name, sql in asked.items())
    broken = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))  # one question, for it is asked at every step
        for (name,) in cursor.fetchall():
            cursor.execute(asked[name])
            broken[name] = cursor.fetchmany(5)
    return broken


@cache
def _invariants(file: Path) -> dict[str, str]:
    found = NAMED.findall(file.read_text())
    return {name: sql.strip().rstrip(";") for name, sql in found}
