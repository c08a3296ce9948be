"""Draw business days: each step of the workflow with its runs, its state, how far it is."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from batchops.looks import Look
from monitoring import queries
from monitoring.bodies import TimelineBody
from monitoring.calendar import DayCalendar, day_calendar
from monitoring.comparable import usual_records
from monitoring.models import Run, Step
from monitoring.pace import ImdCourse, imd_courses, rps_lately
from monitoring.queries import Freshness
from monitoring.shown import (
    RunView,
    StepView,
    Timeline,
    view_of,
)
from monitoring.states import RunState

RunsOfDays = Mapping[tuple[date, str], list[Run]]


@dataclass(frozen=True, slots=True)
class _Day:
    """What is known of one business day beside its runs."""

    day: date
    begins_at: datetime
    ends_at: datetime
    is_today: bool
    fresh: Freshness
    imd: ImdCourse
    known_days: DayCalendar
    usual: Mapping[str, float] = field(default_factory=dict)
    speeds: Mapping[int, float] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether what is not seen on this day did not happen: it was read to its end, or is."""
        read_until = self.fresh.source_at
        return not self.fresh.stale or (read_until is not None and self.ends_at <= read_until)


def draw(day: date | None, *, at: datetime) -> Timeline:
    """Return the timeline of business day `day` (None: today) as known at `at`, by our clock."""
    return draw_days([day], queries.freshness(at))[0]


def draw_days(days: Iterable[date | None], fresh: Freshness) -> list[Timeline]:
    """Return the timelines of `days` in their order; as many queries for one as for thirty."""
    wanted = [day or fresh.today for day in days]
    steps, runs = list(Step.objects.all()), _runs_of(wanted)
    contexts = _contexts(wanted, fresh, runs)
    return [
        Timeline(
            context.day,
            _drawn(steps, runs, context),
            fresh,
            context.is_today,
            context.known_days,
            context.imd.last,
        )
        for context in contexts
    ]


def facts(days: Iterable[date | None], *, at: datetime, brief: bool = False) -> TimelineBody:
    """Return the data of the route and the topic: the days asked for, the first one on top.

    `brief` leaves out old runs and cuts messages short, as a frame of the socket must.
    """
    fresh = queries.freshness(at)
    drawn = draw_days(days, fresh)
    told = [timeline.facts(brief=brief) for timeline in drawn]
    return {
        **told[0],
        "timelines": told,
        "totalPendingIMD": fresh.last_good.pending_imd if fresh.last_good else None,
        "pendingIMDByDate": {t.day.isoformat(): t.pending_imd for t in drawn},
        "currentTime": fresh.source_now.isoformat(),
        "lastUpdated": fresh.seen_at.isoformat() if fresh.seen_at else None,
        "stale": fresh.stale,
        "loginRefused": fresh.circuit_opened_at is not None,
    }


def _runs_of(days: Collection[date]) -> RunsOfDays:
    found: dict[tuple[date, str], list[Run]] = defaultdict(list)
    for run in Run.objects.filter(business_date__in=days).order_by("started_at", "id"):
        found[run.business_date, run.batch_code].append(run)
    return found


def _contexts(days: Sequence[date], fresh: Freshness, runs: RunsOfDays) -> list[_Day]:
    imd, today, known = imd_courses(days), fresh.today, day_calendar(fresh.config)
    running = [
        run
        for (day, _), those in runs.items()
        for run in those
        if day == today and run.state == RunState.RUNNING
    ]
    codes = sorted({run.batch_code for run in running})
    usual = usual_records(codes, today, known) if codes else {}
    speeds = rps_lately(running, fresh) if not fresh.stale else {}
    plain = [_plain_day(day, fresh, imd.get(day, ImdCourse()), known) for day in days]
    return [
        replace(context, usual=usual, speeds=speeds) if context.is_today else context
        for context in plain
    ]


def _plain_day(day: date, fresh: Freshness, imd: ImdCourse, known: DayCalendar) -> _Day:
    begins_at, ends_at = queries.day_bounds(day, fresh.config)
    is_today = day == fresh.today
    if is_today and fresh.last_good:
        # Of a day that no reading saw yet the last count still stands.
        imd = replace(imd, last=fresh.last_good.pending_imd)
    return _Day(day, begins_at, ends_at, is_today, fresh, imd, known)


def _drawn(steps: Sequence[Step], runs: RunsOfDays, context: _Day) -> list[StepView]:
    views = [_step(step, runs.get((context.day, step.batch_code), []), context) for step in steps]
    looks = {view.step.batch_code: view.look for view in views}
    before = ["", *(step.batch_code for step in steps)]
    return [_under(view, looks, code) for view, code in zip(views, before, strict=False)]


def _under(view: StepView, looks: Mapping[str, Look], before: str) -> StepView:
    waits_for = view.step.depends_on_id or ""
    return replace(view, above=looks.get(waits_for), follows=waits_for == before)


def _step(step: Step, runs: list[Run], context: _Day) -> StepView:
    views = [
        replace(view_of(run, context.fresh), rps_lately=context.speeds.get(run.pk)) for run in runs
    ]
    shown = _standing_for(views)
    known = context.known
    imd = context.imd if step.drains_imd else ImdCourse()
    expected_at = None if shown else _expected_at(step, context)
    return StepView(
        step=step,
        fresh=context.fresh,
        runs=views,
        shown=shown,
        state=_state(shown, imd.last, known=known),
        late=known and expected_at is not None and _is_late(step, expected_at, context),
        expected_at=expected_at,
        known=known,
        pending_imd=imd.last,
        drain_rps=imd.drain_rps if context.is_today and shown and shown.moving else None,
        progress_pct=_progress(step, shown, context),
    )


def _standing_for(views: list[RunView]) -> RunView | None:
    """Return the run that stands for its step: an unrepaired error, else the latest."""
    standing = [view for view in views if view.state is RunState.FAILED] or views
    return standing[-1] if standing else None


def _state(shown: RunView | None, pending_imd: int | None, *, known: bool) -> RunState:
    if shown is None:
        return RunState.PENDING if known else RunState.UNKNOWN
    if shown.state is RunState.COMPLETE and pending_imd:
        return RunState.PENDING if known else RunState.UNKNOWN
    return shown.state


def _expected_at(step: Step, context: _Day) -> datetime:
    config = context.fresh.config
    return queries.expected_at(step, context.day, config=config, known=context.known_days)


def _is_late(step: Step, expected_at: datetime, context: _Day) -> bool:
    return context.fresh.source_now > expected_at + timedelta(minutes=step.grace_minutes)


def _progress(step: Step, shown: RunView | None, context: _Day) -> int | None:
    """Return how much of what is usual is done, at most 99; None where nothing is usual."""
    if shown is None or not shown.moving:
        return None
    if step.drains_imd:
        if not context.imd.peak or context.imd.last is None:
            return None
        done = 1 - context.imd.last / context.imd.peak
    elif usual := context.usual.get(step.batch_code):
        done = shown.run.records_processed / usual
    else:
        return None
    return min(max(int(done * 100), 0), 99)
