"""Forecast when each step and the whole of a day are done, and how likely deadlines are missed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitoring.forecast.facts import Course, DayNow, StepPlan
from monitoring.forecast.history import Basis
from monitoring.forecast.paths import Moments, Played, Supposed, play, times_of
from monitoring.forecast.quantiles import quantile, share_over

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
DAY_S = 86_400.0  # what is not done by then is not done that day


@dataclass(frozen=True, slots=True)
class Band:
    """When something is done: before P10 in 10 of 100 cases, before P50 in 50, P90 in 90.

    `miss_pct` is in how many of 100 it is later than its deadline, None without one.
    """

    p10_s: float
    p50_s: float
    p90_s: float
    miss_pct: float | None = None


@dataclass(frozen=True, slots=True)
class StepOutlook:
    """How a step goes on: `state` is done, running, failed or waiting.

    `by` is what it was reckoned by, `days` how many of the past days had the step.
    """

    code: str
    state: str
    start_s: float
    band: Band
    by: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How the day goes on; without enough history `band` is None and there are no steps."""

    at_s: float
    deadline_s: float
    finished_s: float | None
    band: Band | None
    steps: Sequence[StepOutlook] = ()


def look_ahead(now: DayNow, basis: Basis, *, supposed: Supposed | None = None) -> Outlook:
    """Return the forecast of a day, as it is known now, from the days of `basis`.

    The dice are the day's own, so what changes between two forecasts of a day is what was seen.
    """
    if not basis.enough:
        return Outlook(
            at_s=now.at_s, deadline_s=now.deadline_s, finished_s=now.finished_s, band=None
        )
    played = play(now, basis, seed=now.day.toordinal(), supposed=supposed)
    times = times_of(basis)
    steps = (_step(plan, played[plan.code], now, times) for plan in now.plans)
    return Outlook(
        at_s=now.at_s,
        deadline_s=now.deadline_s,
        finished_s=now.finished_s,
        band=_band(_last(played), now.deadline_s, now.at_s, times),
        steps=[step for step in steps if step],
    )


def _step(plan: StepPlan, played: Played, now: DayNow, times: int) -> StepOutlook | None:
    band = _band(played.ends, plan.deadline_s, now.at_s, times)
    starts = sorted(start for start in played.starts if start is not None)
    if band is None or not starts:
        return None
    return StepOutlook(
        code=plan.code,
        state=_state(now.steps.get(plan.code, Course())),
        start_s=min(quantile(starts, MIDDLE, times=times), _end_of_day(now.at_s)),
        band=band,
        by=played.by,
        days=round(len(starts) / times),
    )


def _state(course: Course) -> str:
    if course.finished_s is not None:
        return "done"
    if course.started_s is None:
        return "waiting"
    return "failed" if course.failed else "running"


def _last(played: Mapping[str, Played]) -> Moments:
    """Return when the last step is done, on each path."""
    paths: Iterable[Sequence[float | None]] = zip(
        *(each.ends for each in played.values()), strict=True
    )
    return [max((end for end in ends if end is not None), default=None) for ends in paths]


def _band(ends: Moments, deadline_s: float | None, at_s: float, times: int) -> Band | None:
    ordered = sorted(end for end in ends if end is not None)
    if not ordered:
        return None
    latest_s = _end_of_day(at_s)
    low, middle, high = (
        min(quantile(ordered, share, times=times), latest_s) for share in (LOW, MIDDLE, HIGH)
    )
    chance = None if deadline_s is None else round(100 * share_over(ordered, deadline_s), 1)
    return Band(low, middle, high, chance)


def _end_of_day(at_s: float) -> float:
    return max(at_s, DAY_S)
