"""Undo what tests committed, without the price of emptying every table of the site.

TRUNCATE makes new files for a table and for each of its indexes: 0.1 s for all of ours. To look
which tables hold other rows than at first, and to put those right, takes a few milliseconds.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from psycopg import sql

# Above this, to delete row by row and to leave dead rows behind costs more than new files do.
LARGE_BYTES = 1_000_000

FIRST_ROWS_SQL = "CREATE TABLE first_rows.{table} AS TABLE public.{table}"
DIFFERS_SQL = """
    (SELECT r::text FROM public.{table} r EXCEPT ALL SELECT r::text FROM first_rows.{table} r)
    UNION ALL
    (SELECT r::text FROM first_rows.{table} r EXCEPT ALL SELECT r::text FROM public.{table} r)
"""
PUT_BACK_SQL = """
CREATE FUNCTION first_rows.put_back() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL session_replication_role = replica;  -- no triggers, so the order does not matter
    {large}
    {tables}
END $$
"""
LARGE_SQL = """
    IF pg_relation_size('public.{table}') > {limit} THEN TRUNCATE public.{table} CASCADE; END IF;
"""
EMPTY_SQL = """
    IF EXISTS (SELECT FROM public.{table}) THEN DELETE FROM public.{table}; END IF;
"""
FILLED_SQL = """
    IF EXISTS ({differs}) THEN
        DELETE FROM public.{table};
        INSERT INTO public.{table} TABLE first_rows.{table};
    END IF;
"""


def remember() -> None:
    """Keep the rows that every table holds now, for `put_back`."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA first_rows")
        moves = []
        for name in names:
            cursor.execute(_for(FIRST_ROWS_SQL, name))
            filled = cursor.rowcount > 0
            differs = _for(DIFFERS_SQL, name)
            moves.append(
                _for(FILLED_SQL, name, differs=differs) if filled else _for(EMPTY_SQL, name)
            )
        large = [_for(LARGE_SQL, name, limit=sql.Literal(LARGE_BYTES)) for name in names]
        whole = sql.SQL(PUT_BACK_SQL).format(large=sql.Composed(large), tables=sql.Composed(moves))
        cursor.execute(whole.as_string())


def put_back() -> None:
    """Give every table the rows that it held at `remember`, whatever was committed since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_rows.put_back()")


def _for(template: str, table: str, **parts: sql.Composable) -> sql.Composed:
    return sql.SQL(template).format(table=sql.Identifier(table), **parts)


@pytest.fixture(scope="module", autouse=True)
def _leave_nothing(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Undo what a module committed, for the next one, where a conftest takes this in."""
    yield
    with django_db_blocker.unblock():
        put_back()
