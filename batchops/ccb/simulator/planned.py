"""Hold what is planned for one simulated business day; plain values, nothing happens here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from random import Random

from batchops.ccb.simulator.profiles import Profile

EPOCH = date(2015, 1, 1)
# Each day has its own range of instance numbers, so that they grow and never meet.
INSTANCES_A_DAY = 100_000
# A submission that is cancelled before it began is Pending Cancel for so long.
CANCELLING = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Wait:
    """A time in which an execution stands still, as for a lock."""

    since: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Execution:
    """One thread at work once: it commits evenly until `worked_until` and ends at `ended_at`.

    The two differ when it hangs before it is ended. One that was `closed_by_hand` never writes its
    end: at `ended_at` somebody sets its thread to complete in the tables.
    """

    thread: int
    scheduler_id: int
    started_at: datetime
    worked_until: datetime
    ended_at: datetime
    records: int
    errors: int
    failed: bool = False
    closed_by_hand: bool = False
    error: str = ""
    wait: Wait | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """One entry of the submission queue, for one go at the run.

    Without `started_at` it never begins and is cancelled at `ended_at`. `pool` is the thread
    pool it asks for; empty is the default one.
    """

    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime
    method: str
    user: str
    pool: str = ""


@dataclass(frozen=True, slots=True)
class OddStatus:
    """A status code that the run shows for a while in place of its own."""

    code: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run: its executions, later ones restarting failed threads, and its submissions.

    `keeps_old_end` leaves the first end in place when the run restarts, as some releases do. A
    `purged` run's rows are removed at its end. With a `rerun` number it does the work of the run
    before it again, under that one's batch number.
    """

    profile: Profile
    executions: tuple[Execution, ...]
    submissions: tuple[Submission, ...] = ()
    keeps_old_end: bool = False
    purged: bool = False
    rerun: int = 0
    odd_status: OddStatus | None = None

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

    @property
    def rests_at(self) -> datetime:
        """Return when the last change of any row about it is written."""
        ends = [submission.ended_at for submission in self.submissions]
        odd = [self.odd_status.until] if self.odd_status else []
        return max([self.ended_at, *ends, *odd])


@dataclass(frozen=True, slots=True)
class Span:
    """A time between two moments."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Say whether the moment lies in it."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Arrival:
    """Measurements that come in evenly between two moments and wait for D1-IMD."""

    since: datetime
    until: datetime
    count: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """All that happens on one business day, runs in the order of their start.

    During an outage nobody can log in to read.
    """

    day: date
    scenario: str
    runs: tuple[PlannedRun, ...]
    arrivals: tuple[Arrival, ...]
    outages: tuple[Span, ...] = ()


def dice(*parts: object) -> Random:
    """Return random numbers that are the same for the same parts, on every machine."""
    return Random(":".join(map(str, parts)))  # noqa: S311  (play, not secrets)


def whole(at: datetime) -> datetime:
    """Return the moment in whole seconds, as CC&B writes it."""
    return at.replace(microsecond=0)


def minutes(rng: Random, shortest: float, longest: float) -> timedelta:
    """Return a length between the two, in whole seconds."""
    return timedelta(seconds=round(60 * rng.uniform(shortest, longest)))


def bounded(rng: Random, spread: float) -> float:
    """Return a factor around 1 whose logarithm has that spread, never over two spreads away."""
    return exp(spread * max(-2.0, min(2.0, rng.gauss(0, 1))))
