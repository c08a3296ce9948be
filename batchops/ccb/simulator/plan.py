"""Plan one business day of the simulated CC&B: pure functions of date, seed and scenario.

What the tables hold at any moment follows from the plan alone (tables.py), so a simulator that
is killed goes on from its clock and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from batchops.calendar import business_day
from batchops.ccb.simulator import profiles
from batchops.ccb.simulator.planned import (
    EPOCH,
    INSTANCES_A_DAY,
    Arrival,
    DayPlan,
    Execution,
    PlannedRun,
    Span,
    Submission,
    bounded,
    dice,
    minutes,
    whole,
)
from batchops.ccb.simulator.profiles import (
    MONTH_END,
    STEADY,
    Pattern,
    Profile,
    amount_factor,
    at_pace,
    class_of,
)
from batchops.ccb.simulator.scenarios import SCENARIOS, Load, Run, Scenario, struck_run

DAY_START = time(5, 0)
# How evenly amounts and paces go. Both together keep D1-IMD's start within its half hour of grace.
AMOUNT_SPREAD, PACE_SPREAD, MINUTES_SPREAD = 0.015, 0.015, 0.35
# Measurements come in at the end of what brings them: three polls would be a trouble.
ARRIVING = timedelta(minutes=20)
LATER_ARRIVING = timedelta(minutes=15)
FLUSH_HOURS = 14


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of one run: when it may start, and how many records, if that is known."""

    profile: Profile
    index: int
    ready_at: datetime
    records: int | None = None


def plan_day(
    day: date, *, seed: int, scenario: str, zone: ZoneInfo, pattern: Pattern = STEADY
) -> DayPlan:
    """Return everything that happens on the business day.

    :raises KeyError: when there is no such scenario.
    """
    making = _Day(day, seed=seed, scenario=scenario, zone=zone, pattern=pattern)
    runs, arrivals = making.plan()
    return DayPlan(day, scenario, _numbered(runs, day), arrivals, making.outages())


class _Day:
    """The making of one day: each step starts when its hour has come and what it needs is done."""

    def __init__(
        self, day: date, *, seed: int, scenario: str, zone: ZoneInfo, pattern: Pattern
    ) -> None:
        self._day = day
        self._seed = seed
        self._scenario: Scenario = SCENARIOS[scenario]
        self._struck = struck_run(scenario, day=day, seed=seed)
        self._dice = dice(seed, day, scenario, "day")
        self._zone = zone
        self._pattern = pattern
        self._kind = MONTH_END if self._scenario.month_end else class_of(day)

    def plan(self) -> tuple[list[PlannedRun], tuple[Arrival, ...]]:
        late = minutes(self._dice, *self._scenario.delay)
        reads = self._run(Ask(profiles.READS, 0, self._hour(profiles.READS) + late))
        imd, arrivals = self._measurements(reads)
        drained_at = imd[self._scenario.morning_runs - 1].ended_at
        prepay = self._several(profiles.PREPAY, drained_at, self._scenario.prepay_minutes)
        flushes = range(0, FLUSH_HOURS * 60, self._scenario.flush_minutes)
        flush = self._several(profiles.FLUSH, self._hour(profiles.FLUSH), flushes)
        segments = self._after(profiles.SEGMENTS, prepay[0])
        messages = self._after(profiles.MESSAGES, segments)
        reruns = self._reruns()
        return [reads, *imd, *prepay, *flush, segments, messages, *reruns], arrivals

    def _reruns(self) -> list[PlannedRun]:
        if self._scenario.messages_again_at is None:
            return []
        ask = Ask(profiles.MESSAGES, 1, self._at(self._scenario.messages_again_at))
        return [replace(self._run(ask), rerun=1)]

    def outages(self) -> tuple[Span, ...]:
        """Return when nobody can log in."""
        if self._scenario.outage_at is None:
            return ()
        since = self._at(self._scenario.outage_at)
        return (Span(since, since + timedelta(minutes=self._scenario.outage_minutes)),)

    def _hour(self, profile: Profile) -> datetime:
        return self._at(profile.starts)

    def _at(self, hour: time) -> datetime:
        first, _ = business_day(self._day, zone=self._zone, day_start=hour)
        return first

    def _after(self, profile: Profile, needed: PlannedRun) -> PlannedRun:
        own = self._scenario.starts.get(profile.code)
        ready_at = self._at(own) if own else max(self._hour(profile), needed.ended_at)
        return self._run(Ask(profile, 0, ready_at))

    def _several(
        self, profile: Profile, ready_at: datetime, offsets: Iterable[int]
    ) -> list[PlannedRun]:
        first = max(self._hour(profile), ready_at)
        return [
            self._run(Ask(profile, index, first + timedelta(minutes=offset)))
            for index, offset in enumerate(offsets)
        ]

    def _measurements(self, reads: PlannedRun) -> tuple[list[PlannedRun], tuple[Arrival, ...]]:
        """Let the morning's measurements be worked off in some runs, two smaller lots later."""
        rng = dice(self._seed, self._day, "measurements")
        total = self._amount(profiles.IMD, rng)
        arrivals = [Arrival(reads.ended_at - ARRIVING, reads.ended_at, total)]
        runs: list[PlannedRun] = []
        ready_at = max(self._hour(profiles.IMD), reads.ended_at)
        for records in _lots(total, self._scenario.morning_runs, rng):
            runs.append(self._run(Ask(profiles.IMD, len(runs), ready_at, records)))
            ready_at = runs[-1].ended_at + minutes(rng, 1, 3)
        for offset, waits in ((215, self._scenario.lot_waits), (350, 0)):
            hour = self._hour(profiles.IMD) + minutes(rng, offset - 15, offset + 15)
            at = max(ready_at + timedelta(minutes=30), hour)
            count = rng.randrange(2_400, 5_200)
            arrivals.append(Arrival(at - LATER_ARRIVING, at, count))
            at += timedelta(minutes=waits)
            runs.append(self._run(Ask(profiles.IMD, len(runs), at, count)))
            ready_at = runs[-1].ended_at
        return runs, tuple(arrivals)

    def _amount(self, profile: Profile, rng: Random) -> int:
        factor = amount_factor(profile, self._day, kind=self._kind, pattern=self._pattern)
        return int(profile.records * factor * bounded(rng, AMOUNT_SPREAD))

    def _run(self, ask: Ask) -> PlannedRun:
        name: Run = (ask.profile.code, ask.index)
        rng = dice(self._seed, self._day, *name)
        load = self._scenario.load_of(name)
        records = self._amount(ask.profile, rng) if ask.records is None else ask.records
        started_at = whole(ask.ready_at + minutes(rng, 1, 6))
        profile = at_pace(ask.profile, load.pace / self._slowness(name))
        run = _healthy(profile, started_at, int(records * load.amount), load, rng)
        if name == self._struck and self._scenario.trouble:
            run = self._scenario.trouble(run, rng)
        return run

    def _slowness(self, name: Run) -> float:
        rng = dice(self._seed, self._day, *name, "slowness")
        if rng.random() >= self._pattern.slow_runs:
            return 1.0
        return min(self._pattern.slowest, rng.paretovariate(1.6))


def _lots(total: int, runs: int, rng: Random) -> list[int]:
    """Share the measurements out: each run takes a part of what is left, the last all of it."""
    lots, left = [], total
    for remaining in range(runs, 1, -1):
        lots.append(int(left * rng.uniform(1.2, 1.45) / remaining))
        left -= lots[-1]
    return [*lots, left]


def _healthy(
    profile: Profile, started_at: datetime, records: int, load: Load, rng: Random
) -> PlannedRun:
    seconds = _seconds(profile, records, rng)
    error_rate = profile.error_rate if load.error_rate is None else load.error_rate
    shares = [rng.uniform(0.93, 0.99) for _ in range(profile.threads - 1)] + [1.0]
    rng.shuffle(shares)
    executions, left = [], records
    for thread, share in enumerate(shares, start=1):
        count = left if thread == len(shares) else int(records * share / sum(shares))
        left -= count
        start = started_at + timedelta(seconds=rng.randrange(0, 4) if thread > 1 else 0)
        end = whole(started_at + timedelta(seconds=max(20, seconds * share)))
        errors = max(0, round(rng.gauss(count * error_rate, (count * error_rate) ** 0.5)))
        executions.append(Execution(thread, 0, start, end, end, count, errors))
    run = PlannedRun(profile, tuple(executions))
    return run if profile.timed else replace(run, submissions=(_scheduled(run, rng),))


def _seconds(profile: Profile, records: int, rng: Random) -> float:
    if profile.per_second:
        return records / (profile.per_second * bounded(rng, PACE_SPREAD))
    return profile.minutes * 60 * bounded(rng, MINUTES_SPREAD)


def _scheduled(run: PlannedRun, rng: Random) -> Submission:
    requested_at = run.started_at - timedelta(seconds=rng.randrange(15, 55))
    return Submission(requested_at, run.started_at, run.ended_at, "SCHD", "SYSUSER")


def _numbered(runs: list[PlannedRun], day: date) -> tuple[PlannedRun, ...]:
    """Give each execution its instance number, in the order of their start."""
    ordered = sorted(runs, key=lambda run: (run.started_at, run.profile.code))
    starts = sorted(
        (execution.started_at, place, at)
        for place, run in enumerate(ordered)
        for at, execution in enumerate(run.executions)
    )
    first = (day - EPOCH).days * INSTANCES_A_DAY
    numbers = {(place, at): first + n for n, (_, place, at) in enumerate(starts, start=1)}
    return tuple(
        replace(
            run,
            executions=tuple(
                replace(execution, scheduler_id=numbers[place, at])
                for at, execution in enumerate(run.executions)
            ),
        )
        for place, run in enumerate(ordered)
    )
