"""Say how a run, a step and a business day stand at one moment, as people and programs see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from batchops.looks import Look
from monitoring import queries
from monitoring.bodies import DayBody, RunBody, StepBody
from monitoring.calendar import DayCalendar
from monitoring.models import Run, RunThread, Step
from monitoring.queries import Freshness
from monitoring.states import LATE, LOOKS, OPEN, WORDS, RunState, look_of, state_of, while_stale

FRAMED_RUNS = 10  # runs of a step in a frame of the socket, which holds 64 KB
FRAMED_MESSAGE = 150


@dataclass(frozen=True, slots=True)
class ThreadView:
    """One thread of a run; old readings make what moves unknown, as they do for its run."""

    thread: RunThread
    look: Look


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as it is known with a picture of this age: old readings make what moves unknown.

    `rps_lately` is its speed over the last interval between two readings, None when unknown.
    """

    run: Run
    fresh: Freshness
    threads: Sequence[ThreadView] = ()
    rps_lately: float | None = None

    @property
    def state(self) -> RunState:
        state = RunState(self.run.state)
        return while_stale(state) if self.fresh.stale else state

    @property
    def look(self) -> Look:
        if self.state is RunState.UNKNOWN and self.run.state in OPEN:
            return unknown_since(self.fresh)
        return look_of(self.state, self.run.status_code)

    @property
    def moving(self) -> bool:
        return self.state is RunState.RUNNING

    @property
    def known_until(self) -> datetime:
        """Its end, or until when anything is known of it: now while it runs."""
        run: Run = self.run
        if self.moving:
            return self.fresh.source_now
        if run.state in OPEN:
            return max(run.started_at, self.fresh.source_at or run.started_at)
        return run.ended_at or run.entered_at or run.started_at

    @property
    def elapsed_s(self) -> int | None:
        """Seconds from start to end, or until now while it runs; None when nobody knows."""
        if self.moving:
            return max(int((self.fresh.source_now - self.run.started_at).total_seconds()), 0)
        duration: int | None = self.run.duration_seconds
        return duration

    @property
    def ticks_from(self) -> datetime | None:
        """Since when it has run by our clock, for pages to count on; None when that is in vain."""
        if not self.moving or queries.clock_speed() != 1:
            return None
        return self.run.started_at - (self.fresh.source_now - self.fresh.at)

    @property
    def rps(self) -> float | None:
        read_at = self.fresh.source_at
        if self.moving and read_at and read_at > self.run.started_at:
            # The records are of the last reading; later seconds would only dilute them.
            read_s = (read_at - self.run.started_at).total_seconds()
            return round(self.run.records_processed / read_s, 2)
        rps: float | None = self.run.rps
        return rps

    @property
    def pace(self) -> float | None:
        """Records per second as people see it: none of a run without records, as F1-FLUSH has."""
        return self.rps if self.run.records_processed else None

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

    def brief_facts(self) -> RunBody:
        """Return the same with as much of the message as a frame holds."""
        return {**self.facts(), "error_message": self.run.error_message[:FRAMED_MESSAGE]}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step on one business day. `shown` is the run that stands for it, None without one.

    `drain_rps` is how many pending IMDs go per second, over the last interval; `above` is how
    the step stands that this one waits for, and `follows` tells whether that is the one before it
    in the list. `expected_at` is when it should start, None once it has; `listed` are the runs
    that a page has room for.
    """

    step: Step
    fresh: Freshness
    runs: list[RunView]
    shown: RunView | None
    state: RunState
    late: bool = False
    expected_at: datetime | None = None
    known: bool = True
    pending_imd: int | None = None
    drain_rps: float | None = None
    progress_pct: int | None = None
    above: Look | None = None
    follows: bool = False
    listed: list[RunView] = field(default_factory=list)

    @property
    def needs_to_run(self) -> bool | None:
        """Whether IMDs are pending; None when nobody knows."""
        return None if self.pending_imd is None else self.pending_imd > 0

    @property
    def waits(self) -> bool:
        """Whether it has not begun, and what it waits for is not complete."""
        done = LOOKS[RunState.COMPLETE].code
        return self.shown is None and self.above is not None and self.above.code != done

    @property
    def look(self) -> Look:
        if self.late:
            return LATE
        if self.shown is not None and self.state is self.shown.state:
            return self.shown.look
        return unknown_since(self.fresh) if self.state is RunState.UNKNOWN else LOOKS[self.state]

    def facts(self, *, brief: bool = False) -> StepBody:
        """Return the step as the API answers it; `brief` leaves out old runs, as a frame must."""
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
            "todayStatus": self._today_status(brief=brief),
            "allRuns": self._runs_facts(brief=brief),
            "totalRuns": len(self.runs),
            "state": self.look.code,
            "isLate": self.late,
            "progressPercent": self.progress_pct,
        }
        if step.drains_imd:
            facts |= {
                "pendingIMDCount": self.pending_imd,
                "needsToRun": self.needs_to_run,
                "drainPerSecond": self.drain_rps,
            }
        return facts

    def _runs_facts(self, *, brief: bool) -> list[RunBody]:
        if brief:
            return [view.brief_facts() for view in self.runs[-FRAMED_RUNS:]]
        return [view.facts() for view in self.runs]

    def _today_status(self, *, brief: bool) -> RunBody | None:
        if self.shown is None:
            return None
        facts = self.shown.brief_facts() if brief else self.shown.facts()
        return {**facts, "status": WORDS[self.state]}


@dataclass(frozen=True, slots=True)
class Timeline:
    """One business day of the workflow, as it is known at one moment."""

    day: date
    steps: list[StepView]
    fresh: Freshness
    is_today: bool
    known_days: DayCalendar
    pending_imd: int | None = None

    def facts(self, *, brief: bool = False) -> DayBody:
        return {
            "businessDate": self.day.isoformat(),
            "timeline": [step.facts(brief=brief) for step in self.steps],
        }


def view_of(run: Run, fresh: Freshness) -> RunView:
    """Return a run as it is to be shown with a picture of this age."""
    return RunView(run, fresh)


def thread_views(threads: Sequence[RunThread], fresh: Freshness) -> list[ThreadView]:
    """Return threads as they are to be shown with a picture of this age."""
    return [ThreadView(thread, _thread_look(thread, fresh)) for thread in threads]


def unknown_since(fresh: Freshness) -> Look:
    """Return the look of what may be anything by now: since when is by CC&B's clock."""
    look = LOOKS[RunState.UNKNOWN]
    if fresh.source_at is None:
        return look
    local = timezone.localtime(fresh.source_at)
    same_day = local.date() == timezone.localtime(fresh.source_now).date()
    since = date_format(local, "H:i" if same_day else "j M H:i")
    return replace(look, label=gettext("Unknown since %(time)s") % {"time": since})


def _thread_look(thread: RunThread, fresh: Freshness) -> Look:
    state = state_of(thread.status_code)
    if fresh.stale and state in OPEN:
        return unknown_since(fresh)
    return look_of(state, thread.status_code)
