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
from batchops.ccb.simulator import store
from batchops.ccb.simulator.plan import DAY_START, DayPlan, PlannedRun, dice, plan_day, scenario_of
from batchops.ccb.simulator.tables import Rows, RunAt, local, measured
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

    `seed` and `history_days` count when the tables are made; afterwards the database remembers
    the seed. `scenario` is a name of plan.SCENARIOS or plan.MIXTURES and holds for business days
    not yet begun. `reader` is the role that may read. `report` hears of long steps.
    """

    url: str = field(repr=False)
    seed: int = 1
    scenario: str = "demo"
    zone: ZoneInfo = field(default_factory=lambda: settings.SITE_ZONE)
    history_days: int = 400
    reader: str = "ccb_read"
    report: Callable[[str], None] = _silent
    _session: store.Session | None = field(default=None, repr=False)

    def prepare(self, *, today: date) -> None:
        """Make tables, history and grants where they are missing; the clock stands at 05:00.

        All of it is one transaction: what is interrupted leaves nothing behind.

        :raises NotASimulation: when CC&B's tables are there but not ours.
        """
        with self._open().transaction():
            session = self._open()
            session.execute("SELECT pg_advisory_xact_lock(hashtextextended('simulate_ccb', 1))")
            if not self._is_made():
                self.report("making CC&B's tables")
                store.create_tables(session)
                self._make_history(today)
                store.grant_reading(session, self.reader)
                first, _ = self._bounds(today)
                session.execute(
                    "INSERT INTO SIM_CLOCK (CLOCK_DTTM, SEED) VALUES (%s, %s)",
                    [local(first, self.zone), self.seed],
                )

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
            if until > today:
                store.forget_before(session, until - timedelta(days=self.history_days))
                store.forget_errors_before(session, local(to - ERRORS_KEPT, self.zone))
            session.execute("UPDATE SIM_CLOCK SET CLOCK_DTTM = %s", [local(to, self.zone)])

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

    def _make_history(self, today: date) -> None:
        rows: Rows = defaultdict(list)
        numbers = {
            code: dice(self.seed, code).randrange(700, 3000)
            for code in store.next_numbers(self._open())
        }
        for offset in range(self.history_days, 0, -1):
            day = today - timedelta(days=offset)
            scenario = scenario_of(day, seed=self.seed, wanted="history")
            plan = plan_day(day, seed=self.seed, scenario=scenario, zone=self.zone)
            _, end = self._bounds(day)
            numbers = self._gather(plan, lambda run: True, numbers, at=end, into=rows)
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
            return run.appears_at <= to and run.ended_at >= clock

        numbers = store.next_numbers(session) | store.first_numbers(session, day)
        rows: Rows = defaultdict(list)
        following = self._gather(plan, moves, numbers, at=to, into=rows)
        store.put_rows(session, rows)
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

    def _gather(
        self,
        plan: DayPlan,
        wanted: Callable[[PlannedRun], bool],
        numbers: dict[str, int],
        *,
        at: datetime,
        into: Rows,
    ) -> dict[str, int]:
        """Collect the rows of the wanted runs; return the numbers that follow the day's runs.

        `numbers` are those of each code's first run of the day.
        """
        following = dict(numbers)
        for run in plan.runs:
            number = following[run.profile.code]
            if wanted(run):
                for table, row in RunAt(
                    run, number=number, day=plan.day, at=at, zone=self.zone
                ).rows():
                    into[table].append(row)
            if run.started_at <= at:
                following[run.profile.code] = number + 1
        return following

    def _plan(self, day: date) -> DayPlan:
        """Return the day's plan; its scenario and the seed are those the database remembers."""
        session = self._open()
        row = session.execute("SELECT SEED FROM SIM_CLOCK").fetchone()
        seed = int(row[0]) if row else self.seed
        wanted = scenario_of(day, seed=seed, wanted=self.scenario)
        session.execute("INSERT INTO SIM_DAY VALUES (%s, %s) ON CONFLICT DO NOTHING", [day, wanted])
        found = session.execute("SELECT SCENARIO FROM SIM_DAY WHERE BUS_DT = %s", [day]).fetchone()
        scenario = str(found[0]) if found else wanted
        return _planned(day, seed=seed, scenario=scenario, zone=self.zone)

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


def play(simulator: Simulator, *, speed: float, stop: Event) -> None:
    """Let the simulated clock run `speed` times as fast as ours until `stop` is set."""
    clock, last = simulator.clock(), time.monotonic()
    while not stop.wait(TICK_S):
        now = time.monotonic()
        clock += timedelta(seconds=min(now - last, LONGEST_TICK_S) * speed)
        last = now
        simulator.advance(to=clock)
