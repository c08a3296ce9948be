from __future__ import annotations

import os
import secrets
import signal
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from batchops.ccb import client
from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import NotASimulation
from batchops.ccb.simulator import Simulator
from batchops.ccb.simulator.plan import plan_day
from batchops.ccb.simulator.scenarios import MIXTURES, SCENARIOS, scenario_of
from batchops.ccb.simulator.tables import measured
from batchops.ccb.snapshot import RunKey, RunRow, Snapshot
from tests.ccb.conftest import TODAY, ZONE, CcbDatabase, at
from tests.ccb.here import read_here
from tests.waiting import wait_for

pytestmark = pytest.mark.sql
OPTIONS = (
    "--days",
    "2",
    "--agreements",
    "0",
    "--speed",
    "7200",
    "--scenario",
    "failure-and-restart",
)
SECRET_KEY = secrets.token_urlsafe(50)
TABLES = "CI_BATCH_RUN CI_BATCH_THD CI_BATCH_INST CI_BATCH_JOB CI_MSG_LOG"
EVERYTHING = at(0, day=date(2020, 1, 1))


def snapshot_of(
    database: CcbDatabase, *, since: datetime = EVERYTHING, keys: Collection[RunKey] = ()
) -> Snapshot:
    return read_snapshot(since=since, keys=keys, url=database.reader_url)


def has_passed(simulator: Simulator, moment: datetime) -> bool:
    return simulator.clock() > moment


def dump(database: CcbDatabase) -> dict[str, list[tuple[Any, ...]]]:
    with database.server.connect(database.name) as session:
        return {
            table: session.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()
            for table in TABLES.split()
        }


@pytest.fixture(scope="module")
def history(make_database: Callable[[], CcbDatabase]) -> Snapshot:
    """Read 400 days of history, as the first poll of a console does."""
    database = make_database()
    simulator = database.simulator(history_days=400, scenario="demo")
    simulator.prepare(today=TODAY)
    simulator.close()
    return snapshot_of(database)


class TestHistory:
    def test_it_holds_400_business_days_of_every_batch(self, history):
        per_code = Counter(run.key.batch_cd for run in history.runs)
        days = {run.business_date for run in history.runs}
        assert len(days) == 400
        assert max(days) == TODAY - timedelta(days=1)
        assert per_code["CM-DMRU"] == per_code["CM_BSGGN"] == per_code["BILLREST"] == 400
        assert per_code["D1-IMD"] == 5 * 400

    def test_it_looks_like_the_six_steps(self, history):
        records = {row.key: row.records for row in history.progress}
        seconds: dict[str, list[float]] = defaultdict(list)
        pace: dict[str, list[float]] = defaultdict(list)
        for run in history.runs:
            took = (run.ended_at - run.started_at).total_seconds()
            seconds[run.key.batch_cd].append(took)
            pace[run.key.batch_cd].append(records[run.key] / took)

        def median_minutes(code: str) -> float:
            return statistics.median(seconds[code]) / 60

        assert 120 < median_minutes("CM-DMRU") < 140
        assert 105 < median_minutes("CM_BSGGN") < 135
        assert 40 < median_minutes("BILLREST") < 52
        assert 1 < median_minutes("F1-FLUSH") < 5
        for code in ("CM-DMRU", "D1-IMD", "CM_BSGGN"):
            assert statistics.quantiles(pace[code], n=20)[1] > 20
        assert statistics.stdev(seconds["CM-DMRU"]) > 300

    def test_no_run_is_impossible(self, history):
        progress = {row.key: row for row in history.progress}
        by_code: dict[str, list[RunRow]] = defaultdict(list)
        for run in history.runs:
            by_code[run.key.batch_cd].append(run)

        assert {run.run_status for run in history.runs} == {"40"}
        for runs in by_code.values():
            numbers = [run.key.batch_nbr for run in runs]
            assert numbers == list(range(numbers[0], numbers[0] + len(runs)))
            for earlier, later in pairwise(runs):
                assert earlier.started_at and earlier.ended_at and later.started_at
                assert earlier.started_at < earlier.ended_at < later.started_at
        for run in history.runs:
            row = progress[run.key]
            assert row.open_instances == 0
            assert row.first_started_at == run.started_at
            assert row.last_ended_at == run.ended_at

    def test_some_days_had_a_failure_that_was_restarted_on_its_key(self, history):
        restarted = [row for row in history.progress if row.instances > row.threads]

        assert 10 < len(restarted) < 60

    def test_it_is_the_same_for_the_same_seed(self, make_database):
        first, second = (make_database().simulator(history_days=5, seed=3) for _ in range(2))
        for simulator in (first, second):
            simulator.prepare(today=TODAY)
            simulator.advance(to=at(12))
            simulator.close()

        found = []
        for simulator in (first, second):
            with psycopg.connect(simulator.url) as session:
                found.append(session.execute("SELECT * FROM CI_BATCH_INST ORDER BY 5").fetchall())
        assert found[0] == found[1]
        assert found[0]


class TestDay:
    @pytest.fixture(autouse=True)
    def _read_here(self, monkeypatch):
        monkeypatch.setattr(client, "read_lines", read_here)

    def test_a_restart_goes_30_20_40_on_one_key_with_new_executions_of_failed_threads_only(
        self, make_database
    ):
        database = make_database()
        simulator = database.simulator(scenario="failure-and-restart", seed=5)
        simulator.prepare(today=TODAY)
        plan = plan_day(TODAY, seed=5, scenario="failure-and-restart", zone=ZONE)
        run = next(run for run in plan.runs if any(e.failed for e in run.executions))
        failed = [e for e in run.executions if e.failed]
        failed_at = max(e.ended_at for e in failed)
        again_at = max(e.started_at for e in run.executions)
        seen = []
        for moment in (failed_at, again_at, run.ended_at):
            simulator.advance(to=moment + timedelta(seconds=2))
            snapshot = snapshot_of(database)
            key = next(row.key for row in snapshot.runs if row.started_at == run.started_at)
            seen.append((snapshot, key))
        simulator.close()

        keys = {key for _, key in seen}
        statuses = [
            next(r.run_status for r in snapshot.runs if r.key == key) for snapshot, key in seen
        ]
        progress = [next(r for r in snapshot.progress if r.key == key) for snapshot, key in seen]
        assert len(keys) == 1
        assert statuses == ["30", "20", "40"]
        assert progress[1].instances == progress[0].instances + len(failed)
        assert progress[0].records <= progress[1].records < progress[2].records
        assert progress[2].records == sum(e.records for e in run.executions)
        last = max(seen[0][0].messages, key=lambda m: (m.scheduler_id, m.sequence))
        assert failed[0].error in last.text
        assert "%" not in last.text.replace(failed[0].error, "")
        methods = {s.method for s in seen[2][0].submissions if s.batch_cd == run.profile.code}
        assert "ONLN" in methods

    def test_what_is_read_is_what_was_planned(self, make_database):
        database = make_database()
        simulator = database.simulator(seed=9)
        simulator.prepare(today=TODAY)
        for hour in (6, 8, 12, 15, 23):
            simulator.advance(to=at(hour))
        simulator.close()
        plan = plan_day(TODAY, seed=9, scenario="normal", zone=ZONE)

        snapshot = snapshot_of(database)

        assert snapshot.clock == at(23)
        assert [(r.key.batch_cd, r.started_at, r.ended_at) for r in snapshot.runs] == sorted(
            (r.profile.code, r.started_at, r.ended_at) for r in plan.runs
        )
        planned: Counter[str] = Counter()
        for run in plan.runs:
            planned[run.profile.code] += sum(e.records for e in run.executions)
        read: Counter[str] = Counter()
        for row in snapshot.progress:
            read[row.key.batch_cd] += row.records
        assert read == planned
        assert {s.status for s in snapshot.submissions} == {"ED"}
        assert not [row for row in snapshot.imd if row.status == "PENDING"]

    def test_counts_and_heartbeats_only_grow_and_pending_follows_the_plan(self, make_database):
        database = make_database()
        simulator = database.simulator()
        simulator.prepare(today=TODAY)
        plan = plan_day(TODAY, seed=1, scenario="normal", zone=ZONE)
        last: dict[RunKey, tuple[int, int]] = {}
        for minute in range(5, 300, 25):
            moment = at(5) + timedelta(minutes=minute)
            simulator.advance(to=moment)
            snapshot = snapshot_of(database)
            for row in snapshot.progress:
                now = (row.records, row.heartbeat)
                assert now >= last.get(row.key, (0, 0))
                last[row.key] = now
            came, worked, _ = measured(plan, moment)
            pending = sum(row.count for row in snapshot.imd if row.status == "PENDING")
            assert pending == came - worked >= 0
        simulator.close()

    def test_moves_of_any_length_write_each_measurement_once(self, make_database):
        database = make_database()
        simulator = database.simulator()
        simulator.prepare(today=TODAY)
        plan = plan_day(TODAY, seed=1, scenario="normal", zone=ZONE)
        moment = plan.arrivals[0].since
        for tenths in (7, 603, 612, 1, 9, 3, 599, 604, 25, 6001):
            moment += timedelta(seconds=tenths / 10)
            simulator.advance(to=moment)
        simulator.close()

        came, worked, _ = measured(plan, simulator.clock())
        (pending,) = {sum(row.count for row in snapshot_of(database).imd)}
        simulator.close()
        assert pending == came - worked > 0

    def test_a_stuck_run_is_open_and_stands_still_for_over_an_hour(self, make_database):
        database = make_database()
        simulator = database.simulator(scenario="stuck")
        simulator.prepare(today=TODAY)
        plan = plan_day(TODAY, seed=1, scenario="stuck", zone=ZONE)
        stands_at = next(e.wait.since for run in plan.runs for e in run.executions if e.wait)
        seen = []
        for minutes in (1, 70):
            simulator.show(at=stands_at + timedelta(minutes=minutes))
            snapshot = snapshot_of(database)
            (row,) = [r for r in snapshot.progress if r.key.batch_cd == "CM-DMRU"]
            (status,) = [r.run_status for r in snapshot.runs if r.key.batch_cd == "CM-DMRU"]
            seen.append((status, row.records, row.heartbeat, row.open_instances > 0))
        simulator.close()

        assert seen[0] == seen[1]
        assert seen[0][0] == "20"
        assert seen[0][3]

    def test_a_late_day_starts_after_the_grace(self):
        first = plan_day(TODAY, seed=1, scenario="late-start", zone=ZONE).runs[0]

        assert first.profile.code == "CM-DMRU"
        assert first.started_at > at(5, 30)

    def test_days_roll_on_and_old_rows_go(self, make_database):
        database = make_database()
        simulator = database.simulator(history_days=3)
        simulator.prepare(today=TODAY)
        for day in range(1, 5):
            simulator.advance(to=at(9, day=TODAY + timedelta(days=day)))
        simulator.close()

        rows = dump(database)
        days = sorted({row[4].date() for row in rows["CI_BATCH_RUN"]})
        keys = {row[:3] for row in rows["CI_BATCH_RUN"]}
        assert days == [TODAY + timedelta(days=n) for n in range(1, 5)]
        assert {row[:3] for row in rows["CI_BATCH_THD"]} == keys
        assert {row[:3] for row in rows["CI_BATCH_INST"]} == keys

    def test_keys_asked_for_are_read_wherever_they_stand(self, ccb):
        simulator = ccb.simulator()
        simulator.advance(to=at(23))
        simulator.close()
        old = [run.key for run in snapshot_of(ccb).runs]
        gone = RunKey("CM-DMRU", 999_999, 0)

        snapshot = snapshot_of(ccb, since=at(23), keys=[*old * 2, gone])

        assert len(old) < len(old * 2)
        assert {run.key for run in snapshot.runs} == set(old)
        assert {row.key for row in snapshot.progress} == set(old)
        assert snapshot.missing == (gone,)


class TestScenarios:
    def test_every_mixture_is_made_of_scenarios(self):
        assert {name for weights in MIXTURES.values() for name in weights} <= set(SCENARIOS)

    def test_a_demo_shows_a_failure_now_and_then_and_the_same_for_a_seed(self):
        days = [TODAY + timedelta(days=n) for n in range(60)]
        drawn = [scenario_of(day, seed=1, wanted="demo") for day in days]

        assert 8 < drawn.count("failure-and-restart") < 30
        assert 8 < drawn.count("normal") < 30
        assert len(set(drawn)) > 8
        assert drawn == [scenario_of(day, seed=1, wanted="demo") for day in days]

    @pytest.mark.parametrize("scenario", sorted(SCENARIOS))
    def test_every_day_of_a_year_ends_before_the_next_begins(self, scenario):
        for offset in range(0, 365, 7):
            day = TODAY + timedelta(days=offset)
            plan = plan_day(day, seed=2, scenario=scenario, zone=ZONE)
            assert max(run.ended_at for run in plan.runs) < at(5, day=day + timedelta(days=1))
            assert min(run.appears_at for run in plan.runs) >= at(5, day=day)
            came, worked, _ = measured(plan, at(4, 59, day=day + timedelta(days=1)))
            assert came == worked


@pytest.mark.processes
class TestCommand:
    def start(self, database: CcbDatabase) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "simulate_ccb", *OPTIONS, "--reader", database.reader],
            cwd=settings.BASE_DIR,
            env=os.environ | {"CCB_OWNER_URL": database.owner_url, "SECRET_KEY": SECRET_KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_killed_at_any_moment_it_goes_on_as_if_it_had_not_been(self, make_database):
        killed, whole = make_database(), make_database()
        simulator, untouched = (
            database.simulator(history_days=2, scenario="failure-and-restart")
            for database in (killed, whole)
        )
        for one in (simulator, untouched):
            one.prepare(today=TODAY)
        for moment in (at(5, 40), at(11)):
            process = self.start(killed)
            wait_for(partial(has_passed, simulator, moment), 30, f"{moment}")
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert simulator.clock() < at(23)
        for one in (simulator, untouched):
            one.advance(to=at(23))
            one.close()

        assert dump(killed) == dump(whole)

    def test_a_second_one_on_the_same_database_refuses(self, ccb):
        simulator = ccb.simulator()
        assert simulator.hold()

        process = self.start(ccb)
        output, _ = process.communicate(timeout=30)

        simulator.close()
        assert process.returncode == 1
        assert "Another simulate_ccb plays in this database already" in output

    def test_it_stops_in_order_when_asked(self, make_database):
        process = self.start(make_database())
        assert any("ready" in line for line in process.stdout or ())
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=10) == 0

    def test_it_never_plays_in_a_database_that_it_did_not_make(self, make_database):
        database = make_database()
        database.execute("CREATE TABLE CI_BATCH_RUN (N INT)")

        with pytest.raises(NotASimulation, match="Nothing was changed"):
            database.simulator().prepare(today=TODAY)

    def test_without_a_database_it_says_what_to_set(self, settings):
        with pytest.raises(CommandError, match="CCB_OWNER_URL"):
            call_command("simulate_ccb", url="")
