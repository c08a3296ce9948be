"""What every scenario writes could stand in OUAF's tables, at every instant, with any dice."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from batchops.ccb.client import read_snapshot
from batchops.ccb.errors import CcbRefused
from batchops.ccb.simulator.plan import plan_day
from batchops.ccb.simulator.planned import DayPlan, PlannedRun
from batchops.ccb.simulator.profiles import ORDINARY, PATTERNS, PROFILES, Pattern, class_of
from batchops.ccb.simulator.scenarios import SCENARIOS, expected_alerts
from batchops.ccb.simulator.tables import TABLES, measured, tables_at
from tests.ccb.conftest import TODAY, ZONE, CcbDatabase, at

NUMBERS = {profile.code: 1000 for profile in PROFILES}
DAY_MINUTES = 24 * 60
Record = dict[str, Any]
Held = dict[str, dict[tuple[Any, ...], Record]]

# As definitions.md has the workflow: expected start, grace and the longest a run may take.
MAX_MINUTES = {
    "CM-DMRU": 240,
    "D1-IMD": 120,
    "C1-PPBTR": 60,
    "F1-FLUSH": 30,
    "CM_BSGGN": 240,
    "BILLREST": 120,
}

plans = st.builds(
    plan_day,
    st.dates(date(2024, 1, 1), date(2031, 12, 31)),
    seed=st.integers(0, 10**6),
    scenario=st.sampled_from(sorted(SCENARIOS)),
    zone=st.just(ZONE),
    pattern=st.sampled_from(sorted(PATTERNS.values(), key=str)),
)
minutes_of_day = st.lists(st.integers(0, DAY_MINUTES), min_size=3, max_size=8).map(sorted)


def held(plan: DayPlan, moment: datetime) -> Held:
    rows, _ = tables_at(plan, moment, numbers=NUMBERS, zone=ZONE)
    return {
        table.name: {
            row[: table.key]: dict(zip(table.columns, row, strict=True))
            for row in rows.get(table.name, [])
        }
        for table in TABLES
    }


def instants(plan: DayPlan, minutes: list[int]) -> list[datetime]:
    return [at(5, day=plan.day) + timedelta(minutes=n) for n in minutes]


def under(run: tuple[Any, ...], rows: dict[tuple[Any, ...], Record]) -> list[Record]:
    return [row for key, row in rows.items() if key[:3] == run]


class TestEveryInstant:
    @settings(max_examples=60, deadline=None)
    @given(plan=plans, minutes=minutes_of_day)
    def test_rows_are_legal_and_belong_together(self, plan, minutes):
        for moment in instants(plan, minutes):
            tables = held(plan, moment)
            runs, threads = tables["CI_BATCH_RUN"], tables["CI_BATCH_THD"]
            instances, jobs = tables["CI_BATCH_INST"], tables["CI_BATCH_JOB"]

            for key, run in runs.items():
                assert_run_follows_its_threads(run, under(key, threads), under(key, instances))
            assert {key[:4] for key in instances} <= set(threads)
            assert {key[:3] for key in threads} == set(runs)
            assert {key[:1] for key in tables["CI_MSG_LOG"]} <= {key[4:] for key in instances}
            assert {key[:2] for key in tables["CI_MSG_LOGPARM"]} == set(tables["CI_MSG_LOG"])
            assert {key[:1] for key in tables["CI_BATCH_JOB_PRM"]} <= set(jobs)
            for job in jobs.values():
                assert_submission_is_legal(job, purged=plan.scenario == "purged-run", runs=runs)
            came, worked, failed = measured(plan, moment)
            assert 0 <= failed <= worked <= came

    @settings(max_examples=60, deadline=None)
    @given(plan=plans, minutes=minutes_of_day)
    def test_counters_only_grow_and_every_change_raises_a_version(self, plan, minutes):
        for earlier, later in pairwise(instants(plan, minutes)):
            before, after = held(plan, earlier), held(plan, later)
            assert measured(plan, earlier) <= measured(plan, later)
            for table in TABLES:
                for key, row in before[table.name].items():
                    if key in after[table.name]:
                        assert_grew(row, after[table.name][key])
                    else:
                        assert plan.scenario == "purged-run"

    @settings(max_examples=60, deadline=None)
    @given(plan=plans)
    def test_the_day_is_over_before_the_next_begins_and_all_is_worked_off(self, plan):
        end = at(4, 59, day=plan.day + timedelta(days=1))
        tables = held(plan, end)

        assert max(run.rests_at for run in plan.runs) < end
        assert min(run.appears_at for run in plan.runs) >= at(5, day=plan.day)
        assert {run["RUN_STATUS"] for run in tables["CI_BATCH_RUN"].values()} == {"40"}
        statuses = {job["BATCH_JOB_STAT_FLG"] for job in tables["CI_BATCH_JOB"].values()}
        assert statuses in ({"ED"}, {"ED", "CA"})
        came, worked, _ = measured(plan, end)
        assert came == worked

    @settings(max_examples=30, deadline=None)
    @given(plan=plans)
    def test_counts_appear_at_commits_alone(self, plan):
        commits = {profile.code: profile.commit for profile in PROFILES}
        for moment in instants(plan, list(range(0, DAY_MINUTES, 110))):
            for row in held(plan, moment)["CI_BATCH_INST"].values():
                if row["END_DTTM"] is None:
                    assert row["REC_PROC_CNT"] % commits[row["BATCH_CD"]] == 0
                    assert row["VERSION"] == 1 + row["REC_PROC_CNT"] // commits[row["BATCH_CD"]]


def assert_run_follows_its_threads(
    run: Record, threads: list[Record], instances: list[Record]
) -> None:
    statuses = {thread["THREAD_STATUS"] for thread in threads}
    assert statuses <= {"10", "20", "30", "40"}
    if run["RUN_STATUS"] == "20":
        assert statuses & {"10", "20"}
    elif run["RUN_STATUS"] == "30":
        assert "30" in statuses
        assert run["END_DTTM"] is not None
    elif run["RUN_STATUS"] == "40":
        assert statuses == {"40"}
        by_hand = run["DO_NOT_RESTART_SW"] == "Y"
        assert (run["END_DTTM"] is None) == by_hand
    else:
        assert run["RUN_STATUS"] == "50"
    ends = [row["END_DTTM"] for row in instances]
    if run["RUN_STATUS"] in {"30", "40"} and None not in ends:
        assert run["END_DTTM"] == max(ends)
    for row in instances:
        assert row["START_DTTM"] >= run["START_DTTM"]
        assert row["REC_ERR_CNT"] <= row["REC_PROC_CNT"]
        assert row["END_DTTM"] is None or row["END_DTTM"] >= row["START_DTTM"]


def assert_submission_is_legal(job: Record, *, purged: bool, runs: Any) -> None:
    status, number = job["BATCH_JOB_STAT_FLG"], job["BATCH_NBR"]
    assert status in {"PD", "ST", "ED", "PC", "CA"}
    if status in {"PC", "CA"}:
        assert number == 0
    elif status != "PD":
        assert purged or (job["BATCH_CD"], number, job["BATCH_RERUN_NBR"]) in runs


def assert_grew(before: Record, after: Record) -> None:
    for counter in ("REC_PROC_CNT", "REC_ERR_CNT", "VERSION", "THD_RETRY_CNT"):
        if counter in before:
            assert after[counter] >= before[counter]
    if before != after:
        assert after["VERSION"] > before["VERSION"]
    if before.get("END_DTTM") and "SCHEDULER_ID" in before:
        assert after == before


def open_minutes(run: PlannedRun) -> float:
    return (run.ended_at - run.started_at) / timedelta(minutes=1)


class TestScenarios:
    @pytest.mark.parametrize("scenario", sorted(SCENARIOS))
    def test_steps_are_late_or_too_long_only_where_it_says_so_and_then_for_a_whole_poll(
        self, scenario
    ):
        for seed in range(25):
            day = TODAY + timedelta(days=9 * seed)
            if class_of(day) != ORDINARY:
                continue  # the manual speaks of ordinary days
            plan = plan_day(day, seed=seed, scenario=scenario, zone=ZONE)
            expected = expected_alerts(scenario, day=day, seed=seed)
            for profile in PROFILES:
                runs = [run for run in plan.runs if run.profile.code == profile.code]
                hour = at(profile.starts.hour, profile.starts.minute, day=day)
                late = (min(run.started_at for run in runs) - hour) / timedelta(minutes=1)
                if ("NOT_STARTED", profile.code) in expected:
                    assert late > 30 + 15
                else:
                    assert late <= 30, (profile.code, seed)
                longest = max(map(open_minutes, runs))
                if ("LONG_RUNNING", profile.code) in expected:
                    assert longest > MAX_MINUTES[profile.code] + 15
                else:
                    assert longest <= MAX_MINUTES[profile.code], seed
                if ("COMPLETED_WITH_ERRORS", profile.code) not in expected:
                    assert all(sum(e.errors for e in run.executions) < 100 for run in runs)

    def test_a_rerun_has_the_number_of_the_run_before_and_two_at_once_have_their_own(self):
        again = held(plan_day(TODAY, seed=1, scenario="rerun", zone=ZONE), at(20))
        plan = plan_day(TODAY, seed=1, scenario="two-at-once", zone=ZONE)
        second = [run for run in plan.runs if run.profile.code == "C1-PPBTR"][1]
        both = held(plan, second.started_at)

        assert [key for key in again["CI_BATCH_RUN"] if key[0] == "BILLREST"] == [
            ("BILLREST", 1000, 0),
            ("BILLREST", 1000, 1),
        ]
        running = [key for key, run in both["CI_BATCH_RUN"].items() if run["RUN_STATUS"] == "20"]
        assert running == [("C1-PPBTR", 1000, 0), ("C1-PPBTR", 1001, 0)]

    def test_the_alert_of_a_drawn_step_names_it(self):
        drawn = {
            code
            for seed in range(30)
            for _, code in expected_alerts("failure-and-restart", day=TODAY, seed=seed)
        }

        assert drawn == {"D1-IMD", "C1-PPBTR", "CM_BSGGN", "BILLREST"}

    def test_all_are_in_the_manual_with_their_alerts(self):
        manual = (Path(site.BASE_DIR) / "docs/simulator.md").read_text(encoding="utf-8")
        lines = {line.split("`")[1]: line for line in manual.splitlines() if line.startswith("| `")}

        for name, scenario in SCENARIOS.items():
            assert scenario.says in lines[name]
            assert all(rule in lines[name] for rule, _ in scenario.alerts), name

    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("--day=tomorrow", "'tomorrow' is no day that can be played. Give one from 2020-01-01"),
            ("--day=1999-01-01", "Give one from 2020-01-01 to 2099-12-31"),
            ("--days=9999", "'9999' is no number of days. Give one from 0 to 1800"),
            ("--speed=fast", "'fast' is no speed. Give a number over 0"),
            ("--speed=nan", "'nan' is no speed"),
            ("--pattern=wild", "'wild' is no pattern. Choose one of: steady, drifting"),
        ],
    )
    def test_what_cannot_be_played_is_refused_with_what_can(self, option, said):
        with pytest.raises(CommandError, match=re.escape(said)):
            call_command("simulate_ccb", "--url=postgresql://nobody@nowhere/ccb", option)

    def test_an_unknown_name_is_answered_with_those_there_are(self, ccb):
        with pytest.raises(CommandError) as refused:
            call_command("simulate_ccb", url=ccb.owner_url, scenario="normall")

        assert "'normall' is no scenario" in str(refused.value)
        assert all(name in str(refused.value) for name in SCENARIOS)


class TestPatterns:
    def records(self, pattern: Pattern, code: str) -> dict[str, list[int]]:
        found = defaultdict(list)
        for offset in range(400):
            day = TODAY - timedelta(days=offset)
            if class_of(day) == ORDINARY and offset % 4:
                continue
            plan = plan_day(day, seed=1, scenario="normal", zone=ZONE, pattern=pattern)
            run = next(run for run in plan.runs if run.profile.code == code)
            found[class_of(day)].append(sum(e.records for e in run.executions))
        return found

    def test_a_steady_site_has_its_classes_of_days_and_a_drifting_one_much_more_of_it(self):
        steady, drifting = (self.records(PATTERNS[n], "CM_BSGGN") for n in ("steady", "drifting"))

        def mean(values: list[int]) -> float:
            return sum(values) / len(values)

        assert len(steady["holiday"]) == len(drifting["holiday"]) > 4
        assert len(steady["month end"]) > 36
        for kind in steady, drifting:
            assert mean(kind["holiday"]) < mean(kind["ordinary"]) < mean(kind["month end"])
        assert 1.25 < mean(steady["month end"]) / mean(steady["ordinary"]) < 1.45
        assert mean(drifting["month end"]) / mean(drifting["ordinary"]) > 1.6
        spread = [max(kind["ordinary"]) / min(kind["ordinary"]) for kind in (steady, drifting)]
        assert spread[1] > 1.2 * spread[0]


@pytest.mark.sql
class TestPlayed:
    TABLES = " ".join(table.name for table in TABLES) + " D1_IMD_CTRL CI_BATCH_CTRL"
    MOVES = (5.5, 6.9, 7.01, 7.3, 8.1, 9, 11, 12.02, 14.6, 16, 17.3, 20)

    def dump(self, database: CcbDatabase) -> dict[str, set[tuple[Any, ...]]]:
        # How often a control moved and when a measurement came within a move are not told apart.
        columns = {"CI_BATCH_CTRL": "BATCH_CD, NEXT_BATCH_NBR", "D1_IMD_CTRL": "BO_STATUS_CD"}
        with database.server.connect(database.name) as session:
            return {
                table: set(session.execute(f"SELECT {columns.get(table, '*')} FROM {table}"))
                for table in self.TABLES.split()
            }

    def test_played_in_steps_or_back_and_forth_is_as_written_at_once(self, ccb):
        simulator = ccb.simulator(history_days=3)
        for scenario in ("killed-worker", "purged-run", "pending-too-long"):
            simulator.begin(day=TODAY, scenario=scenario, seed=7)
            for hour in self.MOVES:
                simulator.show(at=at(5) + timedelta(hours=hour - 5))
            in_steps = self.dump(ccb)
            for hour in (6, 21, 13, 20):
                simulator.show(at=at(hour))
            back_and_forth = self.dump(ccb)
            simulator.begin(day=TODAY, scenario=scenario, seed=7)
            simulator.show(at=at(20))

            assert self.dump(ccb) == in_steps == back_and_forth
        simulator.close()

    def test_while_the_source_is_down_only_its_owner_gets_in(self, ccb):
        simulator = ccb.simulator(history_days=3)
        simulator.begin(day=TODAY, scenario="source-down", seed=1)
        for hour, minute, answers in ((8, 15, True), (8, 45, False), (9, 30, True)):
            simulator.show(at=at(hour, minute))
            if answers:
                assert read_snapshot(since=at(5), url=ccb.reader_url).clock == at(hour, minute)
            else:
                with pytest.raises(CcbRefused):
                    read_snapshot(since=at(5), url=ccb.reader_url)
        simulator.show(at=at(9))
        simulator.begin(day=TODAY, scenario="normal")
        simulator.close()
        assert read_snapshot(since=at(5), url=ccb.reader_url).clock == at(5)

    def test_tables_of_an_earlier_release_are_played_on(self, ccb):
        ccb.execute("ALTER TABLE SIM_CLOCK DROP COLUMN PATTERN")
        ccb.execute("TRUNCATE SIM_DAY")
        ccb.execute("INSERT INTO SIM_DAY VALUES (%s, 'failure_restart')", TODAY)
        simulator = ccb.simulator(scenario="stuck")
        simulator.prepare(today=TODAY)
        simulator.show(at=at(6))

        assert simulator.today().scenario == "stuck"
        simulator.close()

    def test_a_day_asked_for_is_gone_to_forwards_and_back(self, ccb):
        days = {"": TODAY, "2026-11-25": date(2026, 11, 25), "2026-11-20": date(2026, 11, 20)}
        for text, day in list(days.items())[1:]:
            call_command(
                "simulate_ccb",
                f"--url={ccb.owner_url}",
                f"--reader={ccb.reader}",
                f"--day={text}",
                "--scenario=month-end",
                "--prepare",
            )
            simulator = ccb.simulator()
            assert simulator.clock() == at(5, day=day)
            assert (simulator.today().day, simulator.today().scenario) == (day, "month-end")
            simulator.close()
