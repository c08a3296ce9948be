"""Play the rest of today once for each past day, step after step."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

from monitoring.forecast.facts import Course, DayNow, StepPast, StepPlan
from monitoring.forecast.history import Basis
from monitoring.forecast.running import Dice, overdue, rests

PATHS = 200  # at least; each past day counts equally often

# When a step begins or is done on each path; None on one whose past day did without the step.
Moments = list[float | None]


@dataclass(frozen=True, slots=True)
class Supposed:
    """What if a step began so much later, or took so many times as long?"""

    code: str
    late_s: float = 0.0
    times: float = 1.0


@dataclass(frozen=True, slots=True)
class Played:
    """When a step begins and is done on each path, and by what that was reckoned."""

    starts: Moments
    ends: Moments
    by: str


def play(
    now: DayNow, basis: Basis, *, seed: int, supposed: Supposed | None = None
) -> dict[str, Played]:
    """Return each step on each path, by code, those first that others wait for.

    A path takes all that is left of today from one past day, so that what goes together stays
    together. The same facts and seed give the same paths.
    """
    player = _Player(now, basis, Random(seed).random, supposed)  # noqa: S311  (no secrets)
    for plan in in_order(now.plans):
        player.play(plan)
    return player.played


def times_of(basis: Basis) -> int:
    """Return how many paths each past day is played on."""
    return ceil(PATHS / len(basis.days))


def in_order(plans: Sequence[StepPlan]) -> list[StepPlan]:
    """Return the steps in their order, but each behind the one that it waits for."""
    left, found = list(plans), list[StepPlan]()
    while left:
        waiting = {plan.code for plan in left}
        free = [plan for plan in left if plan.depends_on not in waiting] or left
        found += free
        left = [plan for plan in left if plan not in free]
    return found


class _Player:
    """Play steps one after the other, each on all paths at once."""

    def __init__(self, now: DayNow, basis: Basis, dice: Dice, supposed: Supposed | None) -> None:
        self.played: dict[str, Played] = {}
        self._now = now
        self._days = list(basis.days) * times_of(basis)
        self._dice = dice
        self._supposed = supposed

    def play(self, plan: StepPlan) -> None:
        """Add a step; the one that it waits for has been played."""
        course = self._now.steps.get(plan.code, Course())
        past = [day.steps.get(plan.code) for day in self._days]
        self.played[plan.code] = self._step(plan, course, past)

    def _step(self, plan: StepPlan, course: Course, past: Sequence[StepPast | None]) -> Played:
        if course.finished_s is not None:
            n = len(past)
            return Played([course.started_s] * n, [course.finished_s] * n, "done")
        what_if = self._what_if(plan.code)
        if course.started_s is not None:
            return self._running(course, past, what_if)
        return self._waiting(self._ready(plan), past, what_if)

    def _what_if(self, code: str) -> Supposed:
        supposed = self._supposed
        return supposed if supposed and supposed.code == code else Supposed(code)

    def _ready(self, plan: StepPlan) -> list[float]:
        """Return from when on the step may begin, on each path."""
        above = self.played.get(plan.depends_on)
        if above is None:
            return [plan.expected_s] * len(self._days)
        return [max(plan.expected_s, end or 0.0) for end in above.ends]

    def _running(
        self, course: Course, past: Sequence[StepPast | None], what_if: Supposed
    ) -> Played:
        known = [each for each in past if each is not None]
        if not known:
            return Played([course.started_s] * len(past), [None] * len(past), "time")
        at_s, begun_s = self._now.at_s, course.started_s or 0.0
        alike = [each or known[0] for each in past]
        found = rests(course, alike, at_s=at_s, dice=self._dice)
        ends: Moments = [
            max(begun_s + (at_s + rest - begun_s) * what_if.times, at_s) + what_if.late_s
            for rest in found.seconds
        ]
        return Played([begun_s] * len(past), ends, found.by)

    def _waiting(
        self, ready: Sequence[float], past: Sequence[StepPast | None], what_if: Supposed
    ) -> Played:
        at_s = self._now.at_s
        lags = [each.lag_s if each else 0.0 for each in past]
        # What it waits for is over: it may begin since one moment, the same on each path.
        if at_s > ready[0] and all(each == ready[0] for each in ready):
            lags = overdue(at_s - ready[0], lags, dice=self._dice)
        starts: Moments = [
            None if each is None else max(free + lag, at_s) + what_if.late_s
            for each, free, lag in zip(past, ready, lags, strict=True)
        ]
        ends: Moments = [
            None if each is None or start is None else start + each.took_s * what_if.times
            for each, start in zip(past, starts, strict=True)
        ]
        return Played(starts, ends, "waits")
