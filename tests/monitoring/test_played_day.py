"""A day with a failure and its restart, played in CC&B's tables and read by the real reader."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from alerts.models import Alert
from batchops.calendar import business_date
from batchops.ccb.simulator import Simulator
from monitoring import poll as polling
from monitoring import timeline
from monitoring.models import Run
from tests.ccb.conftest import CcbDatabase, make_database, reader, server

__all__ = ["make_database", "reader", "server"]

pytestmark = [pytest.mark.django_db, pytest.mark.processes]


@pytest.fixture
def played(db: None, make_database: Any, settings: Any) -> Iterator[tuple[CcbDatabase, Simulator]]:
    database: CcbDatabase = make_database()
    simulator = database.simulator(scenario="failure-and-restart")
    zone, start = django_settings.SITE_ZONE, time(5)
    simulator.prepare(today=business_date(timezone.now(), zone=zone, day_start=start))
    settings.CCB_URL = database.reader_url
    yield database, simulator
    simulator.close()


def failed_keys(database: CcbDatabase) -> list[Any]:
    with database.server.connect(database.name) as session:
        return session.execute(
            "SELECT TRIM(BATCH_CD), BATCH_NBR FROM CI_BATCH_RUN WHERE RUN_STATUS = '30'"
        ).fetchall()


def failure_and_restart(simulator: Simulator) -> tuple[datetime, datetime]:
    goes = [
        go
        for run in simulator.today().runs
        for go in run.executions
        if any(each.failed for each in run.executions)
    ]
    failed_at = max(go.ended_at for go in goes if go.failed)
    return failed_at, min(go.started_at for go in goes if go.started_at > failed_at)


def states() -> list[tuple[str, str]]:
    return list(Alert.objects.order_by("id").values_list("rule", "state"))


class TestFailureAndRestart:
    def test_it_gives_one_alert_opened_once_and_resolved_once(
        self, played: tuple[CcbDatabase, Simulator]
    ) -> None:
        database, simulator = played
        polling.poll_now(actor="system:test")
        ends_at, seen = simulator.clock() + timedelta(hours=20), []

        for moment in failure_and_restart(simulator):
            simulator.advance(to=moment)
            polling.poll_now(actor="system:test")
            polling.poll_now(actor="system:test")
            seen.append((len(failed_keys(database)), states()))
        simulator.advance(to=ends_at)
        polling.poll_now(actor="system:test")

        assert seen == [(1, [("FAILED", "open")]), (0, [("FAILED", "resolved")])]
        assert states() == [("FAILED", "resolved")]
        alert = Alert.objects.get()
        assert list(alert.events.order_by("id").values_list("verb", "note")) == [
            ("opened", ""),
            ("resolved", "The run was restarted."),
        ]
        assert "Error: " in alert.message
        assert "no text" not in alert.message
        assert not Run.objects.filter(state__in=["failed", "unknown", "gone"]).exists()
        looks = {s.look.code for s in timeline.draw(None, at=timezone.now()).steps}
        assert looks == {"complete"}
