"""Draw what a page shows hundreds of, which templates take three times as long for."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from batchops.templatetags.batchops import badge, grouped, moment
from monitoring.shown import ThreadView

register = template.Library()

THREAD = """<tr>
    <th scope="row">{number}</th>
    <td data-label="{status}">{badge}</td>
    <td data-label="{start}">{started}</td>
    <td data-label="{end}">{ended}</td>
    <td class="num" data-label="{executions}">{tries}</td>
    <td class="num" data-label="{records}">{done}</td>
    <td class="num" data-label="{errors}"{bad}>{failed}</td>
    <td data-label="{message}">{said}</td>
  </tr>"""
BAD = SafeString(" data-bad")


@register.simple_tag
def thread_rows(threads: Iterable[ThreadView]) -> SafeString:
    """Draw the threads of a run as the rows of a table."""
    words = {
        "status": _("Status"),
        "start": _("Start"),
        "end": _("End"),
        "executions": _("Executions"),
        "records": _("Records processed"),
        "errors": _("Records in error"),
        "message": _("Message"),
    }
    escaped = {name: escape(word) for name, word in words.items()}
    return SafeString("".join(_thread(view, escaped) for view in threads))


def _thread(view: ThreadView, words: Mapping[str, SafeString]) -> SafeString:
    thread = view.thread
    retries = f" (+{thread.retries})" if thread.retries else ""
    return format_html(
        THREAD,
        **words,
        number=thread.number,
        badge=badge(view.look),
        started=moment(thread.started_at, "seconds"),
        ended=moment(thread.ended_at, "seconds"),
        tries=f"{thread.executions}{retries}",
        done=grouped(thread.records_processed),
        bad=BAD if thread.records_in_error else "",
        failed=grouped(thread.records_in_error),
        said=thread.last_message,
    )
