"""Say what is known of a business day: its steps, how far each is, how past days went."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import inf

# Measurements of the same go come at once; who has waited longer works on others.
SAME_GO_S = 15 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One step of the workflow on one business day, in seconds since that began."""

    code: str
    expected_s: float
    depends_on: str = ""
    drains_imd: bool = False
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One run that has begun. Without `ended_s` it is open, or nobody knows its end.

    `moved_s` is when it was last seen to make progress, None when no reading saw it open.
    """

    code: str
    started_s: float
    ended_s: float | None
    complete: bool
    records: int | None = 0
    moved_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How many measurements were pending at one good reading."""

    at_s: float
    pending: int


@dataclass(frozen=True, slots=True)
class Course:
    """How far a step is: begun or not, done or not, how many records, when it last moved.

    A step is done when its first run is complete; one that drains measurements when, for the first
    time, all its runs are and none is pending. `busy_s` is for how long its runs ran, `still_s`
    for how long it has stood still.
    """

    started_s: float | None = None
    finished_s: float | None = None
    records: int | None = None
    busy_s: float = 0.0
    still_s: float = 0.0
    failed: bool = False
    pending: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNow:
    """One business day as it is known `at_s`; `steps` in their order, by code."""

    day: date
    at_s: float
    plans: Sequence[StepPlan]
    steps: Mapping[str, Course] = field(default_factory=dict)
    deadline_s: float
    kind: str = "ordinary"

    @property
    def finished_s(self) -> float | None:
        """When the last step was done; None while one is not, or there is none."""
        ends = [self.steps.get(plan.code, Course()).finished_s for plan in self.plans]
        known = [end for end in ends if end is not None]
        return max(known) if ends and len(known) == len(ends) else None


@dataclass(frozen=True, slots=True)
class StepPast:
    """How a step went on a past day: how long after it might it began, and how long it took.

    `took_s` is infinite where it began and was never done; `idle_s` of it none of its runs ran.
    `done_s` is when, on that day, it was done.
    """

    lag_s: float
    took_s: float
    records: float = 0.0
    idle_s: float = 0.0
    done_s: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDay:
    """How one past business day went, by the codes of the steps that ran; `kind` is its class."""

    day: date
    kind: str
    steps: Mapping[str, StepPast]
    finished_s: float


def course_of(
    plan: StepPlan, runs: Iterable[RunSeen], readings: Sequence[Reading], at_s: float
) -> Course:
    """Return how far a step is at `at_s`, from its runs and the readings up to then."""
    own = sorted((run for run in runs if run.code == plan.code), key=lambda run: run.started_s)
    if not own:
        return Course(pending=_pending(plan, readings))
    finished_s = _drained_s(own, readings, at_s) if plan.drains_imd else _complete_s(own)
    counted = [run for run in own if finished_s is None or run.started_s < finished_s]
    known = [run.records for run in counted if run.records is not None]
    is_open = finished_s is None
    return Course(
        started_s=own[0].started_s,
        finished_s=finished_s,
        records=sum(known) if len(known) == len(counted) else None,
        busy_s=sum(
            (at_s if run.ended_s is None else run.ended_s) - run.started_s for run in counted
        ),
        still_s=_still_s(own[-1], at_s) if is_open else 0.0,
        failed=is_open and _failed(own[-1]),
        pending=_pending(plan, readings),
    )


def past_day(
    day: date, *, kind: str, plans: Sequence[StepPlan], courses: Mapping[str, Course]
) -> PastDay | None:
    """Return a day that is over as forecasts use it; None for one on which no step ran."""
    steps: dict[str, StepPast] = {}
    for plan in plans:
        course = courses.get(plan.code, Course())
        if course.started_s is None:
            continue
        above = courses.get(plan.depends_on, Course()).finished_s or 0.0
        ends_s = inf if course.finished_s is None else course.finished_s
        lag_s = course.started_s - max(plan.expected_s, above)
        took_s = ends_s - course.started_s
        idle_s = 0.0 if course.finished_s is None else max(took_s - course.busy_s, 0.0)
        steps[plan.code] = StepPast(lag_s, took_s, course.records or 0, idle_s, ends_s)
    if not steps:
        return None
    finished_s = max(step.done_s for step in steps.values())
    return PastDay(day=day, kind=kind, steps=steps, finished_s=finished_s)


def _pending(plan: StepPlan, readings: Sequence[Reading]) -> int | None:
    return readings[-1].pending if plan.drains_imd and readings else None


def _complete_s(runs: Sequence[RunSeen]) -> float | None:
    return min((run.ended_s for run in runs if run.complete and run.ended_s), default=None)


def _drained_s(runs: Sequence[RunSeen], readings: Sequence[Reading], at_s: float) -> float | None:
    """Return when none was pending for the first time; without readings, when a go was over."""
    if not readings or readings[0].at_s > runs[0].started_s:
        return _gone_s(runs, at_s)
    for reading in readings:
        begun = [run for run in runs if run.started_s <= reading.at_s]
        if begun and not reading.pending and all(_over(run, reading.at_s) for run in begun):
            return max(run.ended_s or 0.0 for run in begun)
    return None


def _gone_s(runs: Sequence[RunSeen], at_s: float) -> float | None:
    ends_s = runs[0].started_s
    for run in runs:
        if run.started_s - ends_s > SAME_GO_S:
            return ends_s
        if not run.complete or run.ended_s is None:
            return None
        ends_s = max(ends_s, run.ended_s)
    return ends_s if at_s - ends_s > SAME_GO_S else None


def _over(run: RunSeen, at_s: float) -> bool:
    return run.complete and run.ended_s is not None and run.ended_s <= at_s


def _failed(run: RunSeen) -> bool:
    return run.ended_s is not None and not run.complete


def _still_s(last: RunSeen, at_s: float) -> float:
    """Return for how long a step that is not done has stood still: failed, or without progress."""
    since_s = last.ended_s if _failed(last) else last.moved_s
    return 0.0 if since_s is None or last.complete else max(at_s - since_s, 0.0)
