"""Tell how one step went over the days, beside what was usual on each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from batchops.looks import Look
from batchops.templatetags.batchops import NOTHING, duration, rate
from monitoring import bands, performance
from monitoring.bands import Band, Spread
from monitoring.calendar import day_calendar
from monitoring.comparable import HISTORY
from monitoring.models import Step
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.shown import unknown_since
from monitoring.states import LOOKS, OPEN, RunState


def counted(number: float) -> str:
    """Write a number of records."""
    return number_format(round(number), use_l10n=True, force_grouping=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of days that is drawn: of a day, of its band, how it and its axis are written."""

    label: str | Promise
    style: str
    of_day: Callable[[StepDayFacts], float | None]
    of_band: Callable[[Band], Spread | None]
    written: Callable[[float], str]


FIGURES = (
    Figure(_("Duration"), "duration", lambda day: day.seconds, lambda band: band.took_s, duration),
    Figure(_("Records"), "int", lambda day: day.records, lambda band: band.records, counted),
    Figure(_("Records per second"), "rate", lambda day: day.rps, lambda band: band.rps, rate),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a day: its name, as charts read it (with its band's low and high), in words."""

    label: str | Promise
    y: str
    said: str


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day as the charts draw it: how it stands (None: nothing ran) and its figures."""

    day: date
    look: Look | None
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class StepHistory:
    """How a step went over the last `days` business days, today the last of them."""

    fresh: Freshness
    days: int
    facts: Sequence[StepDayFacts]
    usual: Band
    bands: Mapping[date, Band]
    by_kind: Sequence[tuple[str, Band]]
    figures: Sequence[Figure]
    drawn: Sequence[DrawnDay]

    @property
    def ended(self) -> list[StepDayFacts]:
        """The days that are over for the step."""
        return [one for one in self.facts if is_over(one, self.fresh)]

    @property
    def good(self) -> list[StepDayFacts]:
        """Those that came to a good end."""
        return [one for one in self.ended if one.state is RunState.COMPLETE]

    def newest_first(self) -> list[tuple[StepDayFacts, Look, Band]]:
        """Return the days with how each stands and what was usual on it."""
        return [
            (one, look_of_day(one, self.fresh), self.bands[one.day]) for one in reversed(self.facts)
        ]


def step_history(step: Step, fresh: Freshness, *, days: int) -> StepHistory:
    """Return how the step went over the last `days` business days; a few queries."""
    code, today = step.batch_code, fresh.today
    first_day = today - timedelta(days=days - 1)
    facts = performance.days_of([code], last_day=today, days=days)
    known = day_calendar(fresh.config)
    span = (first_day - HISTORY, today + timedelta(days=1))
    courses = bands.step_courses([code], span=span, known=known).get(code, [])
    shown = (today, *(one.day for one in facts))
    usual = bands.bands_over(courses, {day: known.kind_of(day) for day in shown})
    figures = _figures(facts)
    return StepHistory(
        fresh=fresh,
        days=days,
        facts=facts,
        usual=usual[today],
        bands=usual,
        by_kind=bands.by_kind(course for course in courses if course.day >= first_day),
        figures=figures,
        drawn=_drawn(figures, facts, usual, fresh),
    )


def is_over(facts: StepDayFacts, fresh: Freshness) -> bool:
    """Return whether a day is over for its step."""
    return facts.day < fresh.today or facts.state is RunState.COMPLETE


def look_of_day(facts: StepDayFacts, fresh: Freshness) -> Look:
    """Return how a day stands; what may have moved is unknown while the picture is old."""
    stale = fresh.stale and facts.state in OPEN
    return unknown_since(fresh) if stale else LOOKS[facts.state]


def _figures(facts: Sequence[StepDayFacts]) -> list[Figure]:
    """Return the figures that say anything: of a batch without records only its durations."""
    return [figure for figure in FIGURES if any(figure.of_day(one) for one in facts)]


def _drawn(
    figures: Sequence[Figure],
    facts: Sequence[StepDayFacts],
    usual: Mapping[date, Band],
    fresh: Freshness,
) -> list[DrawnDay]:
    """Return every day from the first that has a run to today."""
    if not facts:
        return []
    by_day, first_day = {one.day: one for one in facts}, facts[0].day
    days = [first_day + timedelta(n) for n in range((fresh.today - first_day).days + 1)]
    return [_drawn_day(day, by_day.get(day), figures, usual.get(day), fresh) for day in days]


def _drawn_day(
    day: date,
    facts: StepDayFacts | None,
    figures: Sequence[Figure],
    band: Band | None,
    fresh: Freshness,
) -> DrawnDay:
    if facts is None:
        return DrawnDay(day, None, [Cell(figure.label, "", NOTHING) for figure in figures])
    cells = [_cell(figure, facts, band if band and band.enough else None) for figure in figures]
    return DrawnDay(day, look_of_day(facts, fresh), cells)


def _cell(figure: Figure, facts: StepDayFacts, band: Band | None) -> Cell:
    value, usual = figure.of_day(facts), figure.of_band(band) if band else None
    if value is None:
        return Cell(figure.label, "", NOTHING)
    if usual is None:
        return Cell(figure.label, f"{value:g}", figure.written(value))
    low, high = usual.p10, usual.p90
    return Cell(
        figure.label,
        f"{value:g} {low:g} {high:g}",
        f"{figure.written(value)} ({figure.written(low)} \N{EN DASH} {figure.written(high)})",
    )
