"""Draw the alerts that are open on Today, which a template takes three times as long for."""

from collections.abc import Iterable

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alerts.models import Alert
from alerts.templatetags.alerts import BETWEEN, muted
from batchops.filling import filled, joined, worded
from batchops.templatetags.batchops import address, badge, since

register = template.Library()

# Words in single brackets, which are the same in every item, what differs in double ones.
ITEM = """<li class="alert-item tone-{{tone}}" id="alert-{{key}}">
  {{severity}}
  <div class="alert-text">
    {{message}}
    <div class="alert-note">{{opened}}{{notes}}</div>
  </div>
  <div class="row">
    <a class="btn btn-small" href="{{href}}">{view}</a>{{forms}}
  </div>
</li>"""
FORMS = """
    <form method="post" action="{{acknowledge_href}}">{hidden}\
<button class="btn btn-small btn-primary" data-key="e" aria-label="{acknowledge_alert} {{key}}">\
{acknowledge}</button></form>
    <details id="alert-{{key}}-comment">
      <summary class="btn btn-small" aria-label="{comment_alert} {{key}}">{comment}</summary>
      <form class="stack" method="post" action="{{comment_href}}">{hidden}<div class="field">\
<label for="alert-{{key}}-note">{note}</label>\
<textarea id="alert-{{key}}-note" name="note" rows="2" maxlength="2000" required></textarea></div>\
<div><button class="btn btn-small">{keep}</button></div></form>
    </details>"""
HIDDEN = """<input type="hidden" name="csrfmiddlewaretoken" value="{}">\
<input type="hidden" name="next" value="{}">"""
SUBJECT = '<a href="{}">{}</a>'


@register.simple_tag(takes_context=True)
def alert_items(context: template.Context, alerts: Iterable[Alert]) -> SafeString:
    """Draw alerts as the items of a list; with forms for who may acknowledge them."""
    item = worded(ITEM, view=_("View details"))
    forms = _forms(context) if context["may_acknowledge"] else ""
    day = _("business day")
    return joined(_item(item, forms, day, alert) for alert in alerts)


def _forms(context: template.Context) -> str:
    return worded(
        FORMS,
        hidden=filled(HIDDEN, context["csrf_token"], context["alerts_return_to"]),
        acknowledge=_("Acknowledge"),
        acknowledge_alert=_("Acknowledge alert"),
        comment=_("Comment"),
        comment_alert=_("Comment alert"),
        note=_("Note"),
        keep=_("Keep the comment"),
    )


def _item(item: str, forms: str, day: str, alert: Alert) -> SafeString:
    look, key = alert.severity_look, str(alert.pk)
    return filled(
        item,
        key=key,
        tone=look.tone,
        severity=badge(look),
        message=alert.message,
        opened=since(alert.opened_at),
        notes=_notes(alert, day),
        href=address("admin:alerts_alert_change", key),
        forms=filled(
            forms,
            key=key,
            acknowledge_href=address("admin:alert_acknowledge", key),
            comment_href=address("admin:alert_comment", key),
        )
        if forms
        else "",
    )


def _notes(alert: Alert, day: str) -> SafeString:
    """Return what is said behind since when it is open: of what, of which day, how it is told."""
    said: list[str] = []
    if alert.subject:
        linked = filled(SUBJECT, alert.subject_url, alert.subject)
        said.append(linked if alert.subject_url else alert.subject)
    if alert.business_date:
        said.append(f"{day} {alert.business_date.isoformat()}")
    if alert.record_only:
        said.append(_("recorded only"))
    each = SafeString("".join(BETWEEN + conditional_escape(note) for note in said))
    return each + muted(alert, dot=True)
