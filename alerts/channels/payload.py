"""Put what happened into the words of webhooks; docs/channels.md describes them field for field."""

from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings
from django.urls import reverse

from alerts.lifecycle import MailClaim
from alerts.models import Alert, Channel, Notice
from alerts.states import DeliveryKind

MOST = 50  # alerts or jobs that one message tells in full; `total` says of how many


class ToldAlert(TypedDict):
    """An alert as it stands when the message leaves; nobody's name is in it."""

    id: int
    rule: str
    key: str
    severity: str
    state: str
    message: str
    batch_code: str
    business_date: str | None
    subject: str
    opened_at: str
    resolved_at: str | None
    url: str


class ToldAlerts(TypedDict, total=False):
    """What a message about alerts holds; `evidence` where it is about one alone."""

    alerts: list[ToldAlert]
    total: int
    evidence: dict[str, Any]


class Payload(TypedDict):
    """The body of a webhook."""

    type: str
    timestamp: str
    data: Any


def payload_of(claim: MailClaim, *, at: datetime) -> Payload:
    """Return what a webhook is told at `at`: of alerts, or of an event that is none."""
    if claim.kind == DeliveryKind.NOTICE:
        notices = [each.notice for each in claim.deliveries if each.notice]
        return _payload(notices[0].event, _told_events(notices), at)
    alerts = [each.alert for each in claim.deliveries if each.alert]
    return _payload(f"alert.{claim.kind}", _told_alerts(alerts), at)


def test_payload(channel: Channel, *, at: datetime) -> Payload:
    """Return what a webhook is told to see whether it arrives."""
    return _payload("test", {"channel": channel.name, "url": absolute(reverse("admin:index"))}, at)


def absolute(path: str) -> str:
    """Return a path of the console as people reach it from outside."""
    return f"{settings.PUBLIC_URL}{path}" if path.startswith("/") else path


def alert_url(alert: Alert) -> str:
    """Return where people read an alert."""
    return absolute(reverse("admin:alerts_alert_change", args=[alert.pk]))


def _payload(name: str, data: Any, at: datetime) -> Payload:
    return {"type": name, "timestamp": at.isoformat(), "data": data}


def _told_events(notices: list[Notice]) -> dict[str, Any]:
    told = [{**each.facts, "url": absolute(each.url)} for each in notices[:MOST]]
    return {"events": told, "total": len(notices)}


def _told_alerts(alerts: list[Alert]) -> ToldAlerts:
    told: ToldAlerts = {"alerts": [_told(alert) for alert in alerts[:MOST]], "total": len(alerts)}
    return {**told, "evidence": alerts[0].evidence} if len(alerts) == 1 else told


def _told(alert: Alert) -> ToldAlert:
    return {
        "id": alert.pk,
        "rule": alert.rule,
        "key": alert.key,
        "severity": alert.severity,
        "state": alert.state,
        "message": alert.message,
        "batch_code": alert.batch_code,
        "business_date": alert.business_date.isoformat() if alert.business_date else None,
        "subject": alert.subject,
        "opened_at": alert.opened_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "url": alert_url(alert),
    }
