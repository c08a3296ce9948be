"""Set two business days side by side: each step on both, and how they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from batchops.looks import Look
from monitoring import performance, queries
from monitoring.models import MonitoringConfig, Step
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.step_history import is_over, look_of_day


@dataclass(frozen=True, slots=True)
class Side:
    """One step on one of the days; `start_s` is counted from the beginning of the business day."""

    facts: StepDayFacts
    look: Look
    start_s: float
    is_over: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A step on both days; a side is None where nothing ran. Differences are second less first."""

    code: str
    first: Side | None
    second: Side | None

    @property
    def later_s(self) -> float | None:
        """By how much the second began later."""
        both = self._both()
        return both[1].start_s - both[0].start_s if both else None

    @property
    def longer_s(self) -> int | None:
        """By how much the second took longer, None while either goes on."""
        both = self._over()
        if both is None or both[0].facts.seconds is None or both[1].facts.seconds is None:
            return None
        return both[1].facts.seconds - both[0].facts.seconds

    @property
    def more_records(self) -> int | None:
        """How many records more the second had, None while either goes on."""
        both = self._over()
        return both[1].facts.records - both[0].facts.records if both else None

    def _both(self) -> tuple[Side, Side] | None:
        return (self.first, self.second) if self.first and self.second else None

    def _over(self) -> tuple[Side, Side] | None:
        both = self._both()
        return both if both and all(side.is_over for side in both) else None


def compared(first: date, second: date, fresh: Freshness) -> Sequence[Pair]:
    """Return the steps of the workflow in their order, each on both days."""
    codes = list(Step.objects.order_by("sequence_order").values_list("batch_code", flat=True))
    one, other = (_sides(codes, day, fresh) for day in (first, second))
    return [Pair(code, one.get(code), other.get(code)) for code in codes]


def _sides(codes: Sequence[str], day: date, fresh: Freshness) -> dict[str, Side]:
    found = performance.days_of(codes, last_day=day, days=1)
    return {one.batch_code: _side(one, fresh) for one in found}


def _side(facts: StepDayFacts, fresh: Freshness) -> Side:
    start_s = _start_s(facts, fresh.config)
    return Side(facts, look_of_day(facts, fresh), start_s, is_over(facts, fresh))


def _start_s(facts: StepDayFacts, config: MonitoringConfig) -> float:
    begins_at, _ = queries.day_bounds(facts.day, config)
    return (facts.first_started_at - begins_at).total_seconds()
