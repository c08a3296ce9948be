"""Speak to a PostgreSQL that holds CC&B's tables; read-only, one statement at a time."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from batchops.ccb.errors import CcbError
from batchops.ccb.failures import failure
from batchops.ccb.source import Source
from batchops.ccb.statements import Statement

Rows = Generator[tuple[Any, ...], None, None]

ROWS_A_ROUND_TRIP = 500
CONNECT_TIMEOUT_S = 10

CODES = {
    "25006": "ccb_database_error",
    "28P01": "ccb_login_wrong",
    "28000": "ccb_account_locked",
    "3D000": "ccb_login_not_granted",
    "3F000": "ccb_schema_unknown",
    "42501": "ccb_grant_missing",
    "42703": "ccb_column_missing",
    "42P01": "ccb_grant_missing",
    "53300": "ccb_too_many_sessions",
    "57014": "ccb_call_timeout",
    "57P01": "ccb_connection_lost",
    "57P02": "ccb_connection_lost",
    "57P03": "ccb_not_open",
}
# Before the login psycopg gives no SQLSTATE, only the text; the most telling word first.
CAUSES = (
    # Before the names, which such a sentence may contain: a full server refuses nobody's password.
    ("too many", "ccb_too_many_sessions"),
    ("remaining connection slots", "ccb_too_many_sessions"),
    ("password authentication failed", "ccb_login_wrong"),
    ("no password supplied", "ccb_login_wrong"),
    ("not permitted to log in", "ccb_account_locked"),
    ('role "', "ccb_login_wrong"),
    ("pg_hba.conf", "ccb_listener_refused"),
    ("permission denied for database", "ccb_login_not_granted"),
    ('database "', "ccb_login_not_granted"),
    ("starting up", "ccb_not_open"),
    ("shutting down", "ccb_not_open"),
    ("failed to resolve host", "ccb_host_unknown"),
    ("could not translate host name", "ccb_host_unknown"),
    ("Connection refused", "ccb_connection_refused"),
    ("No such file", "ccb_connection_refused"),
    ("timeout expired", "ccb_connect_timeout"),
    ("closed the connection", "ccb_connection_lost"),
    ("invalid response", "ccb_garbage"),
    ("SSL", "ccb_tls_refused"),
    ("certificate", "ccb_tls_refused"),
)


class Connection:
    """One session of a PostgreSQL with CC&B's tables."""

    def __init__(self, session: psycopg.Connection[Any], source: Source) -> None:
        self._session = session
        self._source = source

    def begin(self) -> None:
        """Open one read-only view of the database that all following statements share."""
        with _explained(self._source):
            self._session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def rows(self, statement: Statement, binds: Mapping[str, Any]) -> Rows:
        """Yield the statement's rows as they arrive, never all of them at once."""
        with (
            _explained(self._source, statement),
            self._session.cursor(name=statement.name) as cursor,
        ):
            cursor.itersize = ROWS_A_ROUND_TRIP
            cursor.execute(statement.pyformat, dict(binds))
            yield from cursor

    def end(self) -> None:
        """Give the view back."""
        with _explained(self._source):
            self._session.execute("ROLLBACK")

    def close(self) -> None:
        """Log off."""
        self._session.close()


def connect(source: Source, *, call_timeout_s: float, schema: str, zone: str) -> Connection:
    """Log in once; the session's clock goes by `zone`, as CC&B's dates do.

    :raises CcbError: of the code that fits what happened; nothing is tried twice.
    """
    options = (
        f"-c default_transaction_read_only=on -c TimeZone={zone} "
        f"-c statement_timeout={int(call_timeout_s * 1000)}"
    )
    if schema:
        options += f" -c search_path={schema}"
    with _explained(source):
        session = psycopg.connect(
            source.conninfo,
            autocommit=True,
            connect_timeout=max(2, int(min(CONNECT_TIMEOUT_S, call_timeout_s))),
            application_name="BatchOps read",
            options=options,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )
    return Connection(session, source)


@contextmanager
def _explained(source: Source, statement: Statement | None = None) -> Iterator[None]:
    try:
        yield
    except CcbError:
        raise
    except psycopg.Error as error:
        raise _explain(error, source, statement) from None


def _explain(error: psycopg.Error, source: Source, statement: Statement | None) -> CcbError:
    code = CODES.get(error.sqlstate or "") or _code_of_text(error)
    said = error.diag.message_primary or str(error)
    if code == "ccb_grant_missing" and statement is not None:
        said = f"{said}; {missing_grant(statement, said, source)}"
    return failure(code, source, said)


def _code_of_text(error: psycopg.Error) -> str:
    if error.sqlstate:
        return "ccb_database_error"
    text = str(error)
    unknown = "ccb_unreachable" if text.startswith("connection") else "ccb_garbage"
    return next((code for word, code in CAUSES if word in text), unknown)


def missing_grant(statement: Statement, said: str, source: Source) -> str:
    """Name the GRANT that is missing, of the table in the server's words or of all tables."""
    named = [
        table for table in statement.tables if f"{table.lower()} " in f"{said} ".replace('"', " ")
    ]
    return "; ".join(
        f"GRANT SELECT ON {table} TO {source.user}" for table in named or statement.tables
    )
