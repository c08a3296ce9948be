"""Speak to Oracle through python-oracledb's thin mode; read-only, one statement at a time."""

import re
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import oracledb

from batchops.ccb.errors import CcbError
from batchops.ccb.failures import failure
from batchops.ccb.source import Source
from batchops.ccb.statements import Statement

Rows = Generator[tuple[Any, ...], None, None]

ROWS_A_ROUND_TRIP = 500
CONNECT_TIMEOUT_S = 10
USUAL_OWNER = "CISADM"

CODES = {
    "ORA-00018": "ccb_too_many_sessions",
    "ORA-00020": "ccb_too_many_sessions",
    "ORA-00028": "ccb_connection_lost",
    "ORA-00904": "ccb_column_missing",
    "ORA-00942": "ccb_grant_missing",
    "ORA-01013": "ccb_call_timeout",
    "ORA-01017": "ccb_login_wrong",
    "ORA-01031": "ccb_grant_missing",
    "ORA-01033": "ccb_not_open",
    "ORA-01034": "ccb_not_open",
    "ORA-01045": "ccb_login_not_granted",
    "ORA-01089": "ccb_not_open",
    "ORA-01090": "ccb_not_open",
    "ORA-01435": "ccb_schema_unknown",
    "ORA-01555": "ccb_snapshot_too_old",
    "ORA-02391": "ccb_too_many_sessions",
    "ORA-12505": "ccb_sid_unknown",
    "ORA-12514": "ccb_service_unknown",
    "ORA-28000": "ccb_account_locked",
    "ORA-28001": "ccb_password_expired",
    "ORA-41900": "ccb_grant_missing",
    "DPY-1001": "ccb_connection_lost",
    "DPY-3001": "ccb_encryption_required",
    "DPY-3010": "ccb_server_too_old",
    "DPY-3015": "ccb_verifier_too_old",
    "DPY-4011": "ccb_connection_lost",
    "DPY-4024": "ccb_call_timeout",
    "DPY-6000": "ccb_listener_refused",
    "DPY-6001": "ccb_service_unknown",
    "DPY-6003": "ccb_sid_unknown",
}
# DPY-6005 says only "cannot connect"; the cause is in its text, the most telling word first.
CAUSES = (
    ("DPY-6001", "ccb_service_unknown"),
    ("ORA-12514", "ccb_service_unknown"),
    ("DPY-6003", "ccb_sid_unknown"),
    ("ORA-12505", "ccb_sid_unknown"),
    ("DPY-6000", "ccb_listener_refused"),
    ("DPY-3001", "ccb_encryption_required"),
    ("CERTIFICATE", "ccb_tls_refused"),
    ("SSL", "ccb_tls_refused"),
    ("DN MATCH", "ccb_tls_refused"),
    ("REFUSED", "ccb_connection_refused"),
    ("TIMED OUT", "ccb_connect_timeout"),
    ("DPY-4011", "ccb_connection_lost"),
    ("CLOSED THE CONNECTION", "ccb_connection_lost"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement and the owner of the tables it reads, empty when nobody said."""

    statement: Statement
    schema: str

    def missing_grant(self, offset: int, source: Source) -> str:
        """Name the table that may not be read and the GRANT that is missing.

        `offset` is where in the text the server stopped reading, when it says so; else all tables
        of the statement are named.
        """
        stopped = re.match(r"[A-Za-z0-9_$#.]+", self.statement.text[offset:])
        found = stopped.group().upper() if stopped else ""
        tables = [found] if found in self.statement.tables else self.statement.tables
        owner, user = (self.schema or USUAL_OWNER).upper(), source.user.upper()
        grants = "; ".join(f"GRANT READ ON {owner}.{table} TO {user}" for table in tables)
        if self.schema:
            return grants
        return f"{grants}; CCB_SCHEMA is empty; {owner} is the usual owner"


class Connection:
    """One session of CC&B's Oracle; `schema` owns the tables, empty when nobody said."""

    def __init__(self, session: oracledb.Connection, source: Source, *, schema: str = "") -> None:
        self._session = session
        self._source = source
        self._schema = schema

    def begin(self) -> None:
        """Open one read-only view of the database that all following statements share."""
        with _explained(self._source), self._session.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")

    def rows(self, statement: Statement, binds: Mapping[str, Any]) -> Rows:
        """Yield the statement's rows as they arrive."""
        asked = Asked(statement, self._schema)
        with _explained(self._source, asked), self._session.cursor() as cursor:
            cursor.arraysize = ROWS_A_ROUND_TRIP
            cursor.execute(statement.text, dict(binds))
            yield from cursor

    def end(self) -> None:
        """Give the view back."""
        with _explained(self._source):
            self._session.rollback()

    def close(self) -> None:
        """Log off; a session that is lost already is no further error."""
        with _explained(self._source):
            self._session.close()


def connect(source: Source, *, call_timeout_s: float, schema: str, zone: str) -> Connection:
    """Log in once; `zone` has no meaning here, Oracle's dates carry none.

    :raises CcbError: of the code that fits what happened; nothing is tried twice.
    """
    del zone
    options = dict(source.options)
    with _explained(source):
        session = oracledb.connect(
            user=source.user,
            password=source.password,
            host=source.host,
            port=source.port,
            service_name=source.service or None,
            sid=options.get("sid"),
            protocol=options.get("protocol", "tcp"),
            wallet_location=options.get("wallet"),
            tcp_connect_timeout=min(CONNECT_TIMEOUT_S, call_timeout_s),
            retry_count=0,
            program="BatchOps",
        )
        session.call_timeout = int(call_timeout_s * 1000)
        session.module = "BatchOps"
        session.action = "read"
        if schema:
            session.current_schema = schema
    return Connection(session, source, schema=schema)


@contextmanager
def _explained(source: Source, asked: Asked | None = None) -> Iterator[None]:
    try:
        yield
    except (CcbError, GeneratorExit):
        raise
    except socket.gaierror as error:
        raise failure("ccb_host_unknown", source, str(error)) from None
    except oracledb.Error as error:
        raise _explain(error, source, asked) from None
    except Exception as error:  # noqa: BLE001  (garbage makes the driver fail in any way)
        raise failure("ccb_garbage", source, f"{type(error).__name__}: {error}") from None


def _explain(error: oracledb.Error, source: Source, asked: Asked | None) -> CcbError:
    said = error.args[0]
    text = str(getattr(said, "message", said))
    full_code = str(getattr(said, "full_code", ""))
    code = CODES.get(full_code) or _code_of_text(full_code, text)
    if code == "ccb_grant_missing" and asked is not None:
        return failure(code, source, asked.missing_grant(int(said.offset or 0), source))
    return failure(code, source, text)


def _code_of_text(full_code: str, text: str) -> str:
    if full_code == "DPY-6005":
        upper = text.upper()
        return next((code for word, code in CAUSES if word in upper), "ccb_unreachable")
    if full_code.startswith("DPY-5"):
        return "ccb_garbage"
    return "ccb_database_error"
