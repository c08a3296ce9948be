"""Say of an alert what it was worth: whether what it was on went well all the same.

Noise is an alert on what stayed within its usual band and came to its end by the deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitoring.rules.facts import RunFacts, StepFacts, Usual
from monitoring.rules.replayed import Told
from monitoring.states import OPEN, RunState

ENOUGH = 20  # comparable runs, below which the step's own limits are its usual band
ON_RUN = ("STUCK", "LONG_RUNNING", "LOW_THROUGHPUT", "PENDING_TOO_LONG", "UNKNOWN_STATUS")
ON_DAY = ("NOT_STARTED", "OUT_OF_ORDER")


class Worth(StrEnum):
    """Why an alert was worth telling, was noise, or why nobody can say yet."""

    FAILED = "failed"
    RESTARTED = "restarted"
    MISSED_DEADLINE = "missed_deadline"
    TOOK_LONG = "took_long"
    NEVER_RAN = "never_ran"
    NO_RESULT = "no_result"
    OUT_OF_BAND = "out_of_band"
    LASTED = "lasted"
    NOISE = "noise"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is known by now of what an alert was on.

    `run` is the run it was on, of alerts on a day the step's last run of that day; None where
    there is none. `finished_at` is when the day's whole workflow was done. `drained` are the day's
    readings that saw no IMD pending.
    """

    run: RunFacts | None
    restarted_at: datetime | None
    usual: Usual
    step: StepFacts | None
    deadline: datetime
    read_at: datetime
    finished_at: datetime | None = None
    drained: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an alert was worth, and since when the harm was done, None where there is no such."""

    worth: Worth
    harm_at: datetime | None = None


def weigh(rule: str, told: Told, outcome: Outcome) -> Verdict:
    """Return what an alert of `rule` was worth, as far as one can know by now."""
    if rule == "FAILED":
        return Verdict(Worth.FAILED, told.opened_at)
    if rule in ("LOW_RECORDS", "TOO_FAST"):
        return Verdict(Worth.OUT_OF_BAND)  # both find only what lies below the P10
    if rule == "COMPLETED_WITH_ERRORS":
        return _of_errors(outcome)
    if rule in ("IMD_NOT_DRAINING", "DEADLINE_AT_RISK"):
        return _of_deadline(rule, told, outcome)
    if outcome.run is not None and rule in (*ON_RUN, *ON_DAY):
        return _of_run(told, outcome, outcome.run)
    if rule in ON_DAY:
        return _by_deadline(outcome, Worth.NEVER_RAN)
    return _of_queue(told, outcome)


def _of_run(told: Told, outcome: Outcome, run: RunFacts) -> Verdict:
    restarted_at, limit = outcome.restarted_at, _longest(outcome)
    ended_at, past = run.ended_at or run.since, run.started_at + (limit or timedelta.max / 2)
    if restarted_at and restarted_at > told.opened_at:
        return Verdict(Worth.RESTARTED, restarted_at)
    if run.state is RunState.FAILED:
        return Verdict(Worth.FAILED, ended_at)
    if run.state in OPEN:
        return Verdict(Worth.OPEN)
    if run.state is not RunState.COMPLETE:
        return Verdict(Worth.NO_RESULT, ended_at)
    if outcome.step and run.started_at < outcome.deadline < ended_at:
        return Verdict(Worth.MISSED_DEADLINE, outcome.deadline)
    return Verdict(Worth.TOOK_LONG, past) if past < ended_at else Verdict(Worth.NOISE)


def _longest(outcome: Outcome) -> timedelta | None:
    """Return how long a usual run takes at most, None where nobody can say."""
    usual = outcome.usual
    if usual.p90_duration_s is not None and usual.runs >= ENOUGH:
        return timedelta(seconds=usual.p90_duration_s)
    return outcome.step.longest if outcome.step else None


def _of_errors(outcome: Outcome) -> Verdict:
    usual, run = outcome.usual, outcome.run
    most = usual.p90_errors if usual.runs >= ENOUGH else None
    within = run is not None and most is not None and run.records_in_error <= most
    return Verdict(Worth.NOISE if within else Worth.OUT_OF_BAND)


def _of_deadline(rule: str, told: Told, outcome: Outcome) -> Verdict:
    """Weigh a warning of a deadline: by when what it was on was done after it was told."""
    if rule == "IMD_NOT_DRAINING":
        deadline = outcome.deadline
        done_at = min((at for at in outcome.drained if at > told.opened_at), default=None)
    else:
        deadline = datetime.fromisoformat(told.finding.evidence["expected"]["done_by_at"])
        done_at = _done_at(told, outcome)
    if done_at is not None and done_at <= deadline:
        return Verdict(Worth.NOISE)
    missed = done_at is not None or outcome.read_at > deadline
    return Verdict(Worth.MISSED_DEADLINE, deadline) if missed else Verdict(Worth.OPEN)


def _done_at(told: Told, outcome: Outcome) -> datetime | None:
    """Return when the step with the deadline was done, or the whole of the day."""
    if not told.finding.batch_code:
        return outcome.finished_at
    run = outcome.run
    return run.ended_at if run and run.state is RunState.COMPLETE else None


def _of_queue(told: Told, outcome: Outcome) -> Verdict:
    if told.resolved_at and told.resolved_at <= outcome.deadline:
        return Verdict(Worth.NOISE)
    return _by_deadline(outcome, Worth.LASTED)


def _by_deadline(outcome: Outcome, worth: Worth) -> Verdict:
    over = outcome.read_at > outcome.deadline
    return Verdict(worth, outcome.deadline) if over else Verdict(Worth.OPEN)
