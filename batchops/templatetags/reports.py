"""Draw the long tables of reports, which templates take several times as long for."""

from collections.abc import Iterable, Sized
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alerts.models import Alert
from alerts.templatetags.alerts import muted
from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import (
    NOTHING,
    address,
    badge,
    duration,
    elapsed,
    grouped,
    moment,
)
from jobs.rows import JobRow
from monitoring.models import Run
from monitoring.shown import RunView

if TYPE_CHECKING:
    from batchops.web.reports.alert_lines import AlertLine
    from batchops.web.reports.hand_over import Handed

register = template.Library()

# Words in single brackets, which are the same in every row, what differs in double ones.
HANDED = """<tr>
    <th scope="row"><a href="{{href}}">{{message}}</a>{{tag}}{{rests}}</th>
    <td data-label="{severity}">{{badge}}</td>
    <td data-label="{opened}">{{opened_at}}</td>
    <td data-label="{holder}">{{who}}</td>
    <td data-label="{until}">{{until_at}}</td>
    <td data-label="{notes}"><span>{{noted}}</span></td>
  </tr>"""
RESOLVED = '<li>{} <a href="{}">{}</a></li>'
LINE = """<tr>
    <th scope="row"><span><a href="{{href}}">{{label}}</a>{{tag}}<br>\
<span class="panel-note">{{message}}{{evidence}}</span></span></th>
    <td data-label="{severity}">{{severity_badge}}</td>
    <td data-label="{state}">{{state_badge}}</td>
    <td data-label="{opened}">{{opened_at}}</td>
    <td data-label="{taken}">{{taken_after}}</td>
    <td data-label="{holder}">{{who}}</td>
    <td data-label="{over}">{{lasted}}</td>
  </tr>"""
SHIFT_RUN = """<tr>
    <th scope="row"><a href="{{href}}">{{run}}</a></th>
    <td data-label="{state}">{{badge}}</td>
    <td data-label="{began}">{{began_at}}</td>
    <td data-label="{ended}">{{ended_at}}</td>
    <td class="num" data-label="{took}">{{lasted}}</td>
    <td class="num" data-label="{records}">{{processed}}</td>
  </tr>"""
DAY_RUN = """<tr><th scope="row"><a href="{{href}}">{{run}}</a></th>\
<td data-label="{state}">{{badge}}</td>\
<td data-label="{began}">{{began_at}}</td><td data-label="{ended}">{{ended_at}}</td>\
<td class="num" data-label="{records}">{{processed}}</td></tr>"""
ENDED_JOB = """<tr>
    <th scope="row"><a href="{{href}}">{{title}}</a></th>
    <td data-label="{status}">{{badge}}</td>
    <td data-label="{when}">{{finished_at}}</td>
    <td class="num" data-label="{failed}">{{items}}</td>
  </tr>"""
NOTE = "{} {}: {}"
TAG = ' <span class="tag">{}</span>'


@register.simple_tag
def listed_of(listed: Sized, total: int) -> str:
    """Say how many there are, and how many of them stand below where that is not all."""
    if len(listed) == total:
        return grouped(total)
    return _("%(n)s of %(total)s") % {"n": grouped(len(listed)), "total": grouped(total)}


@register.simple_tag
def handed_rows(listed: Iterable["Handed"]) -> SafeString:
    """Draw alerts as the rows of what a shift hands over."""
    row = worded(
        HANDED,
        severity=_("Severity"), opened=_("Opened"), holder=_("Who has it"), until=_("Until"),
        notes=_("Notes"),
    )  # fmt: skip
    return joined(_handed(row, one) for one in listed)


@register.simple_tag
def resolved_rows(alerts: Iterable[Alert]) -> SafeString:
    """Draw alerts that are over as a list, with when they ended."""
    rows = ((moment(each.resolved_at), _href(each), each.message) for each in alerts)
    return joined(filled(RESOLVED, *row) for row in rows)


@register.simple_tag
def line_rows(lines: Iterable["AlertLine"]) -> SafeString:
    """Draw alerts as the rows of the daily report."""
    row = worded(
        LINE,
        severity=_("Severity"), state=_("State"), opened=_("Opened"), taken=_("Taken after"),
        holder=_("Who has it"), over=_("Over after"),
    )  # fmt: skip
    return joined(_line(row, line) for line in lines)


@register.simple_tag
def shift_run_rows(views: Iterable[RunView]) -> SafeString:
    """Draw runs as the rows of what a shift hands over."""
    row = worded(
        SHIFT_RUN,
        state=_("State"),
        began=_("Began"),
        ended=_("Ended"),
        took=_("Took"),
        records=_("Records"),
    )
    return joined(_shift_run(row, view) for view in views)


@register.simple_tag
def day_run_rows(runs: Iterable[Run]) -> SafeString:
    """Draw runs as the rows of the daily report."""
    row = worded(
        DAY_RUN, state=_("State"), began=_("Began"), ended=_("Ended"), records=_("Records")
    )
    return joined(
        filled(
            row,
            href=address("admin:run", run.pk),
            run=run,
            badge=badge(run.look),
            began_at=moment(run.started_at, "time"),
            ended_at=moment(run.ended_at, "time"),
            processed=grouped(run.records_processed),
        )
        for run in runs
    )


@register.simple_tag
def ended_job_rows(rows: Iterable[JobRow]) -> SafeString:
    """Draw jobs that ended as the rows of what a shift hands over."""
    form = worded(ENDED_JOB, status=_("Status"), when=_("When"), failed=_("Items failed"))
    return joined(
        filled(
            form,
            href=address("admin:job", row.job.pk),
            title=row.job.title,
            badge=badge(row.look),
            finished_at=moment(row.job.finished_at),
            items=grouped(row.job.failed),
        )
        for row in rows
    )


def _handed(row: str, one: "Handed") -> SafeString:
    alert = one.alert
    return filled(
        row,
        href=_href(alert),
        message=alert.message,
        tag=_tag(alert),
        rests=muted(alert, dot=True),
        badge=badge(alert.severity_look),
        opened_at=moment(alert.opened_at),
        who=one.holder or NOTHING,
        until_at=_until(one),
        noted=_noted(one),
    )


def _until(one: "Handed") -> str:
    """Return until when it rests; without an end, until its cause is gone."""
    if one.alert.acknowledged_until:
        return moment(one.alert.acknowledged_until)
    return _("its cause is gone") if one.holder else NOTHING


def _noted(one: "Handed") -> str:
    notes = [filled(NOTE, moment(note.at), note.who, note.text) for note in one.notes]
    return SafeString("<br>".join(notes)) or NOTHING


def _line(row: str, line: "AlertLine") -> SafeString:
    alert = line.alert
    return filled(
        row,
        href=_href(alert),
        label=f"{line.label}: {alert.batch_code}" if alert.batch_code else line.label,
        tag=_tag(alert),
        message=alert.message,
        evidence=filled("<br>{}", line.evidence) if line.evidence else "",
        severity_badge=badge(alert.severity_look),
        state_badge=badge(alert.state_look),
        opened_at=moment(alert.opened_at),
        taken_after=duration(line.taken_after_s) if line.taken_at else _("nobody took it"),
        who=line.holder or NOTHING,
        lasted=duration(line.lasted_s),
    )


def _shift_run(row: str, view: RunView) -> SafeString:
    run, ticks_from = view.run, view.ticks_from
    return filled(
        row,
        href=address("admin:run", run.pk),
        run=f"{run.batch_code} {run.batch_nbr}",
        badge=badge(view.look),
        began_at=moment(run.started_at),
        ended_at=moment(run.ended_at, "time"),
        lasted=elapsed(ticks_from) if ticks_from else duration(view.elapsed_s),
        processed=grouped(run.records_processed),
    )


def _href(alert: Alert) -> str:
    return address("admin:alerts_alert_change", alert.pk)


def _tag(alert: Alert) -> SafeString:
    return filled(TAG, _("recorded only")) if alert.record_only else SafeString()
