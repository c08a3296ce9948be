"""Hold all that is stored of a business day, and say what was known of it at any moment."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

from monitoring.forecast.facts import (
    Course,
    DayNow,
    PastDay,
    Reading,
    RunSeen,
    StepPlan,
    course_of,
    past_day,
)

EVERY_S = 15 * 60.0  # of a day that nobody watched, forecasts are made so often


@dataclass(frozen=True, slots=True)
class Sample:
    """What a reading saw of a run that had moved since the one before."""

    at_s: float
    records: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run that began, as it is stored: how it came out, and what readings saw before."""

    code: str
    started_s: float
    ended_s: float | None
    complete: bool
    records: int
    samples: Sequence[Sample] = ()

    def seen(self, at_s: float) -> RunSeen | None:
        """Return the run as it was known at `at_s`; None before it began.

        Of one that was not over no more is known than the readings until then saw.
        """
        if self.started_s > at_s:
            return None
        if self.ended_s is not None and self.ended_s <= at_s:
            return RunSeen(self.code, self.started_s, self.ended_s, self.complete, self.records)
        place = bisect_right(self.samples, at_s, key=lambda sample: sample.at_s)
        if not place:
            return RunSeen(self.code, self.started_s, None, complete=False, records=None)
        last = self.samples[place - 1]
        ended_s = last.at_s if last.failed else None
        return RunSeen(
            self.code,
            self.started_s,
            ended_s,
            complete=False,
            records=last.records,
            moved_s=last.at_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """One business day as it is stored, oldest first what it holds."""

    day: date
    kind: str
    plans: Sequence[StepPlan]
    deadline_s: float
    runs: Sequence[RunRecord] = ()
    readings: Sequence[Reading] = ()

    def now(self, at_s: float) -> DayNow:
        """Return the day as it was known at `at_s`, without what came later."""
        return DayNow(
            day=self.day,
            at_s=at_s,
            plans=self.plans,
            steps={plan.code: self._course(plan, at_s) for plan in self.plans},
            deadline_s=self.deadline_s,
            kind=self.kind,
        )

    def past(self) -> PastDay | None:
        """Return the day as forecasts of later days use it; None if no step ran."""
        courses = {plan.code: self._course(plan, inf) for plan in self.plans}
        return past_day(self.day, kind=self.kind, plans=self.plans, courses=courses)

    def instants(self, until_s: float) -> list[float]:
        """Return when forecasts were made until `until_s`, or would have been."""
        read = [0.0, *(reading.at_s for reading in self.readings if reading.at_s > 0)]
        every = [n * EVERY_S for n in range(int(until_s // EVERY_S) + 1)]
        return [at_s for at_s in (read if self.readings else every) if at_s <= until_s]

    def _course(self, plan: StepPlan, at_s: float) -> Course:
        runs = [run.seen(at_s) for run in self.runs if run.code == plan.code]
        readings = self.readings[: bisect_right(self.readings, at_s, key=lambda one: one.at_s)]
        return course_of(plan, [run for run in runs if run], readings, at_s)
