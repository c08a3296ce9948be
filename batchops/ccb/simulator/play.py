"""Make the simulated CC&B and move it: whatever its clock says follows from the day's plan."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from threading import Event
from zoneinfo import ZoneInfo

import psycopg
from django.conf import settings

from batchops.calendar import business_date, business_day
from batchops.ccb.errors import NotASimulation
from batchops.ccb.simulator import agreements, store
from batchops.ccb.simulator.plan import DAY_START, plan_day
from batchops.ccb.simulator.planned import DayPlan, PlannedRun, dice
from batchops.ccb.simulator.profiles import PATTERNS, STEADY, require_pattern
from batchops.ccb.simulator.scenarios import SCENARIOS, require_scenario, scenario_of
from batchops.ccb.simulator.tables import Rows, local, measured, tables_at
from batchops.ccb.source import parse_source

TICK_S = 1.0
# A machine that slept does not make the day jump.
LONGEST_TICK_S = 5.0
ERRORS_KEPT = timedelta(days=7)

_planned = lru_cache(maxsize=4)(plan_day)


def _silent(text: str) -> None:
    del text


@dataclass(slots=True)
class Simulator:
    """A CC&B in the database at `url`, written as its owner.

    `seed`, `pattern` (a name of profiles.PATTERNS), `history_days` and `agreements` count when the
    tables are made; afterwards the database remembers seed and pattern. `scenario` is a name of
    scenarios.SCENARIOS or MIXTURES and holds for business days not yet begun. `reader` is the
    role that may read. `report` hears of long steps.

    :raises UnknownScenario: when there is no such scenario.
    """

    url: str = field(repr=False)
    seed: int = 1
    scenario: str = "demo"
    pattern: str = "steady"
    zone: ZoneInfo = field(default_factory=lambda: settings.SITE_ZONE)
    history_days: int = 400
    agreements: int = 5_000
    reader: str = "ccb_read"
    report: Callable[[str], None] = _silent
    _session: store.Session | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        require_scenario(self.scenario)
        require_pattern(self.pattern)

    def prepare(self, *, today: date) -> None:
        """Make tables, history and grants where they are missing; the clock stands at 05:00.

        All of it is one transaction: what is interrupted leaves nothing behind.

        :raises NotASimulation: when CC&B's tables are there but not ours.
        """
        with self._open().transaction():
            session = self._open()
            session.execute("SELECT pg_advisory_xact_lock(hashtextextended('simulate_ccb', 1))")
            if not self._is_made():
                self._make(today)
            store.mend(session, known=list(SCENARIOS))
            day = self._day_of(self._clock())
            if agreements.prepare(session, day=day, agreements=self.agreements):
                store.grant_reading(session, self.reader)

    def begin(self, *, day: date, scenario: str = "", seed: int | None = None) -> None:
        """Go to 05:00 of a business day, as if it and all after it had never been.

        The day goes as `scenario` says and by the dice of `seed`, where they are given; days before
        it are left as they are.

        :raises UnknownScenario: when there is no such scenario.
        """
        self.scenario = require_scenario(scenario or self.scenario)
        session, (first, _) = self._open(), self._bounds(day)
        with session.transaction():
            session.execute("SELECT 1 FROM SIM_CLOCK FOR UPDATE")
            store.forget_from(session, day)
            store.set_logins(session, self.reader, open_=True)
            agreements.bill_anew(session, day=day)
            if scenario or seed is not None:
                session.execute("DELETE FROM SIM_DAY WHERE BUS_DT = %s", [day])
            session.execute(
                "UPDATE SIM_CLOCK SET CLOCK_DTTM = %s, SEED = COALESCE(%s, SEED)",
                [local(first, self.zone), seed],
            )

    def go_to(self, day: date) -> None:
        """Go to 05:00 of a business day: forwards day by day, or back as if it had never been.

        The day then goes as the simulator's scenario says.
        """
        first, _ = self._bounds(day)
        with self._open().transaction():
            self.show(at=first)
            self.begin(day=day, scenario=self.scenario)

    def show(self, *, at: datetime) -> None:
        """Make the tables hold what they hold at the aware moment, be it later or earlier."""
        with self._open().transaction():
            if at.replace(microsecond=0) < self._clock():
                self.begin(day=self._day_of(at))
            self.advance(to=at)

    def clock(self) -> datetime:
        """Return where the simulated clock stands, aware."""
        with self._open().transaction():
            return self._clock()

    def advance(self, *, to: datetime) -> None:
        """Move CC&B to the aware moment `to`, in one transaction; the clock never goes back.

        CC&B's times have whole seconds: what is left of `to` counts at the next move.
        """
        session, to = self._open(), to.replace(microsecond=0)
        with session.transaction():
            session.execute("SELECT 1 FROM SIM_CLOCK FOR UPDATE")
            clock = self._clock()
            if to <= clock:
                return
            today, until = self._day_of(clock), self._day_of(to)
            for offset in range((until - today).days + 1):
                self._advance_day(today + timedelta(days=offset), clock, to)
            agreements.bill(session, since=local(clock, self.zone), until=local(to, self.zone))
            if until > today:
                store.forget_before(session, until - timedelta(days=self.history_days))
                store.forget_errors_before(session, local(to - ERRORS_KEPT, self.zone))
                self.report(describe(self._plan(until)))
            session.execute("UPDATE SIM_CLOCK SET CLOCK_DTTM = %s", [local(to, self.zone)])

    def today(self) -> DayPlan:
        """Return the plan of the business day in which the clock stands."""
        with self._open().transaction():
            return self._plan(self._day_of(self._clock()))

    def hold(self) -> bool:
        """Try to be the only one that plays here; the hold ends with the connection."""
        session = self._open()
        with session.transaction():
            found = session.execute(
                "SELECT pg_try_advisory_lock(hashtextextended('simulate_ccb', 0))"
            ).fetchone()
        return bool(found and found[0])

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> store.Session:
        if self._session is None:
            self._session = psycopg.connect(
                parse_source(self.url).conninfo,
                autocommit=True,
                application_name="simulate_ccb",
                connect_timeout=5,
            )
        return self._session

    def _is_made(self) -> bool:
        found = self._open().execute(
            "SELECT to_regclass('sim_clock') IS NOT NULL, to_regclass('ci_batch_run') IS NOT NULL"
        )
        ours, theirs = found.fetchone() or (False, False)
        if theirs and not ours:
            raise NotASimulation(
                f"The database at {parse_source(self.url).place} holds CC&B's tables that the "
                "simulator did not make. Nothing was changed. Name another database with --url."
            )
        return bool(ours)

    def _make(self, today: date) -> None:
        session, (first, _) = self._open(), self._bounds(today)
        self.report("making CC&B's tables")
        store.create_tables(session)
        self._make_history(today)
        store.grant_reading(session, self.reader)
        session.execute(
            "INSERT INTO SIM_CLOCK (CLOCK_DTTM, SEED, PATTERN) VALUES (%s, %s, %s)",
            [local(first, self.zone), self.seed, self.pattern],
        )

    def _make_history(self, today: date) -> None:
        rows: Rows = defaultdict(list)
        numbers = {
            code: dice(self.seed, code).randrange(700, 3000)
            for code in store.next_numbers(self._open())
        }
        for offset in range(self.history_days, 0, -1):
            day = today - timedelta(days=offset)
            scenario = scenario_of(day, seed=self.seed, wanted="history")
            plan = plan_day(
                day,
                seed=self.seed,
                scenario=scenario,
                zone=self.zone,
                pattern=PATTERNS[self.pattern],
            )
            _, end = self._bounds(day)
            found, numbers = tables_at(plan, end, numbers=numbers, zone=self.zone)
            for table, written in found.items():
                rows[table] += written
            if offset % 100 == 0:
                self.report(f"planning {offset} days of history")
        self.report(f"writing {len(rows['CI_BATCH_RUN'])} runs")
        store.copy_rows(self._open(), rows)
        store.move_controls(self._open(), numbers=numbers, ended_at={})
        store.analyze(self._open())

    def _advance_day(self, day: date, clock: datetime, to: datetime) -> None:
        plan = self._plan(day)
        session = self._open()

        def moves(run: PlannedRun) -> bool:
            return run.appears_at <= to and run.rests_at >= clock

        numbers = store.next_numbers(session) | store.first_numbers(session, day)
        rows, following = tables_at(plan, to, numbers=numbers, zone=self.zone, wanted=moves)
        store.put_rows(session, rows)
        self._purge(plan, clock, to, numbers)
        ended = {
            run.profile.code: local(run.ended_at, self.zone)
            for run in plan.runs
            if clock < run.ended_at <= to
        }
        moved = {run.profile.code for run in plan.runs if clock < run.started_at <= to} | set(ended)
        store.move_controls(
            session, numbers={code: following[code] for code in moved}, ended_at=ended
        )
        self._move_measurements(plan, clock, to)
        self._move_outages(plan, clock, to)

    def _purge(self, plan: DayPlan, clock: datetime, to: datetime, numbers: dict[str, int]) -> None:
        for run in plan.runs:
            if run.purged and clock < run.ended_at <= to:
                earlier = [r for r in plan.runs if r.profile.code == run.profile.code]
                number = numbers[run.profile.code] + earlier.index(run)
                store.purge_run(self._open(), run.profile.code, number)

    def _move_outages(self, plan: DayPlan, clock: datetime, to: datetime) -> None:
        was, is_now = (any(span.holds(at) for span in plan.outages) for at in (clock, to))
        if was != is_now:
            store.set_logins(self._open(), self.reader, open_=not is_now)

    def _move_measurements(self, plan: DayPlan, clock: datetime, to: datetime) -> None:
        came_before, worked_before, failed_before = measured(plan, clock)
        came, worked, failed = measured(plan, to)
        measurements = store.Measurements(self._open(), plan.day)
        first, last = plan.arrivals[0].since, plan.arrivals[-1].until
        between = (local(max(clock, first), self.zone), local(min(to, last), self.zone))
        # What came and went within one move was never seen.
        measurements.come(since=max(came_before, worked), until=came, between=between)
        measurements.fail(since=failed_before, until=failed, between=between)
        if worked > worked_before:
            measurements.go(until=worked)

    def _plan(self, day: date) -> DayPlan:
        """Return the day's plan; its scenario and the seed are those the database remembers."""
        session = self._open()
        row = session.execute("SELECT SEED, PATTERN FROM SIM_CLOCK").fetchone()
        seed, pattern = (int(row[0]), PATTERNS[row[1]]) if row else (self.seed, STEADY)
        wanted = scenario_of(day, seed=seed, wanted=self.scenario)
        session.execute("INSERT INTO SIM_DAY VALUES (%s, %s) ON CONFLICT DO NOTHING", [day, wanted])
        found = session.execute("SELECT SCENARIO FROM SIM_DAY WHERE BUS_DT = %s", [day]).fetchone()
        scenario = str(found[0]) if found else wanted
        return _planned(day, seed=seed, scenario=scenario, zone=self.zone, pattern=pattern)

    def _clock(self) -> datetime:
        row = self._open().execute("SELECT CLOCK_DTTM FROM SIM_CLOCK").fetchone()
        if row is None:
            raise NotASimulation("The simulated CC&B has no clock: run manage.py simulate_ccb.")
        clock: datetime = row[0]
        return clock.replace(tzinfo=self.zone).astimezone(UTC)

    def _day_of(self, at: datetime) -> date:
        return business_date(at, zone=self.zone, day_start=DAY_START)

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        return business_day(day, zone=self.zone, day_start=DAY_START)


def describe(plan: DayPlan) -> str:
    """Return in a sentence how the day goes."""
    return f"{plan.day} goes as '{plan.scenario}': {SCENARIOS[plan.scenario].says}"


def play(simulator: Simulator, *, speed: float, stop: Event) -> None:
    """Let the simulated clock run `speed` times as fast as ours until `stop` is set."""
    clock, last = simulator.clock(), time.monotonic()
    while not stop.wait(TICK_S):
        now = time.monotonic()
        clock += timedelta(seconds=min(now - last, LONGEST_TICK_S) * speed)
        last = now
        simulator.advance(to=clock)
