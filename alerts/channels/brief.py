"""Put what happened into a few lines, for chats and telephones."""

from dataclasses import dataclass

from django.template.defaultfilters import capfirst
from django.utils.translation import gettext

from alerts.channels.payload import absolute, alert_url
from alerts.lifecycle import MailClaim
from alerts.models import Alert, Notice
from alerts.states import RULES, UNANSWERED, DeliveryKind, Severity, rank
from batchops.texts import one_line

LONGEST_TITLE = 120
LONGEST_LINE = 400
# What chat services understand of severity.
TONES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFO: "info"}
OVER = "success"


@dataclass(frozen=True, slots=True)
class Brief:
    """A message in brief: title, text, link, how it sounds, and the incident it belongs to."""

    title: str
    text: str
    link: str
    tone: str
    incident: str = ""


def brief(claim: MailClaim) -> Brief:
    """Return what was claimed in brief: the worst one in words, of the others how many."""
    if claim.kind == DeliveryKind.NOTICE:
        return _of_notices([each.notice for each in claim.deliveries if each.notice])
    alerts = [each.alert for each in claim.deliveries if each.alert]
    return _of_alerts(alerts, claim.kind)


def _of_alerts(alerts: list[Alert], kind: DeliveryKind) -> Brief:
    worst = min(alerts, key=lambda alert: (rank(alert.severity), alert.pk))
    over = kind == DeliveryKind.RESOLVED or all(alert.is_resolved for alert in alerts)
    said = gettext("Resolved") if over else worst.severity_look.label
    if kind in UNANSWERED and not over:
        said = gettext("Nobody has it, %(severity)s") % {"severity": said}
    about = worst.batch_code or worst.subject
    title = f"{said}: {RULES[worst.rule].label} {about}".strip()
    return Brief(
        title=one_line(title, LONGEST_TITLE),
        text=_lines(worst.message, more=len(alerts) - 1),
        link=alert_url(worst),
        tone=OVER if over else TONES[Severity(worst.severity)],
        incident=f"batchops-alert-{worst.pk}" if len(alerts) == 1 else "",
    )


def _of_notices(notices: list[Notice]) -> Brief:
    latest = notices[-1]
    return Brief(
        title=one_line(capfirst(latest.subject), LONGEST_TITLE),
        text=_lines(" - ".join(latest.lines), more=len(notices) - 1),
        link=absolute(latest.url),
        tone=TONES[Severity.INFO],
    )


def _lines(text: str, *, more: int) -> str:
    told = [one_line(text, LONGEST_LINE)]
    if more:
        told.append(gettext("And %(n)d more.") % {"n": more})
    return "\n".join(told)
