from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest

from batchops.ccb import postgresql
from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import CcbBroken, CcbError, CcbLoginRefused, CcbRefused, CcbTimeout
from batchops.ccb.source import parse_source
from batchops.ccb.statements import statement
from tests.ccb.conftest import CcbDatabase, at
from tests.ccb.listeners import listener, stay_silent
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.sql]


def reading(address: str, *, deadline: float = 10) -> CcbError:
    with pytest.raises(CcbError) as caught:
        read_snapshot(since=at(5), deadline=timedelta(seconds=deadline), url=address)
    return caught.value


def backends(ccb: CcbDatabase) -> list[int]:
    with ccb.server.connect() as session:
        found = session.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = %s AND datname = %s",
            [ccb.reader, ccb.name],
        )
        return [pid for (pid,) in found]


class TestLogin:
    def test_a_role_or_password_that_is_not_known_is_refused_and_tried_once(self, ccb):
        with ccb.server.connect() as session:
            session.execute(f"CREATE ROLE {ccb.reader}_no NOLOGIN")

        error = reading(ccb.reader_url.replace(ccb.reader, f"{ccb.reader}_no", 1))
        unknown = reading(ccb.reader_url.replace(ccb.reader, f"{ccb.reader}_never", 1))

        with ccb.server.connect() as session:
            session.execute(f"DROP ROLE {ccb.reader}_no")
        assert isinstance(error, CcbLoginRefused)
        assert isinstance(unknown, CcbLoginRefused)

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ('FATAL:  password authentication failed for user "ccb_read"', "ccb_login_wrong"),
            ('FATAL:  role "ccb_read" is not permitted to log in', "ccb_account_locked"),
            ('FATAL:  no pg_hba.conf entry for host "10.0.0.1"', "ccb_listener_refused"),
            ("FATAL:  sorry, too many clients already", "ccb_too_many_sessions"),
            ('FATAL:  too many connections for role "ccb_read"', "ccb_too_many_sessions"),
            ('FATAL:  too many connections for database "ccb"', "ccb_too_many_sessions"),
            ("FATAL:  the database system is starting up", "ccb_not_open"),
        ],
    )
    def test_what_the_server_says_before_the_login_gets_its_code(self, said, code, monkeypatch):
        tries = []

        def connect(conninfo: str, **wanted: object) -> None:
            tries.append(conninfo)
            raise psycopg.OperationalError(f"connection failed: {said}")

        monkeypatch.setattr(psycopg, "connect", connect)
        source = parse_source("postgresql://ccb_read:secret@127.0.0.1:5432/ccb")

        with pytest.raises(CcbError) as caught:
            postgresql.connect(source, call_timeout_s=1, schema="", zone="UTC")
        assert caught.value.code == code
        assert len(tries) == 1

    def test_an_unknown_database_is_told(self, ccb):
        assert reading(ccb.server.url("ccb_never_made")).code == "ccb_login_not_granted"

    def test_a_silent_server_ends_at_the_deadline(self):
        with listener(stay_silent) as (port, _):
            error = reading(f"postgresql://u:p@127.0.0.1:{port}/db", deadline=1)

        assert isinstance(error, CcbTimeout)


class TestReading:
    def test_a_missing_grant_names_the_table(self, ccb):
        ccb.execute(f"REVOKE SELECT ON CI_BATCH_THD FROM {ccb.reader}")

        error = reading(ccb.reader_url)

        ccb.execute(f"GRANT SELECT ON CI_BATCH_THD TO {ccb.reader}")
        assert (type(error), error.code) == (CcbRefused, "ccb_grant_missing")
        assert f"GRANT SELECT ON CI_BATCH_THD TO {ccb.reader}" in error.message
        assert "CI_BATCH_RUN" not in error.message

    def test_a_missing_table_is_named(self, ccb):
        ccb.execute("ALTER TABLE D1_IMD_CTRL RENAME TO ELSEWHERE")

        error = reading(ccb.reader_url)

        ccb.execute("ALTER TABLE ELSEWHERE RENAME TO D1_IMD_CTRL")
        assert error.code == "ccb_grant_missing"
        assert "D1_IMD_CTRL" in error.message

    def test_a_renamed_column_is_named(self, ccb):
        ccb.execute("ALTER TABLE CI_BATCH_INST RENAME COLUMN REC_PROC_CNT TO RECS")

        error = reading(ccb.reader_url)

        ccb.execute("ALTER TABLE CI_BATCH_INST RENAME COLUMN RECS TO REC_PROC_CNT")
        assert (type(error), error.code) == (CcbBroken, "ccb_column_missing")
        assert "rec_proc_cnt" in error.message

    def test_a_killed_session_is_a_lost_connection(self, ccb):
        errors: list[CcbError] = []
        with ccb.server.connect(ccb.name) as blocker, blocker.transaction():
            blocker.execute("LOCK TABLE CI_BATCH_JOB IN ACCESS EXCLUSIVE MODE")
            thread = threading.Thread(target=lambda: errors.append(reading(ccb.reader_url)))
            thread.start()
            (pid,) = wait_for(lambda: backends(ccb), 10, "the reader's session")
            blocker.execute("SELECT pg_terminate_backend(%s)", [pid])
            thread.join()

        assert (type(errors[0]), errors[0].code) == (CcbBroken, "ccb_connection_lost")

    def test_a_statement_that_waits_too_long_ends_at_the_deadline_with_its_session(self, ccb):
        with ccb.server.connect(ccb.name) as blocker, blocker.transaction():
            blocker.execute("LOCK TABLE CI_BATCH_JOB IN ACCESS EXCLUSIVE MODE")

            error = reading(ccb.reader_url, deadline=1.5)

        assert isinstance(error, CcbTimeout)
        wait_for(lambda: not backends(ccb), 10, "the end of the reader's session")

    def test_a_statement_over_its_own_limit_is_cancelled(self, ccb):
        source = parse_source(ccb.reader_url)
        with ccb.server.connect(ccb.name) as blocker, blocker.transaction():
            blocker.execute("LOCK TABLE CI_BATCH_JOB IN ACCESS EXCLUSIVE MODE")
            connection = postgresql.connect(source, call_timeout_s=0.3, schema="", zone="UTC")
            connection.begin()
            with pytest.raises(CcbTimeout) as caught:
                list(connection.rows(statement("check_submission_status"), {}))
            connection.close()

        assert caught.value.code == "ccb_call_timeout"


class TestReadOnly:
    @pytest.mark.parametrize(
        "write",
        [
            "INSERT INTO SIM_DAY VALUES ('2020-01-01', 'normal')",
            "UPDATE CI_BATCH_RUN SET RUN_STATUS = '40'",
            "DELETE FROM CI_BATCH_RUN",
            "SELECT * FROM CI_BATCH_RUN FOR UPDATE",
            "CREATE TABLE MINE (N INT)",
        ],
    )
    def test_the_readers_connection_cannot_write_even_with_the_owners_rights(self, ccb, write):
        connection = postgresql.connect(
            parse_source(ccb.owner_url), call_timeout_s=5, schema="", zone="UTC"
        )
        connection.begin()

        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection._session.execute(write.encode())
        connection.close()

    def test_the_readers_role_cannot_write_outside_a_read_only_transaction_either(self, ccb):
        with psycopg.connect(ccb.reader_url.replace("&clock=simulated", "")) as session:
            session.execute("SET TRANSACTION READ WRITE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("UPDATE CI_BATCH_RUN SET RUN_STATUS = '40'")
