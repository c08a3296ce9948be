"""A replay of other terms finds, alert for alert, what live polls with these terms opened."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from alerts.models import Alert
from batchops.ccb.snapshot import SubmissionRow
from batchops.row_history import versions
from monitoring import outlook, replaying, tasks
from monitoring import poll as polling
from monitoring.models import Forecast, MonitoringConfig, Poll, Replay, RuleSetting, Step
from monitoring.past import open_past
from monitoring.queries import monitoring_config
from monitoring.replay import Trial, judge_days, trial_of
from monitoring.rules.catalogue import JUDGED, Setting, Terms
from tests.monitoring.source import START, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
# `make chaos` plays more nights.
SEEDS = range(5, 25) if "BATCHOPS_ROUNDS" in os.environ else [5]
Opened = list[tuple[Any, ...]]  # rule, key, occurrence, opened, resolved
CHANGED = {
    "STUCK": {"stuck_minutes": 31},
    "LOW_THROUGHPUT": {"usual_pct": 90, "polls": 1, "enough_runs": 2},
    "LONG_RUNNING": {"enough_runs": 2},
    "TOO_FAST": {"usual_pct": 100, "enough_runs": 2},
    "LOW_RECORDS": {"usual_pct": 100, "enough_runs": 2},
    "COMPLETED_WITH_ERRORS": {"errors": 5},
    "PENDING_TOO_LONG": {"pending_minutes": 10},
    "JOB_ORPHAN": {"polls": 1},
    "IMD_NOT_DRAINING": {"polls": 1},
    "DEADLINE_AT_RISK": {"risk_pct": 60, "critical_pct": 80, "clear_pct": 50, "polls": 1},
}
CODES = ("CM-DMRU", "D1-IMD", "C1-PPBTR", "CM_BSGGN", "BILLREST", "CM-OWN")
MOVES = (
    ("work", 8),
    ("start", 6),
    ("complete", 6),
    ("fail", 2),
    ("restart", 2),
    ("queue", 2),
    ("unqueue", 1),
    ("odd", 1),
)


class Nights:
    """Play days of CC&B that go as `chance` has them, and poll after every move."""

    def __init__(self, ccb: FakeCcb, chance: random.Random) -> None:
        self.ccb, self.chance, self.number = ccb, chance, 0

    def play(self, polls: int) -> Iterator[FakeCcb]:
        names, weights = zip(*MOVES, strict=True)
        for _ in range(polls):
            for name in self.chance.choices(names, weights, k=2):
                getattr(self, name)()
            self.ccb.imd = self.chance.choice([0, 500, 500, 400, None])
            yield self.ccb
            self.ccb.advance(minutes=self.chance.choice([2, 15, 30, 45, 90]))

    def start(self) -> None:
        self.number += 1
        status = self.chance.choice(["20", "20", "10"])
        code = self.chance.choice(CODES)
        self.ccb.count(self.ccb.run(code, self.number, status=status, started_at=self.ccb.clock), 0)

    def work(self) -> None:
        for key in self._in("10", "20"):
            if self.chance.random() < 0.6:
                self.ccb.run(key.batch_cd, key.batch_nbr)
                self._count(key, self.chance.choice([10, 5_000, 90_000]))

    def complete(self) -> None:
        for key in self._in("20")[:1]:
            self._count(key, self.chance.choice([0, 40_000]), errors=self.chance.choice([0, 0, 50]))
            self.ccb.complete(key.batch_cd, key.batch_nbr)

    def fail(self) -> None:
        for key in self._in("20")[:1]:
            self.ccb.fail(key.batch_cd, key.batch_nbr)

    def restart(self) -> None:
        for key in self._in("30")[:1]:
            self.ccb.run(key.batch_cd, key.batch_nbr, ended_at=None)
            known = self.ccb.progress[key]
            more: dict[str, Any] = {
                "instances": known.instances + 4,
                "last_started_at": self.ccb.clock,
            }
            self.ccb.progress[key] = replace(known, **more)

    def odd(self) -> None:
        for key in self._in("20")[:1]:
            self.ccb.run(key.batch_cd, key.batch_nbr, status="xx")

    def queue(self) -> None:
        self.number += 1
        key = self.chance.choice([None, *self._in("30", "40")])
        code, nbr = (key.batch_cd, key.batch_nbr) if key else (self.chance.choice(CODES), 0)
        status = "ST" if key else "PD"
        job_id, clock = f"{self.number:014}", self.ccb.clock
        row = SubmissionRow(job_id, code, nbr, 0, status, clock, 1, None, "ONL", "X")
        self.ccb.submissions.append(row)

    def unqueue(self) -> None:
        if self.ccb.submissions:
            del self.ccb.submissions[0]

    def _in(self, *statuses: str) -> list[Any]:
        keys = [key for key, row in self.ccb.runs.items() if row.run_status in statuses]
        return self.chance.sample(keys, len(keys))

    def _count(self, key: Any, records: int, *, errors: int = 0) -> None:
        known = self.ccb.progress[key]
        more: dict[str, Any] = {
            "records": known.records + records,
            "heartbeat": known.heartbeat + records,
        }
        self.ccb.progress[key] = replace(known, **more, errors=errors)


def opened_live(clocks: dict[int, datetime]) -> Opened:
    """Return what polls opened and resolved, by CC&B's clock at the poll."""
    times = {poll.started_at + timedelta(seconds=poll.took_s): clocks[poll.pk] for poll in polls()}

    def by_ccb(moment: datetime | None) -> datetime | None:
        nearest = moment and min(times, key=lambda at: abs(at - moment))
        return nearest and times[nearest]

    return sorted(
        (a.rule, a.key, a.occurrence, by_ccb(a.opened_at), by_ccb(a.resolved_at))
        for a in Alert.objects.filter(rule__in=JUDGED)
    )


def polls() -> list[Poll]:
    return list(Poll.objects.order_by("started_at"))


def replayed(trials: list[Trial], which: int) -> Opened:
    return sorted(
        (trial.rule, told.finding.key, told.occurrence, told.opened_at, told.resolved_at)
        for trial in trials
        for told in trial.ledgers[which].told
    )


def replay_all(rules: dict[str, dict[str, int]]) -> list[Trial]:
    days = sorted({poll.business_date for poll in polls() if poll.business_date})
    trials = [trial_of(_setting(rule, rules)) for rule in JUDGED]
    for trial in trials:
        judge_days(trial, open_past(monitoring_config()), days, tell=lambda *_: None)
    return trials


def _setting(rule: str, rules: dict[str, dict[str, int]]) -> Setting:
    held = RuleSetting.objects.get(rule=rule, step=None)
    return Setting(rule, "", Terms(thresholds=rules.get(rule, held.thresholds)))


def foreseen(poll: Poll) -> None:
    """Forecast the day as the minute has it; so few days would give no forecast."""
    assert poll.source_at and poll.business_date
    chance = random.Random(poll.source_at.isoformat()).choice([10.0, 45.0, 70.0])
    lasting = {f"p{n}_at": poll.source_at + timedelta(minutes=n) for n in (10, 50, 90)}
    Forecast.objects.create(
        business_date=poll.business_date,
        at=poll.source_at,
        deadline_at=poll.source_at + timedelta(hours=1),
        days=20,
        compared={"kind": "ordinary", "weekday": None, "from": None, "to": None},
        miss_pct=chance,
        **lasting,
    )


@pytest.fixture
def nights(ccb: FakeCcb, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Opened]:
    """Return a function that plays the nights of a seed through real polls."""
    MonitoringConfig.objects.update(poll_minutes=20)
    monkeypatch.setattr(outlook, "foresee", foreseen)

    def play(seed: int) -> Opened:
        fresh = FakeCcb(clock=START - timedelta(days=3))
        monkeypatch.setattr(polling, "read_snapshot", fresh.read_snapshot)
        clocks = {}
        for state in Nights(fresh, random.Random(seed)).play(36):
            clocks[polling.poll_now(actor="system:test").pk] = state.clock
        return opened_live(clocks)

    return play


class TestReplay:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_it_finds_alert_for_alert_what_live_polls_with_these_terms_opened(
        self, nights: Callable[[int], Opened], seed: int
    ) -> None:
        with transaction.atomic():
            for rule, thresholds in CHANGED.items():
                RuleSetting.objects.filter(rule=rule).update(thresholds=thresholds)
            live_with_changed = nights(seed)
            transaction.set_rollback(True)

        live_as_set = nights(seed)
        trials = replay_all(CHANGED)

        assert live_as_set != live_with_changed
        assert replayed(trials, 0) == live_as_set
        assert replayed(trials, 1) == live_with_changed
        # Chance does not bring each of them in every night.
        wanted = {"STUCK", "LOW_THROUGHPUT", "DEADLINE_AT_RISK"}
        assert {rule for rule, *_ in live_with_changed} & wanted
        assert seed != SEEDS[0] or wanted <= {rule for rule, *_ in live_with_changed}


ADDRESS = "/admin/runs/rules/STUCK/?step=CM-DMRU"


def late_reads(ccb: FakeCcb, poll: Callable[[], Poll]) -> None:
    """Have a run stand still for 45 minutes and then end in good time, and another fail."""
    keys = [ccb.run("CM-DMRU"), ccb.run("CM_BSGGN")]
    for _ in range(4):
        for key in keys:
            ccb.count(key, 1_000)
        poll()
        ccb.advance(minutes=15)
    ccb.count(ccb.complete("CM-DMRU"), 90_000)
    ccb.fail("CM_BSGGN")
    poll()


def asked(client: Client, address: str, **terms: Any) -> str:
    """Ask for a replay, have it done as the cluster would, and return its page's address."""
    response = client.post(address, {"enabled": "on", **terms})
    assert response.status_code == 302
    tasks.replay()
    return response["Location"]


class TestPage:
    def test_it_tells_what_would_have_alerted_how_early_and_what_was_noise(
        self, ccb: FakeCcb, poll: Callable[[], Poll]
    ) -> None:
        late_reads(ccb, poll)

        page = asked(client_of("Supervisor"), "/admin/runs/rules/STUCK/", stuck_minutes=30)

        result = Replay.objects.get().result or {}
        assert (result["days_watched"], result["polls"]) == (1, 5)
        assert result["held"]["alerts"] == 0
        assert result["tried"] == {
            "alerts": 2,
            "days": 1,
            "noise": 1,
            "undecided": 0,
            "lead_median_s": 1800,
        }
        shown = client_of("Administrator").get(page).content.decode()
        assert "Noise: in time, as usual" in shown
        assert "The run failed" in shown

    def test_terms_are_taken_over_once_with_their_history(
        self, ccb: FakeCcb, poll: Callable[[], Poll]
    ) -> None:
        late_reads(ccb, poll)
        client = client_of("Supervisor")
        page = asked(client, ADDRESS, stuck_minutes=30)

        first = client.post(f"{page}apply/")
        again = client.post(f"{page}apply/")

        own = RuleSetting.objects.get(rule="STUCK", step__batch_code="CM-DMRU")
        assert (first.status_code, again.status_code) == (302, 302)
        assert (own.enabled, own.thresholds) == (True, {"stuck_minutes": 30})
        assert [v.who for v in versions(own, viewer="somebody")] == ["supervisor"]
        assert "taken over by you" in client.get(page).content.decode()

    def test_a_steps_own_limits_are_tried_and_taken_over_too(self, ccb: FakeCcb, poll: Any) -> None:
        late_reads(ccb, poll)
        client = client_of("Supervisor")
        address = "/admin/runs/rules/LONG_RUNNING/?step=CM_BSGGN"
        held = {"enough_runs": 10, "max_minutes": 240}

        bad = client.post(address, {"enabled": "on", **held, "max_minutes": 5})
        Step.objects.filter(batch_code="CM_BSGGN").update(expected_minutes=20)
        page = asked(client, address, **{**held, "max_minutes": 30})
        client.post(f"{page}apply/")

        assert bad.status_code == 400
        assert "raise the maximum" in bad.content.decode()
        assert (Replay.objects.get().result or {})["tried"]["alerts"] == 1
        assert Step.objects.get(batch_code="CM_BSGGN").max_minutes == 30

    @pytest.mark.parametrize("step", ["CM-DMRU", None])
    def test_they_are_refused_when_somebody_changed_the_setting_meanwhile(
        self, step: str | None
    ) -> None:
        client = client_of("Supervisor")
        page = asked(client, ADDRESS, stuck_minutes=30)
        where = Step.objects.filter(batch_code=step).first()
        RuleSetting.objects.update_or_create(
            rule="STUCK", step=where, defaults={"thresholds": {"stuck_minutes": 50}}
        )

        refused = client.post(f"{page}apply/")

        assert refused.status_code == 409
        assert "Somebody changed how STUCK judges" in refused.content.decode()
        assert not RuleSetting.objects.filter(thresholds={"stuck_minutes": 30}).exists()

    def test_what_is_not_done_cannot_be_taken_over_and_a_dead_worker_s_is_done_by_the_next(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = client_of("Supervisor")
        with monkeypatch.context() as patch:
            patch.setattr(replaying, "replay", killed)
            with pytest.raises(KeyboardInterrupt):
                asked(client, ADDRESS, stuck_minutes=30)
        waiting = Replay.objects.get()

        early = client.post(f"/admin/runs/replays/{waiting.pk}/apply/")
        tasks.replay()

        waiting.refresh_from_db()
        assert early.status_code == 409
        assert (waiting.state, waiting.tries) == ("done", 2)

    def test_one_that_kills_each_worker_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        client_of("Supervisor").post(ADDRESS, {"enabled": "on"})
        Replay.objects.update(tries=3)

        tasks.replay()

        failed = Replay.objects.get()
        assert failed.state == "failed"
        assert "never came to its end" in failed.error

    def test_an_operator_neither_sees_nor_asks(self) -> None:
        client = client_of("Operator")

        assert client.get(ADDRESS).status_code == 403
        assert client.post(ADDRESS, {"enabled": "on"}).status_code == 403
        assert "Replay a rule" not in client.get("/admin/runs/steps/CM-DMRU/").content.decode()

    def test_it_is_reached_from_the_settings_and_the_step(self) -> None:
        client, setting = client_of("Supervisor"), RuleSetting.objects.get(rule="STUCK", step=None)

        settings_page = client.get(f"/admin/monitoring/rulesetting/{setting.pk}/change/")
        step_page = client.get("/admin/runs/steps/CM-DMRU/")

        assert 'href="/admin/runs/rules/STUCK/"' in settings_page.content.decode()
        assert f'href="{ADDRESS}"' in step_page.content.decode()


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
