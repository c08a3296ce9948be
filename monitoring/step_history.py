"""Tell how one step went over the days, beside what was usual on each of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from batchops.kept import Kept
from batchops.looks import Look
from batchops.templatetags.batchops import NOTHING, badge, duration, grouped, rate
from monitoring import bands, performance
from monitoring.bands import Band, Spread
from monitoring.calendar import day_calendar
from monitoring.comparable import HISTORY
from monitoring.models import Step
from monitoring.performance import StepDayFacts
from monitoring.queries import Freshness
from monitoring.shown import unknown_since
from monitoring.states import LOOKS, OPEN, RunState

# There are hundreds of these rows, so no template draws them. A day as charts read it, with how it
# stands, and a figure of it: its name, as charts read it (with its band's low and high), in words.
ROW = '<tr><th scope="row" data-tone="{}">{}</th><td data-label="{}">{}</td>{}</tr>'
CELL = '<td class="num" data-label="{}" data-y="{}">{}</td>'
NO_CELL = '<td class="num" data-label="{}">{}</td>'


def counted(number: float) -> str:
    """Write a number of records."""
    return grouped(round(number))


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
WRITTEN = {figure.style: figure.written for figure in FIGURES}


@dataclass(frozen=True, slots=True)
class StepHistory:
    """How a step went over the last `days` business days, today the last of them.

    `drawn` are the rows of a table, of every day from the first that has a run to today.
    """

    fresh: Freshness
    days: int
    facts: Sequence[StepDayFacts]
    usual: Band
    bands: Mapping[date, Band]
    by_kind: Sequence[tuple[str, Band]]
    figures: Sequence[Figure]
    drawn: SafeString

    @property
    def ended(self) -> list[StepDayFacts]:
        """The days that are over for the step."""
        today = self.fresh.today
        return [one for one in self.facts if _is_over(one, today)]

    @property
    def good(self) -> list[StepDayFacts]:
        """Those that came to a good end."""
        return [one for one in self.ended if one.state is RunState.COMPLETE]

    def shown(self, facts: Iterable[StepDayFacts]) -> list[tuple[StepDayFacts, Look, Band]]:
        """Return some of the days with how each stands and what was usual on it."""
        return [(one, look_of_day(one, self.fresh), self.bands[one.day]) for one in facts]


# What was usual on each day, and over the days of each kind.
Past = tuple[Mapping[date, Band], Sequence[tuple[str, Band]]]
_pasts: Kept[Past] = Kept(20)  # of six steps over three spans, and some more


def step_history(step: Step, fresh: Freshness, *, days: int) -> StepHistory:
    """Return how the step went over the last `days` business days; a few queries."""
    code, today = step.batch_code, fresh.today
    first_day = today - timedelta(days=days - 1)
    facts = performance.days_of([code], last_day=today, days=days)
    usual, by_kind = _past(code, first_day, days=(today, *(one.day for one in facts)), fresh=fresh)
    figures = _figures(facts)
    return StepHistory(
        fresh=fresh,
        days=days,
        facts=facts,
        usual=usual[today],
        bands=usual,
        by_kind=by_kind,
        figures=figures,
        drawn=_drawn(figures, facts, usual, fresh),
    )


def _past(code: str, first_day: date, *, days: tuple[date, ...], fresh: Freshness) -> Past:
    """Return what was usual on each of the days, kept until a day before them changes."""
    known = day_calendar(fresh.config)
    span = (first_day - HISTORY, fresh.today + timedelta(days=1))

    def reckon() -> Past:
        courses = bands.step_courses([code], span=span, known=known).get(code, [])
        usual = bands.bands_over(courses, {day: known.kind_of(day) for day in days})
        return usual, bands.by_kind(course for course in courses if course.day >= first_day)

    stamp = bands.stamp([code], span=span, known=known)
    return _pasts.get((code, first_day, days), stamp=stamp, reckon=reckon)


def is_over(facts: StepDayFacts, fresh: Freshness) -> bool:
    """Return whether a day is over for its step."""
    return _is_over(facts, fresh.today)


def _is_over(facts: StepDayFacts, today: date) -> bool:
    return facts.day < today or facts.state is RunState.COMPLETE


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
) -> SafeString:
    if not facts:
        return SafeString()
    by_day, first_day = {one.day: one for one in facts}, facts[0].day
    days = (first_day + timedelta(n) for n in range((fresh.today - first_day).days + 1))
    labelled = [(figure, escape(str(figure.label))) for figure in figures]
    status, no_run = escape(gettext("Status")), escape(gettext("No run"))
    language = get_language()

    def row(day: date) -> SafeString:
        one = by_day.get(day)
        look = look_of_day(one, fresh) if one else None
        tone, said = (look.tone, badge(look)) if look else ("", no_run)
        band = usual.get(day)
        cells = (_cell(figure, one, band, label, language) for figure, label in labelled)
        return SafeString(ROW.format(tone, day.isoformat(), status, said, "".join(cells)))

    return _joined(row(day) for day in days)


def _cell(
    figure: Figure, facts: StepDayFacts | None, band: Band | None, *drawn_in: str | None
) -> str:
    usual = figure.of_band(band) if band and band.enough else None
    return _drawn_cell(figure.style, figure.of_day(facts) if facts else None, usual, *drawn_in)


# Of a page's 1,200 cells few are other ones than when it was last looked at.
@lru_cache(maxsize=10_000)
def _drawn_cell(
    style: str, value: float | None, usual: Spread | None, label: SafeString, _language: str | None
) -> str:
    """Draw a figure of a day; there is nothing to escape in figures."""
    if value is None:
        return NO_CELL.format(label, NOTHING)
    written = WRITTEN[style]
    if usual is None:
        return CELL.format(label, f"{value:g}", written(value))
    low, high = usual.p10, usual.p90
    said = f"{written(value)} ({written(low)} \N{EN DASH} {written(high)})"
    return CELL.format(label, f"{value:g} {low:g} {high:g}", said)


def _joined(drawn: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(drawn))
