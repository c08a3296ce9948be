"""Choose the past days that today is compared with, and bring them to today's level."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isinf
from statistics import median

from monitoring.forecast.facts import PastDay, StepPast

ENOUGH = 20  # days, with fewer nothing is said
# Whole weeks, so that each weekday counts as often; long enough for one odd day not to matter.
LEVEL = timedelta(days=14)
WEEKDAY_DAYS = 3  # of a weekday, before it counts as another than the rest
LEVEL_DAYS = 7  # of them that must have the step, else its level is not known
MOST_SCALED = 2.0  # times: what changed more is another step by now


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The days that today is compared with, oldest first, each at the level of today.

    `kind` and `weekday` (None: all) say which they are. `found` is how many there are, also where
    they are too few to go by: then `days` is empty.
    """

    kind: str
    weekday: int | None
    found: int
    days: Sequence[PastDay] = ()

    @property
    def enough(self) -> bool:
        """Whether there are days enough to go by."""
        return bool(self.days)


def basis_for(day: date, kind: str, history: Iterable[PastDay]) -> Basis:
    """Return the days before `day` of its class and weekday, or of its class, if they are 20.

    What took longer or shorter in the fortnight before today than in that before a past day is
    taken so much longer or shorter of that day; where all weekdays count, so is what usually takes
    longer or shorter on today's weekday. A day never counts for itself or one before it.
    """
    before = sorted((past for past in history if past.day < day), key=lambda past: past.day)
    alike = [past for past in before if past.kind == kind]
    same_weekday = [past for past in alike if past.day.weekday() == day.weekday()]
    weekday = day.weekday() if len(same_weekday) >= ENOUGH else None
    chosen = alike if weekday is None else same_weekday
    if len(chosen) < ENOUGH:
        return Basis(kind=kind, weekday=None, found=len(chosen))
    levels = _Levels(before)
    now = levels.before(day)
    then = {past.day: levels.before(past.day) for past in chosen}
    if weekday is None:
        weekly = _by_weekday(chosen, then)
        now = _times(now, weekly.get(day.weekday(), {}))
        then = {at: _times(level, weekly.get(at.weekday(), {})) for at, level in then.items()}
    return Basis(
        kind=kind,
        weekday=weekday,
        found=len(chosen),
        days=[_at_level(past, then[past.day], now) for past in chosen],
    )


class _Levels:
    """Know how long each step took lately, as of any day, and how many records it had."""

    def __init__(self, history: Sequence[PastDay]) -> None:
        self._by_day = {past.day: past for past in history}

    def before(self, day: date) -> dict[str, StepPast]:
        """Return the median of each step over the fortnight before `day`, where it is known."""
        lately = [self._by_day.get(day - timedelta(days=n)) for n in range(1, LEVEL.days + 1)]
        steps: dict[str, list[StepPast]] = {}
        for past in filter(None, lately):
            for code, step in past.steps.items():
                if not isinf(step.took_s):
                    steps.setdefault(code, []).append(step)
        return {code: _middle(seen) for code, seen in steps.items() if len(seen) >= LEVEL_DAYS}


def _by_weekday(
    days: Sequence[PastDay], levels: Mapping[date, Mapping[str, StepPast]]
) -> dict[int, dict[str, StepPast]]:
    """Return how many times its level each step came to, by weekday, where that can be told."""
    seen: dict[tuple[int, str], list[StepPast]] = {}
    for past in days:
        for code, step in past.steps.items():
            level = levels[past.day].get(code)
            if level and level.took_s and not isinf(step.took_s):
                share = StepPast(0.0, step.took_s / level.took_s, _share(step, level))
                seen.setdefault((past.day.weekday(), code), []).append(share)
    found: dict[int, dict[str, StepPast]] = {}
    for (weekday, code), shares in seen.items():
        if len(shares) >= WEEKDAY_DAYS:
            found.setdefault(weekday, {})[code] = _middle(shares)
    return found


def _share(step: StepPast, level: StepPast) -> float:
    return step.records / level.records if level.records else 1.0


def _times(level: Mapping[str, StepPast], shares: Mapping[str, StepPast]) -> dict[str, StepPast]:
    """Return the level of a weekday; of a step whose weekdays are not known, the same level."""
    one = StepPast(0.0, 1.0, 1.0)
    return {
        code: StepPast(
            0.0,
            step.took_s * shares.get(code, one).took_s,
            step.records * shares.get(code, one).records,
        )
        for code, step in level.items()
    }


def _middle(steps: Sequence[StepPast]) -> StepPast:
    return StepPast(
        0.0, median(step.took_s for step in steps), median(step.records for step in steps)
    )


def _at_level(past: PastDay, then: Mapping[str, StepPast], now: Mapping[str, StepPast]) -> PastDay:
    steps = {
        code: _scaled(step, then[code], now[code]) if code in then and code in now else step
        for code, step in past.steps.items()
    }
    return PastDay(day=past.day, kind=past.kind, steps=steps, finished_s=past.finished_s)


def _scaled(step: StepPast, then: StepPast, now: StepPast) -> StepPast:
    return StepPast(
        step.lag_s,
        step.took_s * _ratio(now.took_s, then.took_s),
        step.records * _ratio(now.records, then.records),
        step.idle_s,
        step.done_s,
    )


def _ratio(now: float, then: float) -> float:
    if not now or not then:
        return 1.0
    return min(max(now / then, 1 / MOST_SCALED), MOST_SCALED)
