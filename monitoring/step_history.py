"""Tell how one step went over the days, beside what was usual on each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from batchops.looks import Look
from batchops.templatetags.batchops import duration, rate
from monitoring import bands, charts, performance
from monitoring.bands import Band, Spread
from monitoring.calendar import day_calendar
from monitoring.charts import Bars, Column
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
    """A figure of days that is drawn: of a day, of its band, and how it is written."""

    label: str | Promise
    of_day: Callable[[StepDayFacts], float | None]
    of_band: Callable[[Band], Spread | None]
    written: Callable[[float], str]


FIGURES = (
    Figure(_("Duration"), lambda day: day.seconds, lambda band: band.took_s, duration),
    Figure(_("Records"), lambda day: day.records, lambda band: band.records, counted),
    Figure(_("Records per second"), lambda day: day.rps, lambda band: band.rps, rate),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One figure's chart: its name, the bars, and what the greatest of them comes to."""

    label: str | Promise
    chart: Bars
    most: str


@dataclass(frozen=True, slots=True)
class StepHistory:
    """How a step went over the last `days` business days, today the last of them."""

    fresh: Freshness
    days: int
    facts: Sequence[StepDayFacts]
    usual: Band
    bands: Mapping[date, Band]
    by_kind: Sequence[tuple[str, Band]]
    charts: Sequence[Drawn]

    @property
    def first_day(self) -> date:
        return self.fresh.today - timedelta(days=self.days - 1)

    @property
    def ended(self) -> list[StepDayFacts]:
        """The days that are over for the step."""
        today = self.fresh.today
        return [one for one in self.facts if one.day < today or one.state is RunState.COMPLETE]

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
    return StepHistory(
        fresh=fresh,
        days=days,
        facts=facts,
        usual=usual[today],
        bands=usual,
        by_kind=bands.by_kind(course for course in courses if course.day >= first_day),
        charts=_charts(facts, usual, fresh, [first_day + timedelta(n) for n in range(days)]),
    )


def look_of_day(facts: StepDayFacts, fresh: Freshness) -> Look:
    """Return how a day stands; what may have moved is unknown while the picture is old."""
    stale = fresh.stale and facts.state in OPEN
    return unknown_since(fresh) if stale else LOOKS[facts.state]


def _charts(
    facts: Sequence[StepDayFacts],
    usual: Mapping[date, Band],
    fresh: Freshness,
    days: Sequence[date],
) -> list[Drawn]:
    """Return the charts that say anything: of a batch without records only its durations."""
    by_day = {one.day: one for one in facts}
    drawn = []
    for figure in FIGURES:
        columns = [_column(figure, by_day.get(day), usual.get(day), fresh) for day in days]
        chart = charts.bars(columns)
        if chart and chart.most:
            drawn.append(Drawn(figure.label, chart, figure.written(chart.most)))
    return drawn


def _column(
    figure: Figure, facts: StepDayFacts | None, band: Band | None, fresh: Freshness
) -> Column:
    height = figure.of_day(facts) if facts else None
    if facts is None or height is None:
        return Column(None, LOOKS[RunState.UNKNOWN])
    look = look_of_day(facts, fresh)
    usual = figure.of_band(band) if band and band.enough else None
    said = f"{facts.day}: {figure.written(height)}, {look.label}"
    if usual is None:
        return Column(height, look, said)
    said += f" ({figure.written(usual.p10)} \N{EN DASH} {figure.written(usual.p90)})"
    return Column(height, look, said, usual.p10, usual.p90)
