"""Draw the daily report for paper: headings and tables whose long texts wrap."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from batchops.templatetags.batchops import NOTHING, duration
from batchops.templatetags.reports import listed_of
from batchops.web.reports.daily import DailyReport
from batchops.web.reports.lateness import clock

MARGIN = 36.0
WIDTH = landscape(A4)[0] - 2 * MARGIN
STYLES = getSampleStyleSheet()
TEXT = ParagraphStyle("cell", STYLES["BodyText"], fontSize=7.5, leading=9.5)
GRID = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
]


def draw(report: DailyReport) -> bytes:
    """Return the report as a PDF on A4; ? for letters that not every reader has."""
    file = BytesIO()
    title = _("Daily report %s") % report.day
    document = SimpleDocTemplate(
        file,
        pagesize=landscape(A4),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
    )
    document.build(
        [
            _text(f"{title}: {report.headline}", "Heading1"),
            *(_text(said) for said in (report.verdict, *report.doubts) if said),
            *_steps(report),
            *_alerts(report),
            *_jobs(report),
            *_forecast(report),
            *_outlook(report),
        ]
    )
    return file.getvalue()


def _steps(report: DailyReport) -> list[Any]:
    titles = [_("Step"), _("State"), _("Expected"), _("Began"), _("Done"), _("Took"), _("Records")]
    rows = [
        (
            line.step.batch_code,
            str(line.look.label),
            clock(line.course.expected_at),
            _clock(line.course.began_at),
            _clock(line.course.ended_at),
            duration(line.elapsed_s),
            f"{line.records:,}",
            " ".join([", ".join(line.delays), *line.reasons]).strip() or _("not late"),
        )
        for line in report.steps
    ]
    widths = (0.1, 0.1, 0.07, 0.06, 0.06, 0.08, 0.09, 0.44)
    return _part(_("Workflow"), [*titles, _("How late, and why")], rows, widths)


def _alerts(report: DailyReport) -> list[Any]:
    titles = [_("Severity"), _("Opened"), _("Alert"), _("Taken after"), _("Who has it"), _("Over")]
    rows = [
        (
            line.alert.severity,
            _moment(line.alert.opened_at),
            line.alert.message,
            duration(line.taken_after_s) if line.taken_at else _("nobody took it"),
            line.holder or NOTHING,
            duration(line.lasted_s) if line.alert.is_resolved else _("still active"),
        )
        for line in report.alerts
    ]
    heading = f"{_('Alerts')} ({listed_of(report.alerts, report.alerts_total)})"
    return _part(heading, titles, rows, (0.09, 0.11, 0.46, 0.11, 0.12, 0.11))


def _jobs(report: DailyReport) -> list[Any]:
    titles = [
        _("Type"),
        _("Started"),
        _("Completed"),
        _("With errors"),
        _("Failed"),
        _("Cancelled"),
    ]
    rows = [
        (
            label,
            *(str(n) for n in (day.started, day.completed, day.completed_with_errors)),
            *(str(n) for n in (day.failed, day.cancelled)),
        )
        for label, day in report.jobs.figures
    ]
    return _part(_("Our own jobs"), titles, rows, (0.3, 0.14, 0.14, 0.14, 0.14, 0.14))


def _forecast(report: DailyReport) -> list[Any]:
    titles = [_("Step"), "P10", "P50", "P90", _("Done"), _("How near")]
    rows = [
        (
            line.code or _("The whole day"),
            *(clock(at) for at in (line.p10_at, line.p50_at, line.p90_at)),
            _clock(line.done_at),
            line.said,
        )
        for line in report.forecast.lines
    ]
    heading = _("Forecast against actual")
    if not rows:
        return [_text(heading, "Heading2"), _text(report.forecast.said)]
    said = [_text(text) for text in (report.forecast.said, report.forecast.ahead) if text]
    return [*_part(heading, titles, rows, (0.2, 0.1, 0.1, 0.1, 0.1, 0.4)), *said]


def _outlook(report: DailyReport) -> list[Any]:
    titles = [_("Step"), _("Expected"), _("95 % take at most"), _("From")]
    rows = [
        (
            ahead.step.batch_code,
            clock(ahead.expected_at),
            duration(ahead.usual.p95_duration_s) if ahead.has_history else NOTHING,
            ahead.history,
        )
        for ahead in report.outlook.steps
    ]
    heading = f"{_('Outlook')} {report.outlook.day}, {report.outlook.kind}"
    return _part(heading, titles, rows, (0.2, 0.15, 0.2, 0.45))


def _part(
    heading: str, titles: Sequence[str], rows: Sequence[Iterable[str]], widths: Sequence[float]
) -> list[Any]:
    if not rows:
        return [_text(heading, "Heading2"), _text(_("None."))]
    cells = [[_cell(text) for text in row] for row in (titles, *rows)]
    table = Table(cells, [WIDTH * share for share in widths], repeatRows=1, style=GRID)
    return [_text(heading, "Heading2"), table, Spacer(0, 8)]


def _text(text: str, style: str = "BodyText") -> Paragraph:
    return Paragraph(_drawable(text), STYLES[style])


def _cell(text: str) -> Paragraph:
    return Paragraph(_drawable(text), TEXT)


def _drawable(text: str) -> str:
    """Return text without marks of its own, ? for what the standard fonts cannot draw."""
    return escape(text.encode("cp1252", errors="replace").decode("cp1252"))


def _clock(at: datetime | None) -> str:
    return clock(at) if at else NOTHING


def _moment(at: datetime) -> str:
    return at.astimezone(settings.SITE_ZONE).strftime("%d.%m. %H:%M")
