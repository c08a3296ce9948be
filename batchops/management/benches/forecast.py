"""Measure how good forecasts are on two made histories, and how long one takes."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles
from typing import Any

from django.conf import settings

from batchops.calendar import business_day, moment_in_day
from batchops.ccb.simulator.plan import DAY_START, plan_day
from batchops.ccb.simulator.planned import DayPlan, PlannedRun
from batchops.ccb.simulator.profiles import PATTERNS, class_of
from batchops.ccb.simulator.scenarios import scenario_of
from batchops.ccb.simulator.tables import done, measured
from batchops.management.benches import Bench
from monitoring.forecast.backtest import DayTested, Warned, back_test
from monitoring.forecast.facts import PastDay, Reading, StepPlan
from monitoring.forecast.history import basis_for
from monitoring.forecast.outlook import look_ahead
from monitoring.forecast.record import EVERY_S, DayRecord, RunRecord, Sample
from monitoring.forecast.scores import Score, WarnedDay, scores, warnings
from monitoring.rules.catalogue import KINDS
from monitoring.workflow import SEEDED

DAYS = 400
LAST_DAY = date(2026, 11, 21)
SEED = 1
DEADLINE_S = 13 * 3600.0  # 18:00, as seeded
HALF = 50
CODES = {step["source_batch_cd"]: step["batch_code"] for step in SEEDED}


def run() -> dict[str, Any]:
    """Back-test the simulator's steady history, and the drifting one with its heavy tails.

    Of `whole` the day's last finish is meant, of `steps` each step's own; `half_way` compares the
    median error with the best rival's, of which the goal is at least 30 % less.
    """
    return {
        "days": DAYS,
        **{name: _figures(name) for name in PATTERNS},
    }


def _figures(pattern: str) -> dict[str, Any]:
    records = [_record(LAST_DAY - timedelta(days=n), pattern) for n in reversed(range(DAYS))]
    history = [past for past in (record.past() for record in records) if past]
    terms = KINDS["DEADLINE_AT_RISK"].defaults
    warned = Warned(terms["risk_pct"], terms["polls"])
    tests = [back_test(record, history, warned) for record in records]
    tested = [test for test in tests if test.told]
    whole = scores(test.whole for test in tested)
    steps = scores(step for test in tested for step in test.steps.values())
    return {
        "tested_days": len(tested),
        "without_history": len(tests) - len(tested),
        "whole": _shown(whole),
        "steps": _shown(steps),
        "half_way_better_pct": {"whole": _half(whole), "steps": _half(steps)},
        "inside_80_pct_band": {"whole": _inside(whole), "steps": _inside(steps)},
        "warnings": _warnings(tested),
        "forecast_ms": _speed(records[-1], history),
    }


def _shown(found: list[Score]) -> dict[str, Any]:
    return {
        f"at_{score.part}_pct": {
            "n": score.n,
            "inside_pct": score.inside_pct,
            "error_s": round(score.error_s),
            **{f"{name}_s": round(error_s) for name, error_s in score.rivals_s.items()},
            "better_pct": score.better_pct,
        }
        for score in found
    }


def _half(found: list[Score]) -> float | None:
    return next((score.better_pct for score in found if score.part == HALF), None)


def _inside(found: list[Score]) -> float:
    return round(sum(score.inside_pct * score.n for score in found) / sum(s.n for s in found), 1)


def _warnings(tested: list[DayTested]) -> dict[str, Any]:
    found = warnings(
        [
            WarnedDay(
                DEADLINE_S,
                missed=test.whole.done_s is None or test.whole.done_s > DEADLINE_S,
                announced_s=test.announced_s,
            )
            for test in tested
        ]
    )
    return {
        "missed": found.missed,
        "announced_before": found.announced,
        "lead_min": None if found.lead_s is None else round(found.lead_s / 60),
        "false": found.false,
        "false_a_month": found.false_a_month,
    }


def _speed(record: DayRecord, history: list[PastDay]) -> dict[str, float]:
    """Return how long a forecast takes, from choosing the days to the bands."""
    took_ms = []
    for at_s in record.instants(DEADLINE_S):
        begun = time.perf_counter()
        look_ahead(record.now(at_s), basis_for(record.day, record.kind, history))
        took_ms.append(1000 * (time.perf_counter() - begun))
    return {"median": round(median(took_ms), 1), "p95": round(quantiles(took_ms, n=20)[-1], 1)}


def _record(day: date, pattern: str) -> DayRecord:
    """Return a made day as polls every quarter of an hour would have stored it."""
    zone = settings.SITE_ZONE
    scenario = scenario_of(day, seed=SEED, wanted="history")
    plan = plan_day(day, seed=SEED, scenario=scenario, zone=zone, pattern=PATTERNS[pattern])
    begins_at, ends_at = business_day(day, zone=zone, day_start=DAY_START)
    until_s = (ends_at - begins_at).total_seconds()
    instants = [n * EVERY_S for n in range(int(until_s // EVERY_S))]
    return DayRecord(
        day=day,
        kind=class_of(day),
        plans=list(_plans(begins_at)),
        deadline_s=DEADLINE_S,
        runs=[_run(run, begins_at, instants) for run in plan.runs],
        readings=[_reading(plan, begins_at, at_s) for at_s in instants],
    )


def _plans(begins_at: datetime) -> Iterator[StepPlan]:
    for step in SEEDED:
        hour = moment_in_day(begins_at, step["expected_start"], zone=settings.SITE_ZONE)
        yield StepPlan(
            code=step["batch_code"],
            expected_s=(hour - begins_at).total_seconds(),
            depends_on=step.get("depends_on_id", ""),
            drains_imd=step.get("drains_imd", False),
        )


def _run(run: PlannedRun, begins_at: datetime, instants: list[float]) -> RunRecord:
    started_s, ended_s = ((at - begins_at).total_seconds() for at in (run.started_at, run.ended_at))
    return RunRecord(
        code=CODES[run.profile.code],
        started_s=started_s,
        ended_s=ended_s,
        complete=True,
        records=sum(execution.records for execution in run.executions),
        samples=[_sample(run, begins_at, at_s) for at_s in instants if started_s <= at_s < ended_s],
    )


def _sample(run: PlannedRun, begins_at: datetime, at_s: float) -> Sample:
    at = begins_at.astimezone(UTC) + timedelta(seconds=at_s)
    begun = [execution for execution in run.executions if execution.started_at <= at]
    records = sum(done(one, at, commit=run.profile.commit)[1] for one in begun)
    failed = any(one.failed and one.ended_at <= at for one in begun)
    return Sample(at_s, records, failed and all(one.ended_at <= at for one in begun))


def _reading(plan: DayPlan, begins_at: datetime, at_s: float) -> Reading:
    came, worked, _ = measured(plan, begins_at + timedelta(seconds=at_s))
    return Reading(at_s, came - worked)


BENCH = Bench("forecast", f"how good forecasts are over {DAYS} made days, and ms one takes", run)
