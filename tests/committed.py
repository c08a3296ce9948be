"""Undo what tests committed, without the price of emptying every table of the site.

TRUNCATE makes new files for a table and for each of its indexes: 0.1 s for all of ours. To look
only where anything ever was, and to put right what is not as at first, takes few milliseconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from psycopg import sql

# Above this, to delete row by row and to leave dead rows behind costs more than new files do.
LARGE_BYTES = 1_000_000

KEPT_SQL = """
CREATE SCHEMA first_rows;
CREATE TABLE first_rows.kept (name text, rows bigint, written_by xid);
"""
KEEP_SQL = """
CREATE TABLE first_rows.{table} AS TABLE public.{table};
INSERT INTO first_rows.kept SELECT {name}, count(*), NULL FROM first_rows.{table};
"""
AS_AT_FIRST_SQL = """
UPDATE first_rows.kept SET written_by = NULL, rows = (SELECT count(*) FROM first_rows.{table})
WHERE name = {name}
"""
# Each of the first rows is still there, and none was written since, if there are as many, and all
# of the transaction that wrote the first. Statements are planned anew each time whatever one does,
# as no plan outlives a change of the replication role: so there are few, each for one table.
PUT_BACK_SQL = """
CREATE FUNCTION first_rows.put_back() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
    as_at_first boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no triggers, so the order does not matter
    FOR one IN
        SELECT name FROM first_rows.kept
        WHERE pg_relation_size(to_regclass(format('public.%I', name))) > {limit}
    LOOP
        EXECUTE format('TRUNCATE public.%I CASCADE', one.name);
    END LOOP;
    FOR one IN
        SELECT * FROM first_rows.kept
        WHERE rows > 0 OR pg_relation_size(to_regclass(format('public.%I', name))) > 0
    LOOP
        IF one.rows = 0 THEN
            EXECUTE format('DELETE FROM public.%I', one.name);
            CONTINUE;
        END IF;
        EXECUTE format('SELECT count(*) = $1 AND bool_and(xmin = $2) FROM public.%I', one.name)
            INTO as_at_first USING one.rows, one.written_by;
        IF as_at_first IS NOT TRUE THEN
            EXECUTE format('DELETE FROM public.%1$I', one.name);
            EXECUTE format('INSERT INTO public.%1$I TABLE first_rows.%1$I', one.name);
            UPDATE first_rows.kept SET written_by = pg_current_xact_id()::xid WHERE name = one.name;
        END IF;
    END LOOP;
END $$
"""


def remember() -> None:
    """Keep the rows that every table holds now, for `put_back`."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        cursor.execute(KEPT_SQL)
        for name in names:
            cursor.execute(_for(KEEP_SQL, name))
        cursor.execute(PUT_BACK_SQL.format(limit=LARGE_BYTES))
    put_back()


def put_back() -> None:
    """Give every table the rows that it held at `remember`, whatever was committed since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT first_rows.put_back()")


@contextmanager
def emptied(*names: str) -> Iterator[None]:
    """Let `put_back` give these tables no rows meanwhile, as if there had been none at first."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE first_rows.kept SET rows = 0 WHERE name = ANY(%s)", [list(names)])
    put_back()
    yield
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(_for(AS_AT_FIRST_SQL, name))
    put_back()


def _for(template: str, table: str) -> sql.Composed:
    """Put a table's name into SQL: as {table} a name, as {name} a text."""
    return sql.SQL(template).format(table=sql.Identifier(table), name=sql.Literal(table))


@pytest.fixture(scope="module", autouse=True)
def _leave_nothing(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Undo what a module committed, for the next one, where a conftest takes this in."""
    yield
    with django_db_blocker.unblock():
        put_back()
