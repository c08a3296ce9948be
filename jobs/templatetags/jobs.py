"""Draw the rows of lists of jobs, which templates take three times as long for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batchops.cluster.load import Span
from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import (
    address,
    badge,
    bar,
    duration,
    elapsed,
    grouped,
    icon,
    moment,
)
from jobs.queries import MinuteDone
from jobs.rows import JobRow

register = template.Library()

TICK = """
  <td><input type="checkbox" name="id" value="{}" form="ticked" data-key="x" \
aria-label="{} {}"></td>"""
ROW = """<tr id="job-{key}">{tick}
  <th scope="row"><span><a href="{href}"><code title="{key}">{short}</code></a><br>\
<span class="panel-note">{title}</span></span></th>
  <td data-label="{status}">{badge}</td>
  <td data-label="{progress}">{bar}</td>
  <td class="num" data-label="{recipients}">{done}</td>
  <td data-label="{success_failed}"><span class="row"><span class="tone-ok" title="{succeeded}">\
{check}<span data-live-text="{live}.successCount" data-live-format="int">{good}</span></span> \
<span class="{tone}" title="{failed}">\
{cross}<span data-live-text="{live}.failedCount" data-live-format="int">{bad}</span></span>\
</span></td>
  <td class="num" data-label="{duration}">{took}</td>
  <td data-label="{created}">{moment}</td>
  <td data-label="{actions}"><span class="row">{links}</span></td>
</tr>"""
RUNNING = """<tr id="job-{key}">
    <th scope="row"><a href="{href}">{title}</a></th>
    <td data-label="{status}">{badge}</td>
    <td data-label="{progress}">{bar}</td>
    <td class="num" data-label="{items}">{done}</td>
  </tr>"""
MINUTE = """<tr><th scope="row">{at}</th>\
<td class="num" data-label="{well}" data-y="{y_good}">{good}</td>\
<td class="num" data-label="{badly}" data-y="{y_bad}">{bad}</td>\
<td class="num" data-label="{of_them}" data-y="{y_items}">{items}</td></tr>"""
# Words in single brackets, which are the same in every row, what differs in double ones.
SPAN = """<tr><th scope="row">{{at}}</th>\
<td class="num" data-label="{items_waiting}"{{y_items}}>{{items}}</td>\
<td class="num" data-label="{jobs_waiting}">{{waiting}}</td>\
<td class="num" data-label="{jobs_running}">{{running}}</td>\
<td class="num" data-label="{workers_busy}"{{y_busy}}>{{busy}}</td>\
<td class="num" data-label="{workers}">{{most}}</td></tr>"""
DONE = """<span>\
<span data-live-text="active.{}.processedCount" data-live-format="int">{}</span> / {}</span>"""
COUNTING = """{}<span class="panel-note">{} \
<span data-live-text="{}.countedItems" data-live-format="int">{}</span></span>"""
# A chart of whole numbers goes up to this at least; its foot is this part of its height.
CHART_LEAST, FOOT = 4, 0.04
LINK = '<a class="btn btn-small{}" href="{}">{}{}</a>'


@dataclass(frozen=True, slots=True)
class May:
    """What the person who looks at the list may do with its jobs."""

    cancel: bool
    retry: bool


@register.simple_tag
def job_rows(rows: Iterable[JobRow], may_cancel: bool, may_retry: bool) -> SafeString:  # noqa: FBT001
    """Draw jobs as the rows of the list, with what one may do with each."""
    words, may = _words(), May(may_cancel, may_retry)
    return joined(_row(row, words, may) for row in rows)


@register.simple_tag
def running_rows(rows: Iterable[JobRow]) -> SafeString:
    """Draw jobs that run as the rows of a short table."""
    status, progress, items = _("Status"), _("Progress"), _("Items")
    return joined(
        filled(
            RUNNING,
            key=row.job.pk,
            href=address("admin:job", row.job.pk),
            title=row.job.title,
            status=status,
            badge=badge(row.look),
            progress=progress,
            bar=_progress(row),
            items=items,
            done=_done(row),
        )
        for row in rows
    )


@register.simple_tag
def minute_rows(minutes: Iterable[MinuteDone]) -> SafeString:
    """Draw what was done in each minute as the rows of the table that a chart is drawn of."""
    words = {
        "well": _("Ended well"),
        "badly": _("With errors or failed"),
        "of_them": _("Their items"),
    }
    return joined(
        filled(
            MINUTE,
            **words,
            at=moment(one.begins_at, "time"),
            y_good=one.good,
            good=grouped(one.good),
            y_bad=one.bad,
            bad=grouped(one.bad),
            y_items=one.items,
            items=grouped(one.items),
        )
        for one in minutes
    )


@register.simple_tag
def load_rows(spans: Sequence[Span]) -> SafeString:
    """Draw each span's load as the rows of the table of a chart.

    Its band, of the items a strip at the foot, ends where nobody looked: so a gap is no zero.
    """
    row = worded(
        SPAN,
        items_waiting=_("Items to do"), jobs_waiting=_("Jobs not begun"),
        jobs_running=_("Jobs running"), workers_busy=_("Workers busy"), workers=_("Workers"),
    )  # fmt: skip
    foot = FOOT * max(CHART_LEAST, *(one.items_waiting or 0 for one in spans))
    return joined(_span(row, one, foot) for one in spans)


def _span(row: str, one: Span, foot: float) -> SafeString:
    return filled(
        row,
        at=moment(one.begins_at, "time"),
        y_items=_plotted(one.items_waiting, foot),
        items=grouped(one.items_waiting),
        waiting=grouped(one.jobs_waiting),
        running=grouped(one.jobs_running),
        y_busy=_plotted(one.workers_busy, one.workers),
        busy=grouped(one.workers_busy),
        most=grouped(one.workers),
    )


def _plotted(figure: int | None, band: float | None) -> SafeString:
    """Return what a chart draws of a figure, with a band up to `band`; nothing when unknown."""
    return SafeString("" if figure is None else f' data-y="{figure} 0 {band:g}"')


def _words() -> dict[str, SafeString]:
    """Return what stands in each row, looked up once."""
    words = {
        "status": _("Status"),
        "progress": _("Progress"),
        "recipients": _("Recipients"),
        "success_failed": _("Success / Failed"),
        "succeeded": _("Succeeded"),
        "failed": _("Failed"),
        "duration": _("Duration"),
        "created": _("Created"),
        "actions": _("Actions"),
    }
    escaped = {name: escape(word) for name, word in words.items()}
    return {**escaped, "check": icon("check"), "cross": icon("x")}


def _row(row: JobRow, words: dict[str, SafeString], may: May) -> SafeString:
    job, live, href = row.job, f"active.{row.job.pk}", address("admin:job", row.job.pk)
    return filled(
        ROW,
        **words,
        key=job.pk,
        live=live,
        href=href,
        short=job.pk[:8],
        title=job.title,
        tick=filled(TICK, job.pk, _("Tick"), job.title) if may.cancel or may.retry else "",
        badge=badge(row.look),
        bar=_bar(row, live),
        done=_done(row),
        good=grouped(job.succeeded),
        tone="tone-bad" if job.failed else "quiet",
        bad=grouped(job.failed),
        took=elapsed(job.started_at) if job.is_open else duration(row.elapsed_s),
        moment=moment(job.created_at),
        links=_links(row, href, may),
    )


def _done(row: JobRow) -> SafeString:
    total = "?" if row.job.items_total is None else grouped(row.job.items_total)
    return filled(DONE, row.job.pk, grouped(row.job.processed), total)


def _progress(row: JobRow) -> SafeString:
    live = f"active.{row.job.pk}.progressPercent"
    return bar(row.percent, row.job.title, row.look.tone, live)


def _bar(row: JobRow, live: str) -> SafeString:
    if row.percent is not None:
        return _progress(row)
    counted = grouped(row.job.next_position)
    return filled(COUNTING, _progress(row), _("counting"), live, counted)


def _links(row: JobRow, href: str, may: May) -> SafeString:
    links = [("", href, icon("eye"), _("View"))]
    if row.can_cancel and may.cancel:
        links.append((" btn-danger", f"{href}cancel/", icon("ban"), _("Cancel")))
    if row.can_retry and may.retry:
        links.append(("", f"{href}retry/", icon("retry"), _("Retry")))
    if row.job.has_artifact:
        links.append(("", address("batch-job-download", row.job.pk), icon("download"), "ZIP"))
    return joined(filled(LINK, *link) for link in links)
