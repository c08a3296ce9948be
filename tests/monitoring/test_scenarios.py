"""Every scenario of the simulator, read from real tables over a real connection, gives exactly its
alerts: opened once, resolved once, also when polls are doubled, skipped, killed or out of order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.models import AlertEvent
from batchops.ccb.simulator import Simulator
from batchops.ccb.simulator.scenarios import SCENARIOS, expected_alerts
from tests.ccb.conftest import CcbDatabase, make_database, reader, server
from tests.monitoring.played import DAY, EVERY, PlayedSite, at, undone

__all__ = ["make_database", "reader", "server"]
pytestmark = pytest.mark.django_db
CODES = {"BILLREST": "BILLRESTSMS"}
# When each scenario is looked at every 15 minutes; of the rest of the day it differs in nothing.
HOURS: dict[str, list[tuple[float, float]]] = {
    "normal": [(5.5, 5.75), (6.75, 8.25), (9.75, 11.5), (17, 17), (23, 23)],
    "failure-and-restart": [(7, 8.5)],
    "first-step-fails": [(5.75, 8.75)],
    "stuck": [(5.5, 9)],
    "killed-worker": [(10.5, 13)],
    "long-running": [(14, 14.25), (16, 16.25), (17.25, 17.5)],
    "month-end": [(11.5, 11.75), (13.75, 14.25), (15.25, 15.25)],
    "late-start": [(5.25, 7), (8, 8.75)],
    "low-records": [(9.5, 10), (13.75, 14)],
    "too-fast": [(9.5, 10), (13.75, 14)],
    "low-throughput": [(11, 12), (13.5, 14)],
    "completed-with-errors": [(9.5, 10), (13.75, 14)],
    "pending-too-long": [(13.5, 15)],
    "job-orphan": [(9.75, 11.25)],
    "unknown-status": [(13.5, 14.75)],
    "hand-repaired": [(13.5, 15.75)],
    "purged-run": [(13.5, 15.75)],
    "out-of-order": [(11.75, 12.25), (13, 13.5)],
    "two-at-once": [(9.5, 10.25)],
    "rerun": [(14, 14.25), (16.25, 17.75)],
    "imd-until-zero": [(7, 9.5)],
    "imd-not-draining": [(10.25, 12.5)],
    "flush-noise": [(10, 11.5), (20, 20)],
    "source-down": [(8, 10)],
}
LASTING = ("stuck", "killed-worker", "hand-repaired")


@pytest.fixture(scope="module")
def played(make_database: Any) -> Iterator[tuple[CcbDatabase, Simulator]]:
    """Return a CC&B with 30 days of history."""
    database = make_database()
    simulator = database.simulator(history_days=30)
    simulator.prepare(today=DAY)
    yield database, simulator
    simulator.close()


@pytest.fixture
def site(played: tuple[CcbDatabase, Simulator]) -> Iterator[PlayedSite]:
    """Return that CC&B with a console that has read its history."""
    with pytest.MonkeyPatch.context() as patch:
        site = PlayedSite(*played, patch)
        site.begin("normal")
        site.poll_at(at(5))
        yield site


def expected(scenario: str) -> list[tuple[str, str, str]]:
    found = expected_alerts(scenario, day=DAY, seed=1)
    return sorted((rule, CODES.get(code, code), "resolved") for rule, code in found)


def moves() -> list[tuple[str, str, str]]:
    """Return what happened to the alerts, those of one batch and rule in order."""
    rows = AlertEvent.objects.order_by("alert__rule", "alert__batch_code", "id")
    return list(rows.values_list("alert__rule", "alert__batch_code", "verb"))


def instants(scenario: str) -> list[datetime]:
    """Return when the scenario is polled, its hours one after the other."""
    return [
        at(0) + timedelta(hours=since) + n * EVERY
        for since, until in HOURS[scenario]
        for n in range(round((until - since) * 4) + 1)
    ]


def differences(scenario: str) -> list[object]:
    """Return what happened if it is not just what should: each alert opened and resolved once."""
    once = [(rule, code, verb) for rule, code, _ in expected(scenario) for verb in ONCE]
    return [] if moves() == once else [moves(), once]


ONCE = ("opened", "resolved")


class TestScenarios:
    def test_hours_are_given_for_each(self) -> None:
        assert HOURS.keys() == SCENARIOS.keys()

    def test_each_gives_exactly_its_alerts_also_when_polls_are_doubled(
        self, site: PlayedSite
    ) -> None:
        wrong = {}
        for scenario in SCENARIOS:
            with undone():
                site.begin(scenario)
                for moment in instants(scenario):
                    before = moves()
                    site.poll_at(moment)
                    if (after := moves()) != before:
                        site.poll_at(moment + timedelta(seconds=2))
                        assert moves() == after, scenario
                if found := differences(scenario):
                    wrong[scenario] = found

        assert wrong == {}

    def test_lasting_ones_do_also_when_polls_are_skipped_killed_and_out_of_order(
        self, site: PlayedSite
    ) -> None:
        for scenario in LASTING:
            with undone():
                site.begin(scenario)
                for n, moment in enumerate(instants(scenario)):
                    if n % 3 == 0:
                        site.poll_at(moment)
                    elif n % 3 == 1:
                        site.be_killed_at(moment)
                        site.poll_at(moment + timedelta(seconds=20))
                        site.store_outdated(moment - timedelta(minutes=3))
                assert differences(scenario) == [], scenario
