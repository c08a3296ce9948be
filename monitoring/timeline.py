"""Draw a business day: each step of the workflow with its runs, its state, how far it is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max

from batchops.calendar import business_date
from batchops.looks import Look
from monitoring import queries
from monitoring.bodies import DayBody, RunBody, StepBody, TimelineBody
from monitoring.models import Poll, Run, Step
from monitoring.queries import Freshness
from monitoring.states import LATE, LOOKS, OPEN, WORDS, RunState, look_of, while_stale

ENOUGH = 20  # comparable runs, below which nothing is called usual
HISTORY = timedelta(days=400)  # 57 of each weekday, so that 20 comparable ones are found
USUAL_SQL = """
    SELECT batch_code,
           count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records_processed) AS median,
           count(*) FILTER (WHERE same_weekday) AS n_weekday,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records_processed)
               FILTER (WHERE same_weekday) AS median_weekday
      FROM (SELECT batch_code, records_processed,
                   extract(isodow FROM business_date) = %(weekday)s AS same_weekday
              FROM batch_execution_logs
             WHERE batch_code = ANY(%(codes)s)
               AND business_date >= %(since)s AND business_date < %(day)s
               AND state = 'complete' AND records_processed > 0
               AND (extract(month FROM business_date)
                    <> extract(month FROM business_date + 1)) = %(month_end)s) AS comparable
     GROUP BY batch_code
"""


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as the day shows it at the moment: old readings make what moves unknown.

    `read_at` is when it was read, by CC&B's clock, None before any reading.
    """

    run: Run
    state: RunState
    read_at: datetime | None
    source_now: datetime
    at: datetime

    @property
    def look(self) -> Look:
        return look_of(self.state, self.run.status_code)

    @property
    def moving(self) -> bool:
        return self.state is RunState.RUNNING

    @property
    def elapsed_s(self) -> int | None:
        """Seconds from start to end, or until now while it runs; None when nobody knows."""
        if self.moving:
            return max(int((self.source_now - self.run.started_at).total_seconds()), 0)
        duration: int | None = self.run.duration_seconds
        return duration

    @property
    def ticks_from(self) -> datetime | None:
        """Since when it has run by our clock, for pages to count on; None when that is in vain."""
        if not self.moving or queries.clock_speed() != 1:
            return None
        return self.run.started_at - (self.source_now - self.at)

    @property
    def rps(self) -> float | None:
        if self.moving and self.read_at and self.read_at > self.run.started_at:
            # The records are of the last reading; later seconds would only dilute them.
            read_s = (self.read_at - self.run.started_at).total_seconds()
            return round(self.run.records_processed / read_s, 2)
        rps: float | None = self.run.rps
        return rps

    def facts(self) -> RunBody:
        run = self.run
        return {
            "status": WORDS[self.state],
            "statusCode": run.status_code,
            "start_time": run.started_at.isoformat(),
            "end_time": run.ended_at.isoformat() if run.ended_at else None,
            "duration_seconds": self.elapsed_s,
            "records_processed": run.records_processed,
            "rps": self.rps,
            "business_date": run.business_date.isoformat(),
            "batch_nbr": run.batch_nbr,
            "thread_count": run.thread_count,
            "rerun_nbr": run.rerun_nbr,
            "records_in_error": run.records_in_error,
            "error_message": run.error_message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step on one business day. `shown` is the run that stands for it, None without one."""

    step: Step
    runs: list[RunView]
    shown: RunView | None
    state: RunState
    late: bool = False
    known: bool = True
    pending_imd: int | None = None
    progress_pct: int | None = None

    @property
    def needs_to_run(self) -> bool | None:
        """Whether IMDs are pending; None when nobody knows."""
        return None if self.pending_imd is None else self.pending_imd > 0

    @property
    def look(self) -> Look:
        if self.late:
            return LATE
        if self.shown is not None and self.state is self.shown.state:
            return self.shown.look
        return LOOKS[self.state]

    def facts(self) -> StepBody:
        step = self.step
        facts: StepBody = {
            "batch_code": step.batch_code,
            "batch_name": step.name,
            "sequence_order": step.sequence_order,
            "expected_start_time": step.expected_start.isoformat(),
            "expected_duration_minutes": step.expected_minutes,
            "max_duration_minutes": step.max_minutes,
            "is_critical": step.is_critical,
            "depends_on_batch": step.depends_on_id,
            "can_run_multiple": step.repeats,
            "todayStatus": self._today_status(),
            "allRuns": [view.facts() for view in self.runs],
            "totalRuns": len(self.runs),
            "state": self.look.code,
            "isLate": self.late,
            "progressPercent": self.progress_pct,
        }
        if step.drains_imd:
            facts |= {"pendingIMDCount": self.pending_imd, "needsToRun": self.needs_to_run}
        return facts

    def _today_status(self) -> RunBody | None:
        if self.shown is None:
            return None
        return {**self.shown.facts(), "status": WORDS[self.state]}


@dataclass(frozen=True, slots=True)
class Timeline:
    """One business day of the workflow, as it is known at one moment."""

    day: date
    steps: list[StepView]
    fresh: Freshness
    is_today: bool
    pending_imd: int | None = None

    @property
    def source_now(self) -> datetime:
        return self.fresh.source_now

    def facts(self) -> DayBody:
        return {
            "businessDate": self.day.isoformat(),
            "timeline": [step.facts() for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    begins_at: datetime
    ends_at: datetime
    is_today: bool
    fresh: Freshness
    pending_imd: int | None
    peak_imd: int
    usual: Mapping[str, float] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether what is not seen on this day did not happen: it was read to its end, or is."""
        last = self.fresh.last_good
        read_until = last.source_at if last else None
        return not self.fresh.stale or (read_until is not None and self.ends_at <= read_until)


def today(fresh: Freshness) -> date:
    """Return the business day it is in CC&B, by its own clock."""
    start = queries.monitoring_config().day_start
    return business_date(fresh.source_now, zone=settings.SITE_ZONE, day_start=start)


def draw(day: date | None, *, at: datetime) -> Timeline:
    """Return the timeline of business day `day` (None: today) as known at `at`, by our clock."""
    fresh, config = queries.freshness(at), queries.monitoring_config()
    is_today = day is None or day == today(fresh)
    day = day or today(fresh)
    by_code = _runs_of(day)
    moving = [code for code, runs in by_code.items() if any(r.state in OPEN for r in runs)]
    polls = Poll.objects.filter(business_date=day, succeeded=True)
    last = fresh.last_good if is_today else polls.order_by("-started_at").first()
    begins_at, ends_at = queries.day_bounds(day, config)
    context = _Day(
        day=day,
        begins_at=begins_at,
        ends_at=ends_at,
        is_today=is_today,
        fresh=fresh,
        pending_imd=last.pending_imd if last else None,
        peak_imd=polls.aggregate(peak=Max("pending_imd"))["peak"] or 0,
        usual=_usual_records(moving, day) if is_today and moving else {},
    )
    steps = [_step(step, by_code[step.batch_code], context) for step in Step.objects.all()]
    return Timeline(day, steps, fresh, is_today, context.pending_imd)


def facts(days: Iterable[date | None], *, at: datetime) -> TimelineBody:
    """Return the data of the route and the topic: the days asked for, the first one on top."""
    drawn = [draw(day, at=at) for day in days]
    first, fresh = drawn[0], drawn[0].fresh
    return {
        **first.facts(),
        "timelines": [timeline.facts() for timeline in drawn],
        "totalPendingIMD": fresh.last_good.pending_imd if fresh.last_good else None,
        "pendingIMDByDate": {t.day.isoformat(): t.pending_imd for t in drawn},
        "currentTime": fresh.source_now.isoformat(),
        "lastUpdated": fresh.seen_at.isoformat() if fresh.seen_at else None,
        "stale": fresh.stale,
        "loginRefused": fresh.circuit_opened_at is not None,
    }


def view_of(run: Run, fresh: Freshness) -> RunView:
    """Return a run as it is to be shown with a picture of this age."""
    state = RunState(run.state)
    shown = while_stale(state) if fresh.stale else state
    read_at = fresh.last_good.source_at if fresh.last_good else None
    return RunView(run, shown, read_at, fresh.source_now, fresh.at)


def _runs_of(day: date) -> dict[str, list[Run]]:
    by_code: dict[str, list[Run]] = defaultdict(list)
    for run in Run.objects.filter(business_date=day).order_by("started_at", "id"):
        by_code[run.batch_code].append(run)
    return by_code


def _step(step: Step, runs: list[Run], context: _Day) -> StepView:
    views = [view_of(run, context.fresh) for run in runs]
    shown = _standing_for(views)
    known = context.known
    pending = context.pending_imd if step.drains_imd else None
    return StepView(
        step=step,
        runs=views,
        shown=shown,
        state=_state(shown, pending, known=known),
        late=known and shown is None and _is_late(step, context),
        known=known,
        pending_imd=pending,
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


def _is_late(step: Step, context: _Day) -> bool:
    local = context.begins_at.astimezone(settings.SITE_ZONE)
    day = local.date() + timedelta(days=int(step.expected_start < local.time()))
    expected = datetime.combine(day, step.expected_start, tzinfo=settings.SITE_ZONE)
    return context.fresh.source_now > expected + timedelta(minutes=step.grace_minutes)


def _progress(step: Step, shown: RunView | None, context: _Day) -> int | None:
    """Return how much of what is usual is done, at most 99; None where nothing is usual."""
    if shown is None or not shown.moving:
        return None
    if step.drains_imd:
        if not context.peak_imd or context.pending_imd is None:
            return None
        done = 1 - context.pending_imd / context.peak_imd
    elif usual := context.usual.get(step.batch_code):
        done = shown.run.records_processed / usual
    else:
        return None
    return min(max(int(done * 100), 0), 99)


def _usual_records(codes: list[str], day: date) -> dict[str, float]:
    """Return the median records of comparable runs, for the batches that have enough of them.

    Comparable are complete runs of days of the same class (month end or not) and weekday; when
    there are fewer than 20 of those, of the same class.
    """
    asked: dict[str, Any] = {
        "codes": codes,
        "day": day,
        "since": day - HISTORY,
        "weekday": day.isoweekday(),
        "month_end": (day + timedelta(days=1)).month != day.month,
    }
    with connection.cursor() as cursor:
        cursor.execute(USUAL_SQL, asked)
        rows = cursor.fetchall()
    return {
        code: weekday_median if n_weekday >= ENOUGH else median
        for code, n, median, n_weekday, weekday_median in rows
        if n >= ENOUGH
    }
