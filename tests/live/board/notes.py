"""Keep notes in a plain table; -1 stands for one that cannot be read."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from batchops.live.publish import publish

UNREADABLE = -1


def create_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS board_note")
        cursor.execute("CREATE TABLE board_note (key text PRIMARY KEY, value bigint NOT NULL)")


def drop_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE board_note")


@transaction.atomic
def write(key: str, value: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO board_note VALUES (%s, %s)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [key, value],
        )
    publish("board", f"note:{key}")


@transaction.atomic
def erase(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM board_note WHERE key = %s", [key])
    publish("board", f"note:{key}")


def all_notes() -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, value FROM board_note ORDER BY key")
        notes: list[tuple[str, int]] = cursor.fetchall()
    return notes


def read_board(key: str) -> dict[str, Any]:
    return {"notes": dict(all_notes())}


def read_note(key: str) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM board_note WHERE key = %s", [key])
        row = cursor.fetchone()
    if row is None:
        return None
    if row[0] == UNREADABLE:
        raise ValueError("This note cannot be read.")
    return {"value": row[0]}
