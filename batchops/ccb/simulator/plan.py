"""Plan one business day of the simulated CC&B: pure functions of date, seed and scenario.

What the tables hold at any moment follows from the plan alone (tables.py), so a simulator that
is killed goes on from its clock and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from batchops.calendar import business_day
from batchops.ccb.simulator import profiles
from batchops.ccb.simulator.profiles import Profile, amount_factor

DAY_START = time(5, 0)
EPOCH = date(2015, 1, 1)
# Each day has its own range of instance numbers, so that they grow and never meet.
INSTANCES_A_DAY = 100_000


@dataclass(frozen=True, slots=True)
class Execution:
    """One thread at work once: it commits evenly until `worked_until` and ends at `ended_at`.

    The two differ when it hangs before it is ended.
    """

    thread: int
    scheduler_id: int
    started_at: datetime
    worked_until: datetime
    ended_at: datetime
    records: int
    errors: int
    failed: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """One entry of the submission queue, for one go at the run."""

    requested_at: datetime
    started_at: datetime
    ended_at: datetime
    method: str
    user: str


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run: its executions, later ones restarting failed threads, and its submissions.

    `keeps_old_end` leaves the first end in place when the run restarts, as some releases do.
    """

    profile: Profile
    executions: tuple[Execution, ...]
    submissions: tuple[Submission, ...] = ()
    keeps_old_end: bool = False

    @property
    def started_at(self) -> datetime:
        """Return when the first thread starts."""
        return min(execution.started_at for execution in self.executions)

    @property
    def ended_at(self) -> datetime:
        """Return when the last thread ends."""
        return max(execution.ended_at for execution in self.executions)

    @property
    def appears_at(self) -> datetime:
        """Return when the first row about it is written."""
        asked = [submission.requested_at for submission in self.submissions]
        return min([self.started_at, *asked])


@dataclass(frozen=True, slots=True)
class Arrival:
    """Measurements that come in evenly between two moments and wait for D1-IMD."""

    since: datetime
    until: datetime
    count: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """All that happens on one business day, runs in the order of their start."""

    day: date
    scenario: str
    runs: tuple[PlannedRun, ...]
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls one run: it breaks after a share of its work, maybe hanging before it ends."""

    code: str
    after_share: float
    hangs: timedelta
    repaired_after: timedelta
    error: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a day goes: everything later by `delay`, and perhaps one trouble."""

    delay: timedelta = timedelta(0)
    trouble: Trouble | None = None


ERRORS = (
    "ORA-01555: snapshot too old: rollback segment number 12 with name _SYSSMU12 too small",
    "ORA-12545: Connect failed because target host or object does not exist",
    "ORA-00060: deadlock detected while waiting for resource",
    "java.sql.SQLRecoverableException: Closed Connection",
    "ORA-30036: unable to extend segment by 8 in undo tablespace UNDOTBS1",
)
WORKER_GONE = "Thread pool worker DEFAULT on host tpw02 was shut down while the thread was running"
FAILING = ("CM-DMRU", "D1-IMD", "C1-PPBTR", "CM_BSGGN", "CM_BSGGN", "BILLREST")


def dice(*parts: object) -> Random:
    """Return random numbers that are the same for the same parts, on every machine."""
    return Random(":".join(map(str, parts)))  # noqa: S311  (play, not secrets)


def _normal(rng: Random) -> Scenario:
    del rng
    return Scenario()


def _late(rng: Random) -> Scenario:
    return Scenario(delay=timedelta(minutes=rng.uniform(45, 75)))


def _failure_restart(rng: Random) -> Scenario:
    return Scenario(
        trouble=Trouble(
            code=rng.choice(FAILING),
            after_share=rng.uniform(0.35, 0.95),
            hangs=timedelta(0),
            repaired_after=timedelta(minutes=rng.uniform(20, 50)),
            error=rng.choice(ERRORS),
        )
    )


def _stuck(rng: Random) -> Scenario:
    return Scenario(
        trouble=Trouble(
            code="CM_BSGGN",
            after_share=rng.uniform(0.4, 0.65),
            hangs=timedelta(minutes=rng.uniform(95, 125)),
            repaired_after=timedelta(minutes=rng.uniform(4, 8)),
            error=WORKER_GONE,
        )
    )


Making = Callable[[Random], Scenario]
SCENARIOS: dict[str, Making] = {
    "normal": _normal,
    "failure_restart": _failure_restart,
    "stuck": _stuck,
    "late": _late,
}
# Mixtures draw one of the scenarios for each day: the demo shows something every few days, the
# history is that of a site that is run well.
MIXTURES: dict[str, dict[str, float]] = {
    "demo": {"normal": 60, "failure_restart": 30, "late": 5, "stuck": 5},
    "history": {"normal": 91, "failure_restart": 6, "late": 2, "stuck": 1},
}


def scenario_of(day: date, *, seed: int, wanted: str) -> str:
    """Return the day's scenario: the wanted one, or the one that a mixture draws for the day.

    :raises KeyError: when there is no such scenario or mixture.
    """
    if wanted in SCENARIOS:
        return wanted
    weights = MIXTURES[wanted]
    return dice(seed, day, "scenario").choices(list(weights), list(weights.values()))[0]


def plan_day(day: date, *, seed: int, scenario: str, zone: ZoneInfo) -> DayPlan:
    """Return everything that happens on the business day."""
    chosen = SCENARIOS[scenario](dice(seed, day, scenario))
    runs, arrivals = _Day(day, seed=seed, scenario=chosen, zone=zone).plan()
    return DayPlan(day, scenario, _numbered(runs, day), arrivals)


class _Day:
    """The making of one day: each step starts when its hour has come and what it needs is done."""

    def __init__(self, day: date, *, seed: int, scenario: Scenario, zone: ZoneInfo) -> None:
        self._day = day
        self._seed = seed
        self._scenario = scenario
        self._zone = zone
        self._troubled = False

    def plan(self) -> tuple[list[PlannedRun], tuple[Arrival, ...]]:
        reads = self._run(profiles.READS, 0, self._hour(profiles.READS) + self._scenario.delay)
        imd, arrivals = self._measurements(reads)
        prepay = self._several(profiles.PREPAY, imd[2].ended_at, (0, 240, 390, 570))
        flush = self._several(profiles.FLUSH, self._hour(profiles.FLUSH), range(0, 840, 120))
        segments = self._after(profiles.SEGMENTS, prepay[0])
        messages = self._after(profiles.MESSAGES, segments)
        return [reads, *imd, *prepay, *flush, segments, messages], arrivals

    def _hour(self, profile: Profile) -> datetime:
        first, _ = business_day(self._day, zone=self._zone, day_start=profile.starts)
        return first

    def _after(self, profile: Profile, needed: PlannedRun) -> PlannedRun:
        return self._run(profile, 0, max(self._hour(profile), needed.ended_at))

    def _several(
        self, profile: Profile, ready_at: datetime, minutes: Sequence[int]
    ) -> list[PlannedRun]:
        first = max(self._hour(profile), ready_at)
        return [
            self._run(profile, index, first + timedelta(minutes=offset))
            for index, offset in enumerate(minutes)
        ]

    def _measurements(self, reads: PlannedRun) -> tuple[list[PlannedRun], tuple[Arrival, ...]]:
        """Let the morning's measurements be worked off in three runs, two smaller lots later."""
        rng = dice(self._seed, self._day, "measurements")
        total = self._amount(profiles.IMD, rng)
        first = int(total * rng.uniform(0.58, 0.66))
        second = int((total - first) * rng.uniform(0.65, 0.75))
        arrivals = [Arrival(reads.started_at, reads.ended_at, total)]
        runs: list[PlannedRun] = []
        ready_at = max(self._hour(profiles.IMD), reads.ended_at)
        for index, records in enumerate((first, second, total - first - second)):
            runs.append(self._run(profiles.IMD, index, ready_at, records=records))
            ready_at = runs[-1].ended_at + timedelta(minutes=rng.uniform(1, 5))
        for index, minutes in ((3, 215), (4, 350)):
            hour = self._hour(profiles.IMD) + timedelta(minutes=minutes + rng.uniform(-15, 15))
            at = max(ready_at + timedelta(minutes=30), hour)
            count = rng.randrange(1_800, 5_200)
            arrivals.append(Arrival(at - timedelta(minutes=25), at, count))
            runs.append(self._run(profiles.IMD, index, at, records=count))
            ready_at = runs[-1].ended_at
        return runs, tuple(arrivals)

    def _amount(self, profile: Profile, rng: Random) -> int:
        return int(profile.records * amount_factor(profile, self._day) * _noise(rng, 0.04))

    def _run(
        self, profile: Profile, index: int, ready_at: datetime, *, records: int | None = None
    ) -> PlannedRun:
        rng = dice(self._seed, self._day, profile.code, index)
        amount = self._amount(profile, rng) if records is None else records
        started_at = _whole(ready_at + timedelta(minutes=rng.uniform(1, 6)))
        run = _healthy(profile, started_at, amount, rng)
        trouble = self._scenario.trouble
        if trouble and trouble.code == profile.code and not self._troubled:
            self._troubled = True
            run = _troubled(run, trouble, rng)
        return run


def _noise(rng: Random, spread: float) -> float:
    return rng.lognormvariate(0, spread)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _healthy(profile: Profile, started_at: datetime, records: int, rng: Random) -> PlannedRun:
    if profile.per_second:
        seconds = records / (profile.per_second * _noise(rng, 0.05))
    else:
        seconds = profile.minutes * 60 * _noise(rng, 0.35)
    shares = [rng.uniform(0.82, 0.98) for _ in range(profile.threads - 1)] + [1.0]
    rng.shuffle(shares)
    executions, left = [], records
    for thread, share in enumerate(shares, start=1):
        count = left if thread == len(shares) else int(records * share / sum(shares))
        left -= count
        start = started_at + timedelta(seconds=rng.randrange(0, 4) if thread > 1 else 0)
        end = _whole(started_at + timedelta(seconds=max(20, seconds * share)))
        expected = count * profile.error_rate
        errors = max(0, round(rng.gauss(expected, expected**0.5)))
        executions.append(Execution(thread, 0, start, end, end, count, errors))
    run = PlannedRun(profile, tuple(executions))
    return run if profile.timed else replace(run, submissions=(_scheduled(run, rng),))


def _scheduled(run: PlannedRun, rng: Random) -> Submission:
    requested_at = run.started_at - timedelta(seconds=rng.randrange(15, 55))
    return Submission(requested_at, run.started_at, run.ended_at, "SCHD", "SYSUSER")


def _troubled(run: PlannedRun, trouble: Trouble, rng: Random) -> PlannedRun:
    """Break the threads still at work after a share of the run, and restart them later."""
    breaks_at = _whole(run.started_at + (run.ended_at - run.started_at) * trouble.after_share)
    broken = [_broken(e, breaks_at, trouble, rng) for e in run.executions]
    failed_at = max(e.ended_at for e in broken)
    again_at = _whole(failed_at + trouble.repaired_after)
    again = [
        _rest(whole, part, again_at + timedelta(seconds=rng.randrange(0, 3)))
        for whole, part in zip(run.executions, broken, strict=True)
        if part.failed
    ]
    first = [replace(s, ended_at=failed_at) for s in run.submissions]
    ended_at = max(e.ended_at for e in again)
    asked = Submission(
        again_at - timedelta(seconds=rng.randrange(10, 40)), again_at, ended_at, "ONLN", "OPERATOR"
    )
    return replace(
        run,
        executions=(*broken, *again),
        submissions=(*first, asked),
        keeps_old_end=rng.random() < 0.5,
    )


def _broken(execution: Execution, at: datetime, trouble: Trouble, rng: Random) -> Execution:
    if execution.ended_at <= at:
        return execution
    breaks_at = at + timedelta(seconds=rng.randrange(0, 8))
    share = min(1.0, (breaks_at - execution.started_at) / _span(execution))
    return replace(
        execution,
        worked_until=breaks_at,
        ended_at=_whole(breaks_at + trouble.hangs),
        records=int(execution.records * share),
        errors=int(execution.errors * share),
        failed=True,
        error=trouble.error,
    )


def _rest(whole: Execution, part: Execution, at: datetime) -> Execution:
    records = whole.records - part.records
    seconds = _span(whole).total_seconds() * records / max(1, whole.records)
    ended_at = _whole(at + timedelta(seconds=max(20, seconds)))
    return replace(
        whole,
        started_at=at,
        worked_until=ended_at,
        ended_at=ended_at,
        records=records,
        errors=whole.errors - part.errors,
    )


def _span(execution: Execution) -> timedelta:
    return execution.worked_until - execution.started_at


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
