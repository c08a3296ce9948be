"""Draw what a page shows hundreds of, which templates take three times as long for."""

from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import address, badge, grouped, moment, rate
from monitoring.shown import RunView, ThreadView

register = template.Library()

# Words in single brackets, which are the same in every row, figures in double ones.
RUN = """<tr>
    <th scope="row"><a href="{{href}}">{{number}}</a></th>
    <td data-label="{rerun_number}">{{rerun}}</td>
    <td data-label="{status}">{{badge}}</td>
    <td data-label="{start}">{{started}}</td>
    <td data-label="{end}">{{ended}}</td>
    <td class="num" data-label="{threads}">{{count}}</td>
    <td class="num" data-label="{records}">{{done}}</td>
    <td class="num" data-label="{errors}">{{failed}}</td>
    <td class="num" data-label="{rate}">{{pace}}</td>
    <td data-label="{message}">{{said}}</td>
  </tr>"""
THREAD = """<tr>
    <th scope="row">{{number}}</th>
    <td data-label="{status}">{{badge}}</td>
    <td data-label="{start}">{{started}}</td>
    <td data-label="{end}">{{ended}}</td>
    <td class="num" data-label="{executions}">{{tries}}</td>
    <td class="num" data-label="{records}">{{done}}</td>
    <td class="num" data-label="{errors}"{{bad}}>{{failed}}</td>
    <td data-label="{message}">{{said}}</td>
  </tr>"""
BAD = SafeString(" data-bad")


@register.simple_tag
def run_rows(views: Iterable[RunView]) -> SafeString:
    """Draw the runs of a step on one day as the rows of a table."""
    row = worded(
        RUN,
        rerun_number=_("Rerun number"),
        status=_("Status"),
        start=_("Start"),
        end=_("End"),
        threads=_("Threads"),
        records=_("Records processed"),
        errors=_("Records in error"),
        rate=_("Rate"),
        message=_("Message"),
    )
    return joined(_run(row, view) for view in views)


def _run(row: str, view: RunView) -> SafeString:
    run = view.run
    return filled(
        row,
        href=address("admin:run", run.pk),
        number=run.batch_nbr,
        rerun=run.rerun_nbr,
        badge=badge(view.look),
        started=moment(run.started_at, "seconds"),
        ended=moment(run.ended_at, "seconds"),
        count=_with_more(run.thread_count, run.restarts),
        done=grouped(run.records_processed),
        failed=grouped(run.records_in_error),
        pace=rate(view.pace),
        said=run.error_message,
    )


@register.simple_tag
def thread_rows(threads: Iterable[ThreadView]) -> SafeString:
    """Draw the threads of a run as the rows of a table."""
    row = worded(
        THREAD,
        status=_("Status"),
        start=_("Start"),
        end=_("End"),
        executions=_("Executions"),
        records=_("Records processed"),
        errors=_("Records in error"),
        message=_("Message"),
    )
    return joined(_thread(row, view) for view in threads)


def _thread(row: str, view: ThreadView) -> SafeString:
    thread = view.thread
    return filled(
        row,
        number=thread.number,
        badge=badge(view.look),
        started=moment(thread.started_at, "seconds"),
        ended=moment(thread.ended_at, "seconds"),
        tries=_with_more(thread.executions, thread.retries),
        done=grouped(thread.records_processed),
        bad=BAD if thread.records_in_error else "",
        failed=grouped(thread.records_in_error),
        said=thread.last_message,
    )


def _with_more(number: int, more: int) -> str:
    return f"{number} (+{more})" if more else str(number)
