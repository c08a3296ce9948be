"""Say how much longer a step takes that has begun, on each of many days like today."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import copysign, exp, inf, isinf, log, log2
from statistics import median
from typing import TypeVar

from monitoring.forecast.facts import Course, StepPast

# When fewer of the past days fit what is seen, only what is seen today counts.
FITTING = 0.1
# So much of the usual records make today's own pace count as much as that of a past day.
PACE_WEIGHT = 0.03
# The first threads to end make a run slower towards its end: so much faster (as a logarithm) than
# on the whole it is before, and paces that differ by less beside that are the same one.
BEFORE_ITS_END = 0.03
EVEN = 0.03
# A run commits more often than it is read; without progress for longer it stands still.
STILL_S = 20 * 60.0
LEAST_S, LONGEST_S = 60.0, 12 * 3600.0

Dice = Callable[[], float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rests:
    """How many seconds more, one for each past day, and by what that was reckoned."""

    seconds: list[float]
    by: str


def rests(course: Course, past: Sequence[StepPast], *, at_s: float, dice: Dice) -> Rests:
    """Return how much longer a step takes that has begun and is not done.

    By what is pending and how fast it drains, by records and their pace, or by time alone: only
    past days on which it had not been done by now count. When there are hardly any it has overrun
    what is known, and does so for as long again, in the median; so does one that stands still.
    """
    begun_s = course.started_s or 0.0
    stands = course.failed or course.still_s > STILL_S
    still_s = course.still_s if stands else 0.0
    worked_s = max(at_s - begun_s - still_s, 1.0)
    found = _of_work(course, past, worked_s, dice)
    if not stands:
        return found
    return Rests([rest + as_long_again(still_s, dice()) for rest in found.seconds], "still")


def overdue(late_s: float, usual: Sequence[float], *, dice: Dice) -> list[float]:
    """Return how late each begins at last of what is late by `late_s` and has not begun.

    `usual` is how late it began on past days; when hardly any is later, it is late for as long
    again, in the median.
    """
    fitting = [lag_s for lag_s in usual if lag_s > late_s]
    if len(fitting) > FITTING * len(usual):
        return _spread(fitting, len(usual))
    return [late_s + as_long_again(late_s, dice()) for _ in usual]


def _of_work(course: Course, past: Sequence[StepPast], worked_s: float, dice: Dice) -> Rests:
    done = course.records or 0
    counted = [each for each in past if each.records > 0]
    if course.pending and counted:
        drained = [_drained(course, worked_s, each) for each in _spread(counted, len(past))]
        return Rests(drained, "drain")
    if done and counted and course.pending is None:
        return _by_records(done, counted, len(past), worked_s, dice)
    return _by_time(past, worked_s, dice)


def _by_records(done: int, past: Sequence[StepPast], n: int, worked_s: float, dice: Dice) -> Rests:
    """Take of each day how long all of it would take at today's pace, less what was worked."""
    rests_s = [
        each.took_s / _faster(done, worked_s, each) - worked_s
        for each in past
        if each.records > done
    ]
    fitting = [rest_s for rest_s in rests_s if rest_s > 0]
    if len(fitting) > FITTING * len(past):
        return Rests(_spread(fitting, n), "records")
    usual_s = median(each.records for each in past) / done * worked_s
    return _overrun(worked_s - usual_s, n, dice)


def _by_time(past: Sequence[StepPast], worked_s: float, dice: Dice) -> Rests:
    fitting = [each.took_s - worked_s for each in past if each.took_s > worked_s]
    if len(fitting) > FITTING * len(past):
        return Rests(_spread(fitting, len(past)), "time")
    return _overrun(worked_s - median(each.took_s for each in past), len(past), dice)


def _overrun(over_s: float, n: int, dice: Dice) -> Rests:
    return Rests([as_long_again(max(over_s, LEAST_S), dice()) for _ in range(n)], "overrun")


def _drained(course: Course, worked_s: float, past: StepPast) -> float:
    """Return how long what is pending takes at the pace of its runs, and the time between them."""
    if isinf(past.took_s):
        return inf
    busy_s = min(course.busy_s, worked_s)
    ran = replace(past, took_s=max(past.took_s - past.idle_s, 1.0))
    pace = past.records / ran.took_s * _faster(course.records or 0, busy_s, ran)
    return (course.pending or 0) / pace + max(past.idle_s - (worked_s - busy_s), 0.0)


def _faster(done: int, worked_s: float, past: StepPast) -> float:
    """Return how many times as fast as on a past day it is today, as far as that can be told.

    Little work tells little.
    """
    usual = past.records / past.took_s if past.took_s else 0.0
    if not done or not usual:
        return 1.0
    told = log(done / max(worked_s, 1.0) / usual) - BEFORE_ITS_END
    weight = done / (done + PACE_WEIGHT * past.records)
    return exp(weight * copysign(max(abs(told) - EVEN, 0.0), told))


def as_long_again(so_far_s: float, chance: float) -> float:
    """Return how much longer lasts what has lasted so long: as long again with even chances.

    And with even chances that long once more, and so on.
    """
    return min(so_far_s * -log2(1 - chance), LONGEST_S)


def _spread(values: Sequence[T], n: int) -> list[T]:
    """Return `n` of the values, each as often as the others."""
    return [values[place % len(values)] for place in range(n)]
