"""Put alerts into the words of the API, field for field; plain shapes."""

from datetime import datetime
from typing import Any, TypedDict

from alerts import evidence, history, queries, reported
from alerts.models import Alert, AlertEvent, Delivery
from batchops.shapes import Succeeded

FRAMED = 50  # alerts in a frame
FRAMED_MESSAGE = 150  # characters, of which each may take six bytes


class ActiveAlertBody(TypedDict):
    """An alert as old consoles read it."""

    id: int
    batch_code: str
    alert_type: str
    alert_severity: str
    alert_message: str
    business_date: str | None
    created_at: str
    email_sent: bool


class CountsBody(TypedDict):
    """How many are open of each severity."""

    CRITICAL: int
    WARNING: int
    INFO: int


class ActiveAlertsBody(TypedDict):
    """What is open: `alerts` holds the worst and newest 500; `total` and the counts are of all.

    Of `muted` of them nobody is told now, because of a silence or a maintenance window.
    """

    alerts: list[ActiveAlertBody]
    total: int
    muted: int
    counts: CountsBody
    countsByType: dict[str, int]


class AlertBody(ActiveAlertBody):
    """An alert, and how it stands."""

    state: str
    key: str
    subject: str
    subject_url: str
    acknowledged_at: str | None
    acknowledged_by: str
    acknowledged_until: str | None
    acknowledged_note: str
    resolved_at: str | None
    resolved_by: str
    resolved_by_hand: bool
    previous_id: int | None
    record_only: bool
    muted_until: str | None
    openings: int
    cause_id: int | None


class FactBody(TypedDict):
    """One line of evidence in words."""

    name: str
    words: str


class EvidenceBody(TypedDict):
    """One part of the evidence in words."""

    heading: str
    facts: list[FactBody]


class EventBody(TypedDict):
    """One thing that happened to an alert."""

    at: str
    actor: str
    verb: str
    change: str
    note: str
    before: dict[str, Any]
    after: dict[str, Any]


class TryBody(TypedDict):
    """One try to send a mail."""

    at: str
    took_seconds: float
    outcome: str
    sentence: str


class DeliveryBody(TypedDict):
    """One mail about an alert; to whom it goes, the channel says."""

    id: int
    channel: str
    kind: str
    state: str
    attempts: int
    created_at: str
    sent_at: str | None
    tries: list[TryBody]


class WholeAlertBody(AlertBody):
    """An alert with its history; `deliveries` is null for who may not see mails."""

    next_id: int | None
    evidence: dict[str, Any]
    evidence_in_words: list[EvidenceBody]
    events: list[EventBody]
    deliveries: list[DeliveryBody] | None


class AlertsBody(TypedDict):
    """A page of alerts."""

    alerts: list[AlertBody]
    nextCursor: str | None


class SaidBody(TypedDict):
    """That it was done, in a sentence."""

    success: Succeeded
    message: str


class MovedBody(SaidBody):
    """That it was done, and how the alert stands now."""

    data: AlertBody


def active_alerts_body(*, limit: int = queries.SHOWN, untold: bool = True) -> ActiveAlertsBody:
    """Return what is open and not acknowledged: worst first, then newest.

    Without `untold` those that only go on record, or are muted, are counted and not listed.
    """
    counts = queries.count_open()
    by_severity = counts.by_severity
    return {
        "alerts": [_active_body(alert) for alert in queries.open_alerts(limit, untold=untold)],
        "total": counts.total,
        "muted": counts.muted,
        "counts": {
            "CRITICAL": by_severity["CRITICAL"],
            "WARNING": by_severity["WARNING"],
            "INFO": by_severity["INFO"],
        },
        "countsByType": dict(counts.by_rule),
    }


def active_alerts_frame() -> dict[str, Any]:
    """Return the same for screens: the worst and newest 50, each message cut to 150 characters.

    A frame of the socket holds 64 KB, and one that is larger would reach nobody. What it lists
    screens say aloud, so what only goes on record, or is muted, is not in the list.
    """
    body = active_alerts_body(limit=FRAMED, untold=False)
    alerts = [{**each, "alert_message": framed(each["alert_message"])} for each in body["alerts"]]
    return {**body, "alerts": alerts}


def framed(message: str) -> str:
    """Return as much of a message as a frame holds."""
    return message[:FRAMED_MESSAGE]


def alert_body(alert: Alert) -> AlertBody:
    """Return an alert as lists show it."""
    return {
        **_active_body(alert),
        "state": alert.state,
        "key": alert.key,
        "subject": alert.subject,
        "subject_url": alert.subject_url,
        "acknowledged_at": _iso(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_until": _iso(alert.acknowledged_until),
        "acknowledged_note": alert.acknowledged_note,
        "resolved_at": _iso(alert.resolved_at),
        "resolved_by": alert.resolved_by,
        "resolved_by_hand": alert.resolved_by_hand,
        "previous_id": alert.previous_id,
        "record_only": alert.record_only,
        "muted_until": _iso(alert.muted_until),
        "openings": alert.openings,
        "cause_id": alert.cause_id,
    }


def whole_alert_body(alert: Alert, *, with_mails: bool) -> WholeAlertBody:
    """Return an alert with everything that happened to it, the newest event first."""
    following = queries.following(alert)
    mails = queries.deliveries_of(alert) if with_mails else None
    return {
        **alert_body(alert),
        "next_id": following.pk if following else None,
        "evidence": alert.evidence,
        "evidence_in_words": [_part(part) for part in evidence.parts(alert.evidence)],
        "events": [_event(line) for line in history.lines(queries.events_of(alert))],
        "deliveries": None if mails is None else [_delivery(mail) for mail in mails],
    }


def _active_body(alert: Alert) -> ActiveAlertBody:
    return {
        "id": alert.pk,
        "batch_code": alert.batch_code,
        "alert_type": alert.rule,
        "alert_severity": alert.severity,
        "alert_message": alert.message,
        "business_date": alert.business_date.isoformat() if alert.business_date else None,
        "created_at": alert.opened_at.isoformat(),
        "email_sent": alert.email_sent,
    }


def _part(part: evidence.Part) -> EvidenceBody:
    facts: list[FactBody] = [{"name": fact.name, "words": fact.words} for fact in part.facts]
    return {"heading": part.heading, "facts": facts}


def _event(line: history.Line) -> EventBody:
    event: AlertEvent = line.event
    return {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "verb": event.verb,
        "change": line.change,
        "note": event.note,
        "before": event.before,
        "after": event.after,
    }


def _delivery(mail: Delivery) -> DeliveryBody:
    return {
        "id": mail.pk,
        "channel": str(mail.channel),
        "kind": mail.kind,
        "state": mail.state,
        "attempts": mail.attempts,
        "created_at": mail.created_at.isoformat(),
        "sent_at": _iso(mail.sent_at),
        "tries": [
            {
                "at": each.at.isoformat(),
                "took_seconds": round(each.took_s, 3),
                "outcome": each.outcome,
                "sentence": each.sentence,
            }
            for each in mail.tries.all()
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


class BulletinBody(TypedDict):
    """What became last of one report by mail."""

    id: int
    businessDate: str
    outcome: str
    decidedAt: str


def bulletins_frame() -> dict[str, list[BulletinBody]]:
    """Return what became last of each report by mail."""
    return {
        "bulletins": [
            {
                "id": slot.bulletin_id,
                "businessDate": slot.business_date.isoformat(),
                "outcome": slot.outcome,
                "decidedAt": slot.decided_at.isoformat(),
            }
            for slot in reported.last_slots()
        ]
    }
