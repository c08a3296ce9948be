"""Reckon the Gantt of a business day over the usual band; templates draw it, a table tells it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from batchops.calendar import moment_in_day
from batchops.looks import Look
from batchops.templatetags.batchops import address, duration
from monitoring import queries
from monitoring.ahead import Ahead, still_to_come
from monitoring.bands import Band, Moments, usual_bands
from monitoring.models import Forecast
from monitoring.queries import Freshness
from monitoring.shown import RunView, StepView, Timeline

WIDTH = 1000
LEAST = 3  # so that a short piece can be seen and clicked
TICK = timedelta(hours=3)
SPAN = 2 * TICK  # an even number of ticks: a phone shows every second hour
LEAST_WAIT = timedelta(minutes=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a lane: where it lies, in thousandths, and what it says."""

    x: float
    width: float
    title: str = ""
    look: Look | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """The time that the chart spans."""

    from_at: datetime
    to_at: datetime

    def x(self, at: datetime) -> float:
        """Return where a moment lies, at an edge when it is outside."""
        share = (at - self.from_at) / (self.to_at - self.from_at)
        return round(min(max(share, 0), 1) * WIDTH, 1)

    def piece(self, span: Span, title: str = "") -> Piece:
        """Return the piece between two moments, wide enough to be seen."""
        x = self.x(span[0])
        width = max(round(self.x(span[1]) - x, 1), LEAST)
        return Piece(min(x, WIDTH - width), width, title)

    @property
    def hours(self) -> list[datetime]:
        """The moments whose hours stand under the chart, evenly apart."""
        return [self.from_at + n * TICK for n in range((self.to_at - self.from_at) // TICK + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One step's line of the chart, and what its row of the table says.

    `waited` is from when it could have begun until it did, or now; `usual` reaches from P10 of its
    start to P90 of its end, `middle` from median to median.
    """

    view: StepView
    band: Band
    starts: Moments | None
    ends: Moments | None
    waited: Span | None
    ahead: Ahead | None
    usual: Piece | None
    middle: Piece | None
    wait: Piece | None
    outages: Sequence[Piece]
    runs: Sequence[Piece]
    rest: Piece | None
    range: Piece | None

    @property
    def started_at(self) -> datetime | None:
        return self.view.runs[0].run.started_at if self.view.runs else None

    @property
    def ended_at(self) -> datetime | None:
        """When its last run ended, None while one goes on."""
        shown = self.view.shown
        return shown.run.ended_at if shown else None

    @property
    def waited_s(self) -> float | None:
        return (self.waited[1] - self.waited[0]).total_seconds() if self.waited else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gantt:
    """A business day: its lanes, and where now and the deadline lie (None: not in the chart).

    `moves` is what the chart spans by our clock, for now to go on; None when that is in vain.
    """

    lanes: Sequence[Lane]
    scale: Scale
    now_x: float | None
    moves: Span | None
    deadline_at: datetime
    deadline_x: float

    @property
    def days(self) -> str:
        """Which days most steps are compared with."""
        return next((lane.band.days for lane in self.lanes if lane.band.enough), "")

    @property
    def counted(self) -> int:
        """How many comparable days the best known step has."""
        return max((lane.band.n for lane in self.lanes), default=0)

    @property
    def foreseen(self) -> bool:
        """Whether what is to come is forecast, not only usual."""
        return any(lane.ahead and lane.ahead.is_forecast for lane in self.lanes)

    @property
    def out(self) -> bool:
        """Whether an outage is planned for any step."""
        return any(lane.outages for lane in self.lanes)

    @property
    def dashed(self) -> bool:
        """Whether anything is to come."""
        return any(lane.rest for lane in self.lanes)


def gantt(drawn: Timeline, forecast: Forecast | None) -> Gantt:
    """Return the chart of a day as it was drawn, and as the day's newest forecast has it end.

    Some queries, however many runs it has.
    """
    codes = [view.step.batch_code for view in drawn.steps]
    usual = usual_bands([(code, drawn.day) for code in codes], drawn.known_days)
    bands = {code: usual[code, drawn.day] for code in codes}
    ahead = still_to_come(drawn, bands, forecast)
    begins_at, ends_at = queries.day_bounds(drawn.day, drawn.fresh.config)
    config = drawn.fresh.config
    deadline_at = moment_in_day(begins_at, config.day_deadline, zone=settings.SITE_ZONE)
    last = max([deadline_at, *_lasts(drawn, bands, ahead.values())])
    scale = Scale(begins_at, begins_at + SPAN * -(-(min(last, ends_at) - begins_at) // SPAN))
    chart = _Chart(drawn, scale)
    now = drawn.fresh.source_now
    shows_now = drawn.is_today and now < scale.to_at
    return Gantt(
        lanes=[
            chart.lane(view, bands[code], ahead.get(code))
            for code, view in zip(codes, drawn.steps, strict=True)
        ],
        scale=scale,
        now_x=scale.x(now) if shows_now else None,
        moves=_moves(scale, drawn.fresh) if shows_now else None,
        deadline_at=deadline_at,
        deadline_x=scale.x(deadline_at),
    )


def _moves(scale: Scale, fresh: Freshness) -> Span | None:
    if fresh.stale or fresh.simulated:
        return None
    ahead = fresh.source_now - fresh.at
    return scale.from_at - ahead, scale.to_at - ahead


def _lasts(drawn: Timeline, bands: dict[str, Band], ahead: Iterable[Ahead]) -> Iterable[datetime]:
    """Yield the moments that the chart must reach."""
    for view in drawn.steps:
        yield from (run.known_until for run in view.runs)
        if ends := bands[view.step.batch_code].ends(drawn.day):
            yield ends.p90
    for one in ahead:
        yield one.latest_at or one.end_at


@dataclass(frozen=True, slots=True)
class _Chart:
    """The drawing of one day's lanes."""

    drawn: Timeline
    scale: Scale

    def lane(self, view: StepView, band: Band, ahead: Ahead | None) -> Lane:
        starts, ends = band.starts(self.drawn.day), band.ends(self.drawn.day)
        waited = self._waited(view)
        return Lane(
            view=view,
            band=band,
            starts=starts,
            ends=ends,
            waited=waited,
            ahead=ahead,
            usual=self._piece(gettext("usually"), (starts.p10, ends.p90))
            if starts and ends
            else None,
            middle=self.scale.piece((starts.p50, ends.p50)) if starts and ends else None,
            wait=waited and self._piece(gettext("waited"), waited),
            outages=[
                self._piece(outage.reason, (outage.begins_at, outage.ends_at))
                for outage in self.drawn.known_days.outages
                if outage.concerns(view.step.batch_code)
                and outage.begins_at < self.scale.to_at
                and outage.ends_at > self.scale.from_at
            ],
            runs=[self._run(run) for run in view.runs],
            rest=self._piece(gettext("expected"), (ahead.start_at, ahead.end_at))
            if ahead
            else None,
            range=self._range(ahead),
        )

    def _range(self, ahead: Ahead | None) -> Piece | None:
        if ahead is None or ahead.earliest_at is None or ahead.latest_at is None:
            return None
        span = (ahead.earliest_at, ahead.latest_at)
        return self._piece(gettext("end in 80 of 100 cases"), span)

    def _piece(self, what: str, span: Span) -> Piece:
        return self.scale.piece(span, f"{what} {_hour(span[0])} \N{EN DASH} {_hour(span[1])}")

    def _run(self, run: RunView) -> Piece:
        began, ended = run.run.started_at, run.run.ended_at
        piece = self.scale.piece((began, run.known_until))
        said = f"{run.run.batch_code} {_hour(began)} \N{EN DASH} "
        said += f"{_hour(ended) if ended else gettext('now') if run.moving else '?'}, "
        said += f"{duration(run.elapsed_s)}, {gettext(run.look.label)}"
        href = address("admin:run", run.run.pk)
        return Piece(piece.x, piece.width, said, run.look, href)

    def _waited(self, view: StepView) -> Span | None:
        """Return from when the step was to begin until it did, or until now."""
        fresh = self.drawn.fresh
        due = queries.expected_at(
            view.step, self.drawn.day, config=fresh.config, known=self.drawn.known_days
        )
        if view.runs:
            until = view.runs[0].run.started_at
        elif self.drawn.is_today and view.known:
            until = fresh.source_now
        else:
            return None
        return (due, until) if until - due >= LEAST_WAIT else None


def _hour(at: datetime) -> str:
    return date_format(timezone.localtime(at), "H:i")
