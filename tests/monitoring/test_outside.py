"""What tells others how we and CC&B do: the ping outside, the answer in Oracle's manner, probes."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from batchops.ccb.errors import CcbTimeout
from monitoring import outside
from monitoring.models import Poll, RuleSetting
from tests.ccb.listeners import listener, stay_silent
from tests.monitoring.source import FakeCcb
from tests.people import client_of
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
HEALTH = "/api/ami-operational/health-check"


class TestPing:
    @pytest.fixture
    def requests(self) -> list[bytes]:
        return []

    @pytest.fixture
    def monitor(self, requests: list[bytes], settings: Any) -> Iterator[list[int]]:
        """Listen outside and send whoever asks elsewhere, to where nobody may go."""

        def redirect(peer: socket.socket) -> None:
            requests.append(peer.recv(4096))
            where = f"http://127.0.0.1:{peer.getsockname()[1]}/elsewhere"
            peer.sendall(f"HTTP/1.0 302 Found\r\nLocation: {where}\r\n\r\n".encode())
            peer.close()

        with listener(redirect) as (port, taken):
            settings.POLL_HEARTBEAT_URL = f"http://127.0.0.1:{port}/ping/secret?x=1"
            yield taken

    def test_each_good_poll_pings_once_and_follows_no_redirect(
        self,
        ccb: FakeCcb,
        poll: MakePoll,
        monitor: list[int],
        requests: list[bytes],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        poll()
        wait_for(lambda: not outside._one_at_a_time.locked(), 10, "the ping to end")
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
        poll()

        assert len(monitor) == 1
        assert requests[0].startswith(b"GET /ping/secret?x=1 HTTP/1.1\r\n")
        assert "The monitor outside at 127.0.0.1 answered 302." in caplog.text
        assert "secret" not in caplog.text

    def test_a_monitor_that_stays_silent_delays_no_poll_and_is_left_in_time(
        self, ccb: FakeCcb, poll: MakePoll, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outside, "DEADLINE_S", 1.0)
        with listener(stay_silent) as (port, taken):
            settings.POLL_HEARTBEAT_URL = f"http://127.0.0.1:{port}/"
            begun = time.monotonic()
            assert poll().succeeded
            assert poll().succeeded
            assert outside._one_at_a_time.locked()
            assert time.monotonic() - begun < 1
            wait_for(lambda: not outside._one_at_a_time.locked(), 10, "the ping to give up")

        assert len(taken) == 1


class TestHealthCheck:
    def test_its_status_is_that_of_the_worst_check(
        self, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None], settings: Any
    ) -> None:
        viewer = client_of("Viewer")
        RuleSetting.objects.exclude(rule__in=["FAILED", "UNKNOWN_STATUS"]).update(enabled=False)

        def told() -> tuple[int, str, dict[str, str]]:
            answer = viewer.get(HEALTH)
            data = answer.json()["data"]
            return (
                answer.status_code,
                data["status"],
                {each["check"]: each["status"] for each in data["checks"]},
            )

        poll()
        assert told() == (200, "ok", {"SOURCE": "ok"})
        ccb.run("D1-IMD", status="xx")
        poll()
        assert told() == (203, "warning", {"SOURCE": "ok", "UNKNOWN_STATUS": "warning"})
        key = ccb.fail("CM-DMRU")
        poll()
        checks = {"SOURCE": "ok", "UNKNOWN_STATUS": "warning", "FAILED": "error"}
        assert told() == (500, "error", checks)
        messages = [each["message"] for each in viewer.get(HEALTH).json()["data"]["checks"]]
        assert f"1 failed: {key}" in messages

        ccb.complete("CM-DMRU")
        ccb.complete("D1-IMD")
        poll()
        assert told()[0] == 200
        made_stale()
        assert told() == (500, "error", {"SOURCE": "error"})
        settings.CCB_URL = ""
        assert told() == (203, "warning", {"SOURCE": "warning"})


class TestProbes:
    def test_they_need_nobody_to_log_in(self) -> None:
        alive, ready = (Client().get(f"/{name}") for name in ("healthz", "readyz"))

        assert (alive.status_code, alive.content) == (200, b"ok\n")
        assert (ready.status_code, ready.content) == (200, b"ready\n")

    def test_not_ready_is_a_database_of_another_release_or_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'monitoring'")
        behind = Client().get("/readyz")
        from django.db import OperationalError

        def refuse(*_: object, **__: object) -> None:
            raise OperationalError("refused")

        monkeypatch.setattr("batchops.web.probes.MigrationExecutor", refuse)
        gone = Client().get("/readyz")

        assert (behind.status_code, gone.status_code) == (503, 503)
        assert b"not migrated" in behind.content
        assert b"does not answer" in gone.content
        assert Client().get("/healthz").status_code == 200
