"""Write many rows of one table in few statements."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection, models
from psycopg import sql

# Some megabytes of text a statement.
ROWS_A_STATEMENT = 5000
UPSERT_SQL = sql.SQL("""
    INSERT INTO {table} ({columns})
    SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS given ({typed})
        ON CONFLICT ({keys}) DO UPDATE SET {new}
    RETURNING id, {keys}
""")


def upsert(rows: Sequence[models.Model], *, unique: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows of one model, or update those whose `unique` fields are there; set their pk.

    `unique` and `update` name fields. As one JSON text a statement, which is several times faster
    than a placeholder a value, and needs no right to make temporary tables.
    """
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        _upsert(rows[start : start + ROWS_A_STATEMENT], unique, update)


def _upsert(rows: Sequence[models.Model], unique: Sequence[str], update: Sequence[str]) -> None:
    meta = rows[0]._meta
    fields = [f for f in meta.concrete_fields if not (f.primary_key or f.generated)]
    keys = [f for f in fields if f.name in unique]
    text = orjson.dumps([{f.column: getattr(row, f.attname) for f in fields} for row in rows])
    statement = UPSERT_SQL.format(
        table=sql.Identifier(meta.db_table),
        columns=_columns(fields),
        typed=sql.SQL(", ").join(_typed(field) for field in fields),
        keys=_columns(keys),
        new=sql.SQL(", ").join(_taken(field) for field in fields if field.name in update),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [text.decode()])
        ids = {tuple(key): pk for pk, *key in cursor.fetchall()}
    for row in rows:
        row.pk = ids[tuple(getattr(row, key.attname) for key in keys)]


def _columns(fields: Sequence[Any]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)


def _typed(field: Any) -> sql.Composed:
    return sql.SQL("{} {}").format(sql.Identifier(field.column), sql.SQL(field.db_type(connection)))


def _taken(field: Any) -> sql.Composed:
    return sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(field.column))
