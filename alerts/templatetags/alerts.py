"""Draw the rows of the list of alerts, which a template takes three times as long for."""

from collections.abc import Iterable

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from alerts.models import Alert
from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import NOTHING, address, badge, moment, since

register = template.Library()

LONGEST = 300  # characters of a message
TICK = """
          <td class="action-checkbox"><input type="checkbox" name="_selected_action" value="{}" \
class="action-select" data-key="x" id="select-{}" aria-label="{} {}"></td>"""
# Words in single brackets, which are the same in every row, what differs in double ones.
ROW = """<tr id="alert-{{key}}">{{tick}}
          <td data-label="{severity}">{{severity_badge}}</td>
          <th scope="row"><a href="{{href}}">{{message}}</a>{{notes}}</th>
          <td data-label="{batch}">{{code}}</td>
          <td data-label="{state}">{{state_badge}}</td>
          <td data-label="{opened}">{{since}}</td>
          <td data-label="{holder}">{{who}}</td>
          <td data-label="{day}">{{on}}</td>
        </tr>"""
NOTE = ' <span class="alert-note">{}</span>'
MUTED = '<span class="alert-note">{}</span>'
BETWEEN = " &middot; "


@register.simple_tag
def alert_rows(alerts: Iterable[Alert], may_tick: bool) -> SafeString:  # noqa: FBT001
    """Draw alerts as the rows of the list; with a box to tick for who may act on them."""
    row = worded(
        ROW,
        severity=_("Severity"),
        batch=_("Batch"),
        state=_("State"),
        opened=_("Opened"),
        holder=_("Who has it"),
        day=_("Business day"),
    )
    return joined(_row(row, alert, may_tick=may_tick) for alert in alerts)


def muted(alert: Alert, *, dot: bool = False) -> SafeString:
    """Say until when nobody is told of an alert, and that it comes and goes, behind a `dot`."""
    said = []
    if alert.muted_until and not alert.is_resolved:
        said.append(filled("{} {}", _("silenced until"), moment(alert.muted_until)))
    if alert.is_flapping:
        said.append(escape(_("flapping")))
    before = (BETWEEN if dot else " ") if said else ""
    return SafeString(before + BETWEEN.join(said))


def _row(row: str, alert: Alert, *, may_tick: bool) -> SafeString:
    key = str(alert.pk)
    return filled(
        row,
        key=key,
        tick=filled(TICK, key, key, _("Select alert"), key) if may_tick else "",
        severity_badge=badge(alert.severity_look),
        href=address("admin:alerts_alert_change", key),
        message=_short(alert.message),
        notes=_notes(alert),
        code=alert.batch_code or NOTHING,
        state_badge=badge(alert.state_look),
        since=since(alert.opened_at),
        who=alert.holder or NOTHING,
        on=alert.business_date.isoformat() if alert.business_date else NOTHING,
    )


def _short(message: str) -> str:
    return message if len(message) <= LONGEST else Truncator(message).chars(LONGEST)


def _notes(alert: Alert) -> SafeString:
    """Return what else is said of an alert that only goes on record, rests or comes and goes."""
    recorded = filled(NOTE, _("recorded only")) if alert.record_only else SafeString()
    if not (alert.muted_until or alert.is_flapping):
        return recorded
    return recorded + filled(MUTED, muted(alert))
