"""Put alerts into mails: subject, thread, and what is told, as text and as HTML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from alerts import evidence
from alerts.lifecycle import MailClaim
from alerts.models import Alert, Channel
from alerts.mutes import flapping_words
from alerts.queries import closing_note, message_ids_before
from alerts.states import RULES, UNANSWERED, DeliveryKind, rank
from batchops.texts import one_line

LONGEST_SUBJECT = 150
LISTED = 20  # alerts that a digest names; the rest is one click away
NOTICES_TOLD = 200  # notices that one mail tells in full
THREADED = 20  # mails that a digest of resolved alerts refers to
AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def write(claim: MailClaim) -> EmailMultiAlternatives:
    """Write the mail of a claim, to whom has not taken it yet.

    That an alert got worse or is over answers the mail that it opened with: same subject,
    In-Reply-To and References, so that mail programs show them as one thread. An opening that
    leaves late says that it is over. Nobody's name is in it.
    """
    if claim.kind == DeliveryKind.NOTICE:
        return _write_notices(claim)
    alerts = [delivery.alert for delivery in claim.deliveries if delivery.alert]
    told = {
        "over": claim.kind == DeliveryKind.RESOLVED,
        "raised": claim.kind == DeliveryKind.RAISED,
        "unanswered": claim.kind in UNANSWERED,
        "cause": _cause(alerts),
        "ended": sum(alert.is_resolved for alert in alerts),
    }
    if claim.is_digest:
        subject, template, context = _digest_subject(alerts), "digest", _digest(alerts)
    else:
        subject, template, context = _subject(alerts[0]), "alert", _alert(alerts[0])
    headers = {"Message-ID": claim.message_id, **AUTOMATIC}
    if claim.kind != DeliveryKind.OPENED and (before := message_ids_before(claim.deliveries)):
        subject = f"Re: {subject}"
        headers |= _thread(before)
    return _message(subject, template, {**told, **context}, to=claim.recipients, headers=headers)


def _write_notices(claim: MailClaim) -> EmailMultiAlternatives:
    """Write what one reader is told; the latest thing names the mail, the others follow in it."""
    notices = [delivery.notice for delivery in reversed(claim.deliveries) if delivery.notice]
    headers = {"Message-ID": claim.message_id, **AUTOMATIC}
    if notices[0].is_letter:
        letter = notices[0]
        return _mail(
            letter.subject, letter.text, html=letter.html, to=claim.recipients, headers=headers
        )
    subject = notices[0].subject
    if claim.is_digest:
        said = gettext("%(n)d messages, the latest: %(subject)s")
        subject = said % {"n": len(notices), "subject": subject}
    shown = {
        "notices": [(notice, _absolute(notice.url)) for notice in notices[:NOTICES_TOLD]],
        "rest": len(notices) - NOTICES_TOLD if len(notices) > NOTICES_TOLD else 0,
        "total": len(notices),
    }
    return _message(subject, "notice", shown, to=claim.recipients, headers=headers)


def write_test(channel: Channel) -> EmailMultiAlternatives:
    """Write a mail that only shows that mail arrives."""
    return _message(
        gettext("Batch Alert: test of channel %s") % channel.name,
        "test",
        {"channel": channel, "link": _absolute(reverse("admin:index"))},
        to=channel.addresses,
        headers=AUTOMATIC,
    )


def _message(
    subject: str,
    template: str,
    context: Mapping[str, Any],
    *,
    to: Sequence[str],
    headers: Mapping[str, str],
) -> EmailMultiAlternatives:
    context = {**context, "site": settings.PUBLIC_URL}
    text, html = (
        render_to_string(f"alerts/mail/{template}.{form}", context) for form in ("txt", "html")
    )
    return _mail(subject, text, html=html, to=to, headers=headers)


def _mail(
    subject: str, text: str, *, html: str, to: Sequence[str], headers: Mapping[str, str]
) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=one_line(subject, LONGEST_SUBJECT),
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=list(to),
        headers=dict(headers),
    )
    message.attach_alternative(html, "text/html")
    return message


def _subject(alert: Alert) -> str:
    return f"Batch Alert: {alert.rule} {alert.batch_code or alert.subject}"


def _digest_subject(alerts: list[Alert]) -> str:
    return f"Batch Alert: {len(alerts)} alerts"


def _thread(message_ids: list[str]) -> dict[str, str]:
    return {"In-Reply-To": message_ids[0], "References": " ".join(message_ids[:THREADED])}


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert,
        "over": alert.is_resolved,
        "opened": evidence.moment(alert.opened_at),
        "resolved": evidence.moment(alert.resolved_at) if alert.resolved_at else "",
        "flapping": flapping_words(alert) if alert.is_flapping else "",
        "reason": "" if alert.resolved_by_hand else closing_note(alert),
        "lasted": alert.resolved_at and alert.resolved_at - alert.opened_at,
        "evidence": evidence.parts(alert.evidence),
        "link": _absolute(reverse("admin:alerts_alert_change", args=[alert.pk])),
        "subject_link": _absolute(alert.subject_url) if alert.subject_url else "",
    }


def _cause(alerts: list[Alert]) -> str:
    """Return what stood when all of these opened; empty when it is not one and the same."""
    roots = {alert.root_id for alert in alerts}
    caused = [alert for alert in alerts if alert.cause]
    return caused[0].cause.message if len(roots) == 1 and caused and caused[0].cause else ""


def _digest(alerts: list[Alert]) -> dict[str, Any]:
    counts = Counter((alert.severity, alert.rule) for alert in alerts)
    worst = sorted(alerts, key=lambda alert: rank(alert.severity))[:LISTED]
    return {
        "total": len(alerts),
        "counts": [
            (severity, RULES[rule].label, n)
            for (severity, rule), n in sorted(counts.items(), key=lambda c: (rank(c[0][0]), -c[1]))
        ],
        "listed": [(alert, evidence.moment(alert.opened_at)) for alert in worst],
        "rest": len(alerts) - len(worst),
        "link": _absolute(reverse("admin:alerts_alert_changelist")),
    }


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}" if path.startswith("/") else path
