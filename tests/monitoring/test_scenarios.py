"""Every scenario of the simulator, read from real tables over a real connection, gives exactly its
alerts: opened once, resolved once, also when polls are doubled, skipped, killed or out of order."""

import os
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse

from alerts.models import Alert, AlertEvent
from batchops.ccb.simulator import Simulator
from batchops.ccb.simulator.scenarios import SCENARIOS, expected_alerts
from monitoring import accuracy
from monitoring.models import Forecast, ForecastTest, MonitoringConfig
from tests.ccb.conftest import CcbDatabase, make_database, reader, server
from tests.monitoring.played import DAY, PlayedSite, at, undone
from tests.people import client_of

__all__ = ["make_database", "reader", "server"]
pytestmark = pytest.mark.django_db
CODES = {"BILLREST": "BILLRESTSMS"}
# When each scenario is polled: before, while and after its alerts have cause to open and to end.
CLOCKS = {
    "normal": "05:45 06:15 08:00 10:15 11:45 14:45 23:00",
    "failure-and-restart": "07:15 07:30 07:45",
    "first-step-fails": "06:15 07:15 07:45 08:15",
    "stuck": "06:15 06:30 07:15 07:45 08:45",
    "killed-worker": "10:45 11:00 11:45 12:15 12:30",
    "long-running": "14:15 16:15 17:30",
    "month-end": "11:45 14:00 15:15",
    "late-start": "05:45 08:00 08:15",
    "low-records": "10:00 13:45 14:00",
    "too-fast": "09:45 13:45 14:00",
    "low-throughput": "11:15 11:30 11:45 14:00",
    "completed-with-errors": "10:00 13:45 14:00",
    "pending-too-long": "13:45 14:15 14:30",
    "job-orphan": "10:00 10:15 11:00",
    "unknown-status": "13:30 13:45 14:30",
    "hand-repaired": "13:45 14:00 14:15 15:00 15:30",
    "purged-run": "13:45 14:00 15:00 15:30",
    "out-of-order": "12:15 13:15",
    "two-at-once": "09:30 09:45 10:00",
    "rerun": "16:15 16:30 17:45",
    "imd-until-zero": "07:15 07:30 08:00 08:30 09:30",
    "imd-not-draining": "10:30 10:45 11:00 11:15 12:00",
    "flush-noise": "10:15 10:30 11:00",
    "source-down": "08:00 08:15 08:45 09:00 09:30",
}
ONCE = ("opened", "resolved")
# `make chaos` disturbs all that can be: of a source that is down nothing is stored.
ALL = sorted(SCENARIOS.keys() - {"source-down"})
DISTURBED = ALL if "BATCHOPS_ROUNDS" in os.environ else ["stuck", "hand-repaired"]


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
    """Return when the scenario is polled."""
    return [at(*map(int, clock.split(":"))) for clock in CLOCKS[scenario].split()]


def differences(scenario: str) -> list[object]:
    """Return what happened if it is not just what should: each alert opened and resolved once."""
    once = [(rule, code, verb) for rule, code, _ in expected(scenario) for verb in ONCE]
    return [] if moves() == once else [moves(), once]


class TestScenarios:
    def test_each_is_played_here(self) -> None:
        assert CLOCKS.keys() == SCENARIOS.keys()

    def test_each_gives_exactly_its_alerts(self, site: PlayedSite) -> None:
        wrong = {}
        for scenario in SCENARIOS:
            with undone():
                site.begin(scenario)
                for moment in instants(scenario):
                    site.poll_at(moment)
                if found := differences(scenario):
                    wrong[scenario] = found

        assert wrong == {}

    @pytest.mark.parametrize("scenario", DISTURBED)
    def test_it_does_so_when_polls_are_doubled_skipped_killed_midway_and_out_of_order(
        self, site: PlayedSite, scenario: str
    ) -> None:
        site.begin(scenario)
        for n, moment in enumerate(instants(scenario)):
            if n % 2:
                site.be_killed_at(moment)
            site.poll_at(moment + timedelta(seconds=20))
            site.store_outdated(moment)
            before = moves()
            site.poll_at(moment + timedelta(seconds=22))
            assert moves() == before

        assert differences(scenario) == []


class TestLateDay:
    """A day that misses its deadline: SMS go on until 17:23, and 17:00 is what was promised."""

    def test_the_risk_rises_it_is_announced_before_the_miss_and_counted_the_next_day(
        self, site: PlayedSite
    ) -> None:
        MonitoringConfig.objects.update(day_deadline=time(17))
        site.begin("long-running")
        for clock in ("14:45", "15:15", "15:30", "15:45", "16:00", "16:15", "16:30", "16:45"):
            site.poll_at(at(*map(int, clock.split(":"))))
        made = list(Forecast.objects.filter(business_date=DAY).order_by("at"))
        risks = [forecast.miss_pct or 0 for forecast in made]
        alert = Alert.objects.get(rule="DEADLINE_AT_RISK")

        assert risks == sorted(risks)
        assert risks[0] < 5 < 80 < risks[-1]
        assert alert.opened_at <= at(16, 30)
        assert alert.severity == "CRITICAL"
        assert made[-1].because[0]["code"] == "BILLRESTSMS"

        site.poll_at(at(17, 30))
        tomorrow = DAY + timedelta(days=1)
        site.poll_at(at(17, 30) + timedelta(hours=12))
        while accuracy.test_some(site.now):
            pass
        test = ForecastTest.objects.get(business_date=DAY)
        found = accuracy.accuracy()
        shown = client_of("Viewer").get(reverse("admin:accuracy")).text

        alert.refresh_from_db()
        assert alert.state == "resolved"
        assert site.now >= at(5) + timedelta(days=1)
        assert Forecast.objects.filter(business_date=tomorrow).exists()
        assert test.missed
        assert alert.opened_at == at(5) + timedelta(seconds=test.announced_s or 0)
        assert (found.warnings.missed, found.warnings.announced) == (1, 1)
        row = shown.split(f'id="tested-{DAY}"')[1].split("</tr>")[0]
        assert "missed" in row
