"""Two polls at once: the second gives way, and nothing is stored twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from batchops.ccb.snapshot import Snapshot
from batchops.cluster import bells
from batchops.db import session_lock_held
from monitoring import poll as polling
from monitoring import tasks
from monitoring.errors import PollRunning
from monitoring.models import Poll
from tests.monitoring.source import FakeCcb
from tests.people import client_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sql]


@pytest.fixture
def slow(ccb: FakeCcb, monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event]:
    """Make a reading begin and go on only when told."""
    began, go_on = Event(), Event()

    def read(**asked: Any) -> Snapshot:
        began.set()
        assert go_on.wait(20)
        return ccb.read_snapshot(**asked)

    monkeypatch.setattr(polling, "read_snapshot", read)
    return began, go_on


def on_its_own_connection(call: Callable[[], object]) -> object:
    try:
        return call()
    finally:
        connection.close()


class TestOverlap:
    def test_the_second_gives_way(self, slow: tuple[Event, Event]) -> None:
        began, go_on = slow
        with ThreadPoolExecutor() as threads:
            first = threads.submit(on_its_own_connection, polling.poll_if_due)
            assert began.wait(20)

            with pytest.raises(PollRunning):
                polling.poll_now(actor="system:test")
            assert polling.poll_if_due() is None
            assert session_lock_held(polling.LOCK)

            go_on.set()
            assert isinstance(first.result(20), Poll)

        assert Poll.objects.count() == 1
        assert not session_lock_held(polling.LOCK)

    def test_who_asks_while_one_is_being_stored_need_not_wait(
        self, ccb: FakeCcb, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Storing the first poll's history takes longer than anybody waits for a lock."""
        polling.poll_now(actor="system:test")
        operator = client_of("Operator")
        storing, go_on = Event(), Event()

        def judge(*args: Any, **given: Any) -> None:
            storing.set()
            assert go_on.wait(20)

        monkeypatch.setattr(polling, "judge_runs", judge)
        with ThreadPoolExecutor() as threads:
            polled = threads.submit(
                on_its_own_connection, lambda: polling.poll_now(actor="system:test")
            )
            assert storing.wait(20)
            try:
                answers = [operator.post(f"/admin/runs/{verb}/") for verb in ("poll", "try-again")]
            finally:
                go_on.set()
            polled.result(20)

        assert [answer.status_code for answer in answers] == [302, 302]

    def test_no_bell_rings_for_a_poll_that_runs(
        self, slow: tuple[Event, Event], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began, go_on = slow
        rung: list[str] = []
        monkeypatch.setattr(bells, "ring", lambda task, **_: rung.append(task))
        bell = tasks.PollBell()
        bell()

        with ThreadPoolExecutor() as threads:
            polled = threads.submit(on_its_own_connection, polling.poll_if_due)
            assert began.wait(20)
            bell()
            go_on.set()
            polled.result(20)
        bell()

        assert rung == ["monitoring.tasks.poll"]

    def test_the_scheduler_says_once_that_it_started(
        self, ccb: FakeCcb, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        bell = tasks.PollBell()

        bell()
        bell()

        said = [r.getMessage() for r in caplog.records if r.name == "monitoring.tasks"]
        assert said == ["Batch Monitoring scheduler started (every 15 minutes)"]
