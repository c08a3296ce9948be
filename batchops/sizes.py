"""Ask PostgreSQL how much it holds and how many are connected, at a cost that does not grow."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# From so many of the server's connections on, the next to come may find none.
CROWDED_PCT = 85
DATABASE_SQL = """
    SELECT current_database(), pg_database_size(current_database()),
           (SELECT sum(numbackends) FROM pg_stat_database)::int,
           current_setting('max_connections')::int
               - current_setting('superuser_reserved_connections')::int,
           current_setting('server_version'), pg_postmaster_start_time()
"""
# A row count is the planner's, as of the last ANALYZE; -1 says that there was none.
TABLES_SQL = """
    SELECT c.relname, pg_total_relation_size(c.oid) AS bytes, nullif(c.reltuples, -1)::bigint
      FROM pg_class AS c
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
     ORDER BY bytes DESC, c.relname LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Database:
    """The database as a whole; `connected` counts the connections of all its server's databases.

    `connectable` leaves out those that the server reserves for its superusers.
    """

    name: str
    total_bytes: int
    connected: int
    connectable: int
    version: str
    started_at: datetime

    @property
    def is_crowded(self) -> bool:
        return 100 * self.connected >= CROWDED_PCT * self.connectable


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its indexes; `rows_about` is None while nobody has estimated its rows."""

    name: str
    total_bytes: int
    rows_about: int | None


def database() -> Database:
    """Return the size of this database, and how many connections its server has."""
    with connection.cursor() as cursor:
        cursor.execute(DATABASE_SQL)
        return Database(*cursor.fetchone())


def largest_tables(limit: int) -> list[Table]:
    """Return the `limit` tables that take most, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES_SQL, [limit])
        return [Table(*row) for row in cursor.fetchall()]
