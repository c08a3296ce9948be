"""Say what rules may know: one picture of CC&B at one good reading; immutable, plain Python.

All moments are of CC&B's clock, aware, as the reading tells them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitoring.rules.catalogue import Rulebook, Terms
from monitoring.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What rules may know of one run.

    `since` is when it came to its state: of a running one its start or last restart, as CC&B
    tells, of others the reading that saw it; `moved_at` the reading that last saw progress, None
    when none saw it open. `mark` tells one standstill from another: it differs after any progress.
    """

    id: int = 0
    key: str
    batch_code: str
    business_date: date
    state: RunState
    status_code: str
    started_at: datetime
    ended_at: datetime | None = None
    own_ended_at: datetime | None = None
    since: datetime
    moved_at: datetime | None = None
    mark: str = ""
    message: str = ""
    records_processed: int = 0
    records_in_error: int = 0
    url: str = ""

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end, None while it has no end."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    @property
    def has_begun(self) -> bool:
        """Whether it ran at all: neither waits nor was cancelled before."""
        return self.state not in (RunState.PENDING, RunState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What rules may know of one step; `expected_at` is of the picture's business day."""

    code: str
    expected_at: datetime
    grace: timedelta
    expected: timedelta
    longest: timedelta
    repeats: bool = False
    drains_imd: bool = False
    depends_on: str = ""
    stuck_profile: str = "records"
    rps_floor: float | None = None


@dataclass(frozen=True, slots=True)
class PollFacts:
    """One good reading: when, and how many IMDs were pending (None: not read)."""

    at: datetime
    pending_imd: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFacts:
    """An entry of the submission queue that is not over.

    `orphan_since` is the first reading that saw it started while its run was over, else None.
    """

    key: str
    batch_code: str
    business_date: date
    status_code: str
    run_key: str = ""
    since: datetime
    orphan_since: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What comparable complete runs came to; None where none of them tells.

    `runs` counts them, `runs_with_records` those that had any record, `days_counted` the business
    days they are of; `days` says in words which.
    """

    runs: int = 0
    runs_with_records: int = 0
    days_counted: int = 0
    days: str = ""
    first_date: date | None = None
    last_date: date | None = None
    median_records: float | None = None
    median_rps: float | None = None
    p10_records: float | None = None
    p10_duration_s: float | None = None
    p90_duration_s: float | None = None
    p90_errors: float | None = None
    p95_duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """When something with a deadline is expected to be done, and how likely it is too late."""

    deadline_at: datetime
    p10_at: datetime
    p50_at: datetime
    p90_at: datetime
    miss_pct: float


@dataclass(frozen=True, slots=True)
class OutlookFacts:
    """One forecast of the day: the risk of each deadline that is still to be met, by its key.

    The key is a step's code, or `workflow` for the day's own. Without enough history, or when all
    is done, there is no risk in it. `days` is how many past days it was made from, and `compared`
    says which.
    """

    at: datetime
    risks: Mapping[str, RiskFacts] = field(default_factory=dict)
    days: int = 0
    compared: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that rules may know at one good reading, whose moment is `at`, of business day `day`.

    `polls` are good readings far enough apart to compare, oldest first, the last one this;
    `runs` those that are open, failed or unknown; `today` the day's runs and `last_complete` the
    last complete run of each step; `records` how many each running run had, oldest first, at the
    readings that saw a change; `drained` are the day's good readings that saw no IMD pending.
    `outlook` are the day's forecasts made at `polls`, oldest first. `standing` are the alerts
    (rule, key) that are active now.
    """

    at: datetime
    zone: ZoneInfo
    day: date
    steps: Mapping[str, StepFacts] = field(default_factory=dict)
    polls: Sequence[PollFacts] = ()
    runs: Sequence[RunFacts] = ()
    today: Mapping[str, Sequence[RunFacts]] = field(default_factory=dict)
    last_complete: Mapping[str, RunFacts] = field(default_factory=dict)
    submissions: Sequence[SubmissionFacts] = ()
    usual: Mapping[tuple[str, date], Usual] = field(default_factory=dict)
    records: Mapping[str, Sequence[tuple[datetime, int]]] = field(default_factory=dict)
    drained: Sequence[datetime] = ()
    outlook: Sequence[OutlookFacts] = ()
    stuck_after: timedelta = timedelta(hours=1)
    book: Rulebook = field(default_factory=Rulebook)
    standing: frozenset[tuple[str, str]] = frozenset()

    def under(self, book: Rulebook, standing: frozenset[tuple[str, str]]) -> "Picture":
        """Return the same picture to be judged by other terms, with other alerts active."""
        return replace(self, book=book, standing=standing)

    def in_state(self, state: RunState) -> list[RunFacts]:
        """Return the runs that are in this state."""
        return [run for run in self.runs if run.state is state]

    def usual_of(self, run: RunFacts) -> Usual:
        """Return what is usual on days as the run's; empty where there is no history."""
        return self.usual.get((run.batch_code, run.business_date), Usual())

    def terms(self, rule: str, batch_code: str = "") -> Terms:
        """Return how `rule` judges the step; runs outside the workflow go by the terms for all."""
        return self.book.terms(rule, batch_code)

    def complete_today(self, code: str) -> bool:
        """Whether the step has been complete at some time of the day.

        A step that drains IMDs is complete when all its runs so far are, and none is pending.
        """
        runs = self.today.get(code, ())
        done = [run for run in runs if run.state is RunState.COMPLETE]
        step = self.steps.get(code)
        if not done or step is None or not step.drains_imd:
            return bool(done)
        return any(_all_done(runs, at) for at in self.drained)


def _all_done(runs: Sequence[RunFacts], at: datetime) -> bool:
    """Whether, of runs that had begun at `at`, there were some and the last was complete."""
    begun = [run for run in runs if run.started_at <= at]
    if not begun:
        return False
    last = max(begun, key=lambda run: run.started_at)
    return last.state is RunState.COMPLETE and (last.ended_at or last.since) <= at


def far_apart(polls: Sequence[PollFacts], gap: timedelta) -> tuple[PollFacts, ...]:
    """Return of good readings, oldest first, those that lie `gap` apart, counted from the last.

    So readings made twice, or one soon after another, count as one. One that bears a later time
    than the last (clocks are put back in autumn) is left out.
    """
    kept: list[PollFacts] = []
    for poll in reversed(polls):
        if not kept or kept[-1].at - poll.at >= gap:
            kept.append(poll)
    return tuple(reversed(kept))
