"""Compose the daily report: what a business day of CC&B and of our jobs came to, and what is next.

Composing reads, and returns a `DailyReport`; nothing is written, and what shows or mails it adds
nothing. Of a day that is not over it tells how the day stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext, ngettext

from batchops.calendar import moment_in_day
from batchops.templatetags.batchops import duration
from batchops.texts import one_line, redacted
from batchops.web.reports.alert_lines import AlertLine, lines_of_day
from batchops.web.reports.forecasts import ForecastPart, forecasts_of
from batchops.web.reports.lateness import clock
from batchops.web.reports.outlook import Outlook, look_ahead
from batchops.web.reports.steps import StepLine, step_lines
from jobs.models import Job, JobDay
from jobs.queries import ended_between, figures_of
from jobs.registry import label_of
from monitoring import queries
from monitoring.calendar import DayCalendar
from monitoring.day_report import Readings, readings_of, runs_outside
from monitoring.models import MonitoringConfig, Run
from monitoring.queries import Freshness
from monitoring.timeline import draw_days

LONGEST_WORDS = 300  # of what is told of a job


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moments of a business day that its report goes by, of CC&B's clock.

    The day is told as it is known `until`: its end, the present, or the last reading if that is
    too old. `known_days` is the calendar of month ends, holidays and outages.
    """

    config: MonitoringConfig
    known_days: DayCalendar
    begins_at: datetime
    deadline_at: datetime
    ends_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class BadJob:
    """A job of ours that failed or ended with errors; `title` and `why` hold no secret."""

    job: Job
    title: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnJobs:
    """What our own jobs came to: figures by type, all types first, and what ended with errors."""

    figures: Sequence[tuple[str, JobDay]]
    bad: Sequence[BadJob]
    bad_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """All that is told of one business day, as it stood `at` our clock.

    `runs` are those of batches outside the workflow, of `runs_total`; `alerts` are the worst of
    `alerts_total`.
    """

    day: date
    at: datetime
    moments: Moments
    is_today: bool
    stale: bool
    readings: Readings
    steps: Sequence[StepLine]
    runs: Sequence[Run]
    runs_total: int
    jobs: OwnJobs
    alerts: Sequence[AlertLine]
    alerts_total: int
    forecast: ForecastPart
    outlook: Outlook
    quiet_s: float

    @property
    def has_data(self) -> bool:
        """Whether anything is known of the day in CC&B."""
        return bool(self.readings.good or self.runs_total or any(s.runs for s in self.steps))

    @property
    def late(self) -> list[StepLine]:
        return [line for line in self.steps if line.course.is_late]

    @property
    def failed(self) -> list[StepLine]:
        return [line for line in self.steps if line.course.failures]

    @property
    def done(self) -> list[StepLine]:
        return [line for line in self.steps if line.course.ended_at]

    @property
    def done_at(self) -> datetime | None:
        """When the last step was done, None while one is not."""
        return _done_at(self.steps)

    @property
    def headline(self) -> str:
        """Say in a few words how the day went, for a subject and a heading."""
        if not self.has_data:
            return gettext("no data")
        said = [
            gettext("%(done)d of %(all)d steps done")
            % {"done": len(self.done), "all": len(self.steps)}
        ]
        if self.failed:
            said.append(gettext("%d failed") % len(self.failed))
        said.append(gettext("%d late") % len(self.late) if self.late else gettext("none late"))
        return ", ".join(said)

    @property
    def verdict(self) -> str:
        """Say how the day stands to its deadline; empty when nobody knows."""
        if not self.has_data:
            return ""
        deadline = clock(self.moments.deadline_at)
        if self.done_at is None:
            return self._undone() % {"deadline": deadline, "n": len(self.steps) - len(self.done)}
        spare = self.moments.deadline_at - self.done_at
        said = gettext("All steps were done at %(done)s, %(span)s before the deadline (%(at)s).")
        if spare < timedelta():
            said = gettext("All steps were done at %(done)s, %(span)s after the deadline (%(at)s).")
        return said % {"done": clock(self.done_at), "span": duration(abs(spare)), "at": deadline}

    def _undone(self) -> str:
        n = len(self.steps) - len(self.done)
        if self.moments.until < self.moments.deadline_at:
            return ngettext(
                "%(n)d step is still to be done; the deadline is %(deadline)s.",
                "%(n)d steps are still to be done; the deadline is %(deadline)s.",
                n,
            )
        return ngettext(
            "%(n)d step was not done by the deadline (%(deadline)s).",
            "%(n)d steps were not done by the deadline (%(deadline)s).",
            n,
        )

    @property
    def doubts(self) -> list[str]:
        """Say what is not known of the day, and why."""
        if not self.has_data:
            return [
                gettext(
                    "Nothing is known of this day: CC&B was not read on it, and no run of it is "
                    "held. That is no sign that all went well."
                )
            ]
        if not self.readings.good:
            return [gettext("CC&B was not read on this day; its runs were read later.")]
        said = []
        if self.stale:
            until = clock(self.moments.until)
            said.append(gettext("CC&B was last read at %s; what came after is unknown.") % until)
        if self.readings.gap and self.readings.gap_s > self.quiet_s:
            span = gettext("CC&B was not read from %(from)s to %(to)s.")
            begun, ended = map(clock, self.readings.gap)
            said.append(span % {"from": begun, "to": ended})
        return said


def compose(day: date, fresh: Freshness, *, recorded: bool = True) -> DailyReport:
    """Return the report on business day `day` as it stands with a picture of this age.

    A day of which nothing is held has a report that says so. Without `recorded`, alerts that only
    go on record are left out, as mails leave them out.
    """
    drawn = draw_days([day], fresh)[0]
    moments = moments_of(day, fresh, drawn.known_days)
    alerts, alerts_total = lines_of_day(
        day, since=fresh.here(_deadline(day - timedelta(days=1), fresh)),
        until=fresh.here(moments.ends_at), recorded=recorded,
    )  # fmt: skip
    workflow = [view.step for view in drawn.steps]
    outlook, usual = look_ahead(day, workflow, moments=moments, fresh=fresh)
    steps = step_lines(drawn, moments=moments, usual=usual, alerts=alerts)
    runs, runs_total = runs_outside(day, steps=[step.batch_code for step in workflow])
    return DailyReport(
        day=day,
        at=fresh.at,
        moments=moments,
        is_today=drawn.is_today,
        stale=fresh.stale and moments.until < moments.ends_at,
        readings=readings_of(day, begins_at=moments.begins_at, until=moments.until),
        steps=steps,
        runs=runs,
        runs_total=runs_total,
        jobs=_own_jobs(day, moments),
        alerts=alerts,
        alerts_total=alerts_total,
        forecast=forecasts_of(day),
        outlook=outlook,
        quiet_s=60.0 * fresh.config.poll_minutes * fresh.config.stale_after_polls,
    )


def _done_at(steps: Sequence[StepLine]) -> datetime | None:
    ends = [line.course.ended_at for line in steps if line.course.ended_at]
    return max(ends) if ends and len(ends) == len(steps) else None


def moments_of(day: date, fresh: Freshness, known_days: DayCalendar) -> Moments:
    """Return the moments that a report on `day` goes by, with a picture of this age."""
    begins_at, ends_at = queries.day_bounds(day, fresh.config)
    seen = (fresh.source_at or begins_at) if fresh.stale else fresh.source_now
    return Moments(
        config=fresh.config,
        known_days=known_days,
        begins_at=begins_at,
        deadline_at=_deadline(day, fresh),
        ends_at=ends_at,
        until=min(ends_at, max(seen, begins_at)),
    )


def _deadline(day: date, fresh: Freshness) -> datetime:
    begins_at, _ = queries.day_bounds(day, fresh.config)
    return moment_in_day(begins_at, fresh.config.day_deadline, zone=settings.SITE_ZONE)


def _own_jobs(day: date, moments: Moments) -> OwnJobs:
    bad, total = ended_between(moments.begins_at, moments.ends_at, badly=True)
    return OwnJobs(
        figures=[
            (label_of(each.type) if each.type else gettext("All types"), each)
            for each in figures_of(day)
        ],
        bad=[BadJob(job, _told(job.title), _told(job.error)) for job in bad],
        bad_total=total,
    )


def _told(text: str) -> str:
    """Return what people or types said of a job as mails may tell it."""
    return one_line(redacted(text), LONGEST_WORDS)
