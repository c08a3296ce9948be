from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import oracledb
import psutil
import pytest

from batchops.ccb import oracle
from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import (
    CcbBroken,
    CcbError,
    CcbLoginRefused,
    CcbNotConfigured,
    CcbRefused,
    CcbTimeout,
    CcbUnreachable,
)
from batchops.ccb.failures import ADVICE
from batchops.ccb.source import parse_source
from batchops.ccb.statements import statement
from tests.ccb.conftest import at
from tests.ccb.listeners import (
    CRASHER,
    HTTP,
    NOISE,
    answer,
    answer_and_close,
    cut_midway,
    drip,
    hang_up,
    listener,
    refuse,
    stay_silent,
)

SECRET = "s3cret-Word"
DEADLINE = timedelta(seconds=3)
pytestmark = pytest.mark.processes


def url(port: int, *, host: str = "127.0.0.1", place: str = "CCBPROD") -> str:
    return f"oracle://batchops:{SECRET}@{host}:{port}/{place}"


def reading(address: str, *, deadline: timedelta = DEADLINE) -> tuple[CcbError, float]:
    began = time.monotonic()
    with pytest.raises(CcbError) as caught:
        read_snapshot(since=at(5), deadline=deadline, url=address)
    return caught.value, time.monotonic() - began


class TestListener:
    @pytest.mark.parametrize(
        ("behave", "kind", "code"),
        [
            (hang_up, CcbBroken, "ccb_connection_lost"),
            (cut_midway, CcbBroken, "ccb_connection_lost"),
            (answer_and_close(HTTP), CcbBroken, "ccb_connection_lost"),
            (answer_and_close(NOISE), CcbBroken, "ccb_connection_lost"),
            (answer(CRASHER), CcbBroken, "ccb_garbage"),
            (refuse(12514), CcbRefused, "ccb_service_unknown"),
            (refuse(12516), CcbRefused, "ccb_listener_refused"),
            (refuse(12528), CcbRefused, "ccb_listener_refused"),
        ],
        ids=["hangs up", "cuts", "http", "noise", "crasher", "12514", "12516", "12528"],
    )
    def test_its_answer_becomes_a_typed_error(self, behave, kind, code):
        with listener(behave) as (port, taken):
            error, took = reading(url(port))

        assert (type(error), error.code) == (kind, code)
        assert f"127.0.0.1:{port}" in error.message
        assert took < 3
        assert len(taken) == 1

    def test_an_unknown_sid_is_told_from_an_unknown_service(self):
        with listener(refuse(12505)) as (port, _):
            error, _ = reading(url(port, place="?sid=CCB"))

        assert error.code == "ccb_sid_unknown"

    @pytest.mark.parametrize(
        "behave", [stay_silent, drip, answer(NOISE)], ids=["silent", "drips", "noise"]
    )
    def test_its_silence_ends_at_the_deadline_and_leaves_no_process(self, behave):
        with listener(behave) as (port, taken):
            error, took = reading(url(port), deadline=timedelta(seconds=1.5))

        assert (type(error), error.code) == (CcbTimeout, "ccb_deadline")
        assert 1.4 < took < 3
        assert len(taken) <= 1
        assert not readers()

    def test_a_reader_whose_starter_died_ends_by_itself(self):
        with listener(stay_silent) as (port, _):
            request = {"url": url(port), "task": "snapshot", "deadline_s": 1.2}
            request |= {"schema": "", "zone": "UTC", "call_timeout_s": 30}
            reader = subprocess.run(
                [sys.executable, "-m", "batchops.ccb.read"],
                input=json.dumps(request).encode(),
                timeout=10,
                check=False,
            )

        assert reader.returncode == -signal.SIGALRM

    def test_no_listener_is_a_refused_connection(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            error, _ = reading(url(closed.getsockname()[1]))

        assert (type(error), error.code) == (CcbUnreachable, "ccb_connection_refused")

    def test_an_unknown_host_is_named(self):
        error, _ = reading(url(1521, host="ccb.invalid"), deadline=timedelta(seconds=15))

        assert (type(error), error.code) == (CcbUnreachable, "ccb_host_unknown")
        assert "ccb.invalid" in error.message


class TestSecrets:
    def test_no_message_argument_or_environment_of_the_reader_holds_the_password(self, monkeypatch):
        monkeypatch.setenv("CCB_URL", url(1521))
        seen: list[str] = []

        def look(peer: socket.socket) -> None:
            for process in readers():
                seen.append(" ".join(process.cmdline()))
                seen.append(Path(f"/proc/{process.pid}/environ").read_text())
            peer.close()

        with listener(look) as (port, _):
            error, _ = reading(url(port))

        assert len(seen) == 2
        assert SECRET not in " ".join([*seen, error.message, repr(parse_source(url(1521)))])

    @pytest.mark.parametrize(
        "broken",
        [
            "",
            "oracle://batchops@host/x",
            f"oracle://batchops:{SECRET}@host:15{SECRET}/x",
            f"oracle://batchops:{SECRET}@host:1521/",
            f"oracle://batchops:{SECRET}@host/x?protocol=udp",
            f"mysql://batchops:{SECRET}@host/x",
            f"postgresql://batchops:{SECRET}@host/x?clock=mine",
        ],
    )
    def test_a_url_that_cannot_be_understood_is_refused_without_repeating_it(self, broken):
        with pytest.raises(CcbNotConfigured) as caught:
            parse_source(broken)

        assert SECRET not in caught.value.message
        assert "oracle://user:password@host:1521/service" in caught.value.message


class Refusing:
    """An oracledb session whose every statement fails with one error of the server."""

    def __init__(self, full_code: str, offset: int = 0) -> None:
        self._full_code = full_code
        self._offset = offset

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *args: object) -> None:
        return None

    def execute(self, *args: object) -> None:
        raise database_error(self._full_code, self._offset)


def refusing(full_code: str, offset: int = 0, *, schema: str = "") -> oracle.Connection:
    session: Any = Refusing(full_code, offset)
    return oracle.Connection(session, parse_source(url(1521)), schema=schema)


class Said:
    def __init__(self, full_code: str, offset: int) -> None:
        self.full_code = full_code
        self.offset = offset
        self.message = f"{full_code}: as the server says it to batchops/{SECRET}"


def database_error(full_code: str, offset: int = 0) -> oracledb.DatabaseError:
    return oracledb.DatabaseError(Said(full_code, offset))


class TestServerErrors:
    @pytest.mark.parametrize(
        ("full_code", "kind", "code"),
        [
            ("ORA-01017", CcbLoginRefused, "ccb_login_wrong"),
            ("ORA-28000", CcbLoginRefused, "ccb_account_locked"),
            ("ORA-28001", CcbLoginRefused, "ccb_password_expired"),
            ("ORA-01031", CcbRefused, "ccb_grant_missing"),
            ("ORA-01033", CcbUnreachable, "ccb_not_open"),
            ("ORA-01555", CcbBroken, "ccb_snapshot_too_old"),
            ("ORA-00904", CcbBroken, "ccb_column_missing"),
            ("ORA-00600", CcbBroken, "ccb_database_error"),
            ("DPY-1001", CcbBroken, "ccb_connection_lost"),
            ("DPY-4011", CcbBroken, "ccb_connection_lost"),
            ("DPY-4024", CcbTimeout, "ccb_call_timeout"),
            ("DPY-3010", CcbRefused, "ccb_server_too_old"),
            ("DPY-3015", CcbRefused, "ccb_verifier_too_old"),
            ("DPY-3001", CcbRefused, "ccb_encryption_required"),
        ],
    )
    def test_each_becomes_a_code_with_a_remedy_and_without_the_password(
        self, full_code, kind, code
    ):
        connection = refusing(full_code)

        with pytest.raises(CcbError) as caught:
            list(connection.rows(statement("imd"), {}))

        assert (type(caught.value), caught.value.code) == (kind, code)
        assert ADVICE[code].remedy in caught.value.message
        assert SECRET not in caught.value.message

    def test_a_missing_grant_names_the_table_the_server_stopped_at(self):
        asked = statement("messages")
        offset = asked.text.index("CI_MSG_LOGPARM")
        connection = refusing("ORA-00942", offset, schema="ccbown")

        with pytest.raises(CcbRefused) as caught:
            list(connection.rows(asked, {}))

        said = caught.value.message
        assert "(GRANT READ ON CCBOWN.CI_MSG_LOGPARM TO BATCHOPS)" in said
        assert said.count("GRANT READ") == 1

    def test_a_missing_grant_says_when_the_owner_is_only_the_usual_one(self):
        connection = refusing("ORA-00942")

        with pytest.raises(CcbRefused) as caught:
            list(connection.rows(statement("threads"), {}))

        said = caught.value.message
        assert "GRANT READ ON CISADM.CI_BATCH_THD TO BATCHOPS" in said
        assert "CCB_SCHEMA is empty; CISADM is the usual owner" in said

    def test_a_refused_login_is_tried_once(self, monkeypatch):
        tries = []

        def connect(**wanted: object) -> None:
            tries.append(wanted["user"])
            raise database_error("ORA-01017")

        monkeypatch.setattr(oracledb, "connect", connect)

        with pytest.raises(CcbLoginRefused):
            oracle.connect(parse_source(url(1521)), call_timeout_s=1, schema="", zone="UTC")
        assert tries == ["batchops"]

    def test_every_code_has_its_line_in_the_troubleshooting_table(self):
        documented = set(re.findall(r"`(ccb_[a-z_]+)`", Path("docs/oracle.md").read_text()))

        assert set(ADVICE) <= documented


def readers() -> list[psutil.Process]:
    own = psutil.Process(os.getpid()).children(recursive=True)
    return [process for process in own if "batchops.ccb.read" in process.cmdline()]
