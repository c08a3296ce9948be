"""Hand the daily report out as files: as a PDF, and as rows, one for each thing that it tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from batchops.exports import Column
from batchops.exports.csv_file import csv_blocks
from batchops.web.reports.alert_lines import AlertLine
from batchops.web.reports.daily import BadJob, DailyReport
from batchops.web.reports.steps import StepLine
from jobs.models import JobDay
from monitoring.models import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file; what does not apply to its part stays empty."""

    part: str
    what: str
    state: str = ""
    expected_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float | None = None
    late_s: float | None = None
    over_max_s: float | None = None
    past_deadline_s: float | None = None
    taken_s: float | None = None
    off_s: float | None = None
    records: int | None = None
    errors: int | None = None
    who: str = ""
    said: str = ""


def csv_of(report: DailyReport) -> bytes:
    """Return the report as CSV, as exports write it."""
    return b"".join(csv_blocks(columns(), rows(report)))


def pdf_of(report: DailyReport) -> bytes:
    """Return the report as a PDF."""
    # reportlab takes a while to load and memory to keep, and few ever ask for a PDF.
    from batchops.web.reports.pdf import draw

    return draw(report)


FORMS = {"csv": csv_of, "pdf": pdf_of}


def columns() -> list[Column]:
    """Return the columns of the file."""
    return [
        Column(_("Part"), lambda row: row.part),
        Column(_("What"), lambda row: row.what),
        Column(_("State"), lambda row: row.state),
        Column(_("Expected"), lambda row: row.expected_at),
        Column(_("Began"), lambda row: row.began_at),
        Column(_("Ended"), lambda row: row.ended_at),
        Column(_("Seconds"), lambda row: row.seconds),
        Column(_("Began late by (s)"), lambda row: row.late_s),
        Column(_("Over its maximum by (s)"), lambda row: row.over_max_s),
        Column(_("Past the deadline by (s)"), lambda row: row.past_deadline_s),
        Column(_("Taken after (s)"), lambda row: row.taken_s),
        Column(_("Off the forecast by (s)"), lambda row: row.off_s),
        Column(_("Records"), lambda row: row.records),
        Column(_("In error"), lambda row: row.errors),
        Column(_("Who"), lambda row: row.who),
        Column(_("Said"), lambda row: row.said),
    ]


def rows(report: DailyReport) -> Iterator[Row]:
    """Yield the rows: the day, its steps, other runs, jobs, alerts, the forecast, what is next."""
    yield Row(
        part=_("day"),
        what=str(report.day),
        state=report.headline,
        expected_at=report.moments.deadline_at,
        ended_at=report.done_at,
        said=" ".join([report.verdict, *report.doubts]).strip(),
    )
    yield from map(_step, report.steps)
    yield from map(_run, report.runs)
    yield from map(_figures, report.jobs.figures)
    yield from map(_job, report.jobs.bad)
    yield from map(_alert, report.alerts)
    yield from _forecast(report)
    yield from _ahead(report)


def _step(line: StepLine) -> Row:
    course = line.course
    return Row(
        part=_("step"),
        what=course.code,
        state=str(line.look.label),
        expected_at=course.expected_at,
        began_at=course.began_at,
        ended_at=course.ended_at,
        seconds=line.elapsed_s,
        late_s=course.start_late_s,
        over_max_s=course.over_max_s,
        past_deadline_s=course.past_deadline_s,
        records=line.records,
        errors=line.errors,
        said=" ".join(line.reasons),
    )


def _run(run: Run) -> Row:
    return Row(
        part=_("other run"),
        what=f"{run.batch_code} {run.batch_nbr}/{run.rerun_nbr}",
        state=str(run.look.label),
        began_at=run.started_at,
        ended_at=run.ended_at,
        seconds=run.duration_seconds,
        records=run.records_processed,
        errors=run.records_in_error,
    )


def _figures(figures: tuple[str, JobDay]) -> Row:
    label, day = figures
    counts = _("started %(a)d, completed %(b)d, with errors %(c)d, failed %(d)d, cancelled %(e)d")
    return Row(
        part=_("jobs"),
        what=label,
        seconds=day.seconds_sum,
        records=day.items_succeeded,
        errors=day.items_failed,
        said=counts
        % {
            "a": day.started,
            "b": day.completed,
            "c": day.completed_with_errors,
            "d": day.failed,
            "e": day.cancelled,
        },
    )


def _job(bad: BadJob) -> Row:
    job = bad.job
    return Row(
        part=_("job with errors"),
        what=bad.title,
        state=job.state,
        began_at=job.started_at,
        ended_at=job.finished_at,
        records=job.succeeded,
        errors=job.failed,
        who=job.created_by.partition(":")[2],
        said=bad.why,
    )


def _alert(line: AlertLine) -> Row:
    alert = line.alert
    return Row(
        part=_("alert"),
        what=f"{alert.rule} {alert.batch_code or alert.subject}".strip(),
        state=f"{alert.severity} {alert.state}",
        began_at=alert.opened_at,
        ended_at=alert.resolved_at,
        seconds=line.lasted_s,
        taken_s=line.taken_after_s,
        who=line.holder,
        said=f"{alert.message} {line.evidence}".strip(),
    )


def _forecast(report: DailyReport) -> Iterator[Row]:
    """Yield what was forecast: expected is the median."""
    yield Row(part=_("forecast"), what=_("all"), said=report.forecast.said)
    for line in report.forecast.lines:
        yield Row(
            part=_("forecast"),
            what=line.code or _("the whole day"),
            expected_at=line.p50_at,
            ended_at=line.done_at,
            off_s=line.off_s,
            said=line.said,
        )


def _ahead(report: DailyReport) -> Iterator[Row]:
    for ahead in report.outlook.steps:
        usual = ahead.usual
        yield Row(
            part=_("outlook"),
            what=ahead.step.batch_code,
            expected_at=ahead.expected_at,
            seconds=usual.p95_duration_s if ahead.has_history else None,
            records=round(usual.median_records) if usual.median_records else None,
            said=ahead.history,
        )
