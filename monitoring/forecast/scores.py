"""Sum up how good forecasts of many days were, beside what the naive say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from monitoring.forecast.backtest import PARTS, RIVALS, Tested

MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Score:
    """How good forecasts were that were made when one part of the course had passed.

    `inside_pct` is in how many of 100 it was done between P10 and P90; the errors are medians,
    without sign, those of the rivals over the same days.
    """

    part: int
    n: int
    inside_pct: float
    error_s: float
    rivals_s: Mapping[str, float]

    @property
    def better_pct(self) -> float | None:
        """How much smaller the error is than that of the best rival; below 0 it is greater."""
        best_s = min(self.rivals_s.values(), default=0.0)
        return round(100 * (1 - self.error_s / best_s), 1) if best_s else None


@dataclass(frozen=True, slots=True)
class WarnedDay:
    """What became of one tested day's deadline: missed or not, and when it was announced."""

    deadline_s: float
    missed: bool
    announced_s: float | None

    @property
    def lead_s(self) -> float | None:
        """How long before the deadline it was announced; below 0 after it."""
        return None if self.announced_s is None else self.deadline_s - self.announced_s


@dataclass(frozen=True, slots=True)
class Warnings:
    """What warnings were worth: misses, those announced before the deadline, and how early."""

    days: int
    missed: int
    announced: int
    lead_s: float | None
    false: int

    @property
    def false_a_month(self) -> float | None:
        """How many warnings in 30 days were followed by no miss; None without a day."""
        return round(self.false * MONTH_DAYS / self.days, 2) if self.days else None


def scores(tested: Iterable[Tested]) -> list[Score]:
    """Return the score at each part of the course; a part nobody was tested at is left out."""
    known = [each for each in tested if each.done_s is not None]
    found = ((part, [each for each in known if part in each.bands]) for part in PARTS)
    return [_score(part, those) for part, those in found if those]


def warnings(days: Sequence[WarnedDay]) -> Warnings:
    """Return what the warnings of these days were worth."""
    leads = [day.lead_s for day in days if day.missed and day.lead_s is not None]
    early = [lead_s for lead_s in leads if lead_s > 0]
    return Warnings(
        days=len(days),
        missed=sum(day.missed for day in days),
        announced=len(early),
        lead_s=median(early) if early else None,
        false=sum(day.announced_s is not None and not day.missed for day in days),
    )


def _score(part: int, tested: Sequence[Tested]) -> Score:
    inside, errors = 0, list[float]()
    for each in tested:
        band, done_s = each.bands[part], each.done_s or 0.0
        inside += band.p10_s <= done_s <= band.p90_s
        errors.append(abs(band.p50_s - done_s))
    return Score(
        part=part,
        n=len(tested),
        inside_pct=round(100 * inside / len(tested), 1),
        error_s=median(errors),
        rivals_s={name: found for name in RIVALS if (found := _rival_s(name, tested)) is not None},
    )


def _rival_s(name: str, tested: Sequence[Tested]) -> float | None:
    errors = [
        abs(each.rivals[name] - (each.done_s or 0.0)) for each in tested if name in each.rivals
    ]
    return median(errors) if errors else None
