"""Tell of each step of the workflow how its business day went: when, how long, how late and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from batchops.calendar import moment_in_day
from batchops.looks import Look
from batchops.texts import one_line, redacted
from batchops.web.reports.alert_lines import AlertLine
from batchops.web.reports.lateness import Course, Failure, delays, reasons
from monitoring import queries
from monitoring.day_records import SiteRead, done_at
from monitoring.models import Step
from monitoring.rules.facts import Usual
from monitoring.shown import RunView, StepView, Timeline
from monitoring.states import RunState

if TYPE_CHECKING:
    from batchops.web.reports.daily import Moments

LONGEST_MESSAGE = 300
UsualRuns = Mapping[tuple[str, date], Usual]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One step on the day: how it stands, its course, and how late it was and why, in words.

    `elapsed_s` sums its runs, and so do `records` and `errors`; None while nothing is known.
    """

    step: Step
    look: Look
    course: Course
    runs: int
    elapsed_s: int | None
    records: int
    errors: int
    delays: Sequence[str]
    reasons: Sequence[str]


def step_lines(
    drawn: Timeline, *, moments: "Moments", usual: UsualRuns, alerts: Sequence[AlertLine]
) -> list[StepLine]:
    """Return a line for each step, in the order of the workflow."""
    site = SiteRead(moments.config, [view.step for view in drawn.steps], moments.known_days)
    done = done_at(drawn.day, site, until=moments.until)
    courses = {
        view.step.batch_code: replace(
            _course(view, drawn.day, moments), ended_at=done.get(view.step.batch_code)
        )
        for view in drawn.steps
    }
    return [
        _line(view, _waiting(view, courses), usual.get((view.step.batch_code, drawn.day)), alerts)
        for view in drawn.steps
    ]


def _line(
    view: StepView, course: Course, usual: Usual | None, alerts: Sequence[AlertLine]
) -> StepLine:
    measured = reasons(course, usual or Usual())
    found = _found(course, alerts) if course.is_late or course.failures else []
    spans = [run.elapsed_s for run in view.runs if run.elapsed_s is not None]
    return StepLine(
        step=view.step,
        look=view.look,
        course=course,
        runs=len(view.runs),
        elapsed_s=sum(spans) if spans else None,
        records=sum(run.run.records_processed for run in view.runs),
        errors=sum(run.run.records_in_error for run in view.runs),
        delays=delays(course),
        reasons=[*measured, *found],
    )


def _found(course: Course, alerts: Sequence[AlertLine]) -> list[str]:
    """Return what rules found on the step; that it failed is told by its runs already."""
    return [
        f"{line.label}: {line.alert.message}"
        for line in alerts
        if line.alert.batch_code == course.code and line.alert.rule != "FAILED"
    ]


def _waiting(view: StepView, courses: Mapping[str, Course]) -> Course:
    own = courses[view.step.batch_code]
    return replace(own, waits_for=courses.get(view.step.depends_on_id or ""))


def _course(view: StepView, day: date, moments: "Moments") -> Course:
    step = view.step
    longest = max(view.runs, key=lambda run: run.elapsed_s or 0, default=None)
    return Course(
        code=step.batch_code,
        until=moments.until,
        known=view.known,
        expected_at=queries.expected_at(step, day, config=moments.config, known=moments.known_days),
        grace=timedelta(minutes=step.grace_minutes),
        longest_s=60.0 * step.max_minutes,
        deadline_at=_deadline(step, moments),
        began_at=min((run.run.started_at for run in _begun(view)), default=None),
        longest_run_s=(longest.elapsed_s or 0) if longest else 0,
        records=longest.run.records_processed if longest else 0,
        rps=longest.pace if longest else None,
        pending=view.pending_imd if step.drains_imd else None,
        restarted_at=max(
            (r.run.restarted_at for r in view.runs if r.run.restarted_at), default=None
        ),
        failures=[_failure(run) for run in view.runs if run.state is RunState.FAILED],
    )


def _deadline(step: Step, moments: "Moments") -> datetime:
    """Return the step's own deadline, or the day's."""
    if step.deadline is None:
        return moments.deadline_at
    return moment_in_day(moments.begins_at, step.deadline, zone=settings.SITE_ZONE)


def _begun(view: StepView) -> list[RunView]:
    """Return its runs of the day; what was cancelled before it began is none, as rules have it."""
    return [run for run in view.runs if run.state is not RunState.CANCELLED]


def _failure(view: RunView) -> Failure:
    run = view.run
    message = one_line(redacted(run.error_message), LONGEST_MESSAGE)
    return Failure(run=f"{run.batch_nbr}/{run.rerun_nbr}", at=run.ended_at, message=message)
