"""Move alerts: open, raise, acknowledge, comment, resolve; each with its event, frame and mail."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import EllipsisType
from typing import Any

from django.db import connection, transaction

from alerts.errors import AlertNotFound, AlertResolved, NotByHand
from alerts.lifecycle.cleaning import clean, clean_note, clean_reasons
from alerts.lifecycle.outbox import post_opened, post_resolved
from alerts.models import Alert, AlertEvent
from alerts.queries import last_of_keys
from alerts.states import ACTIVE, LONGEST_REST, Finding, State, rank
from batchops.errors import InvalidInput
from batchops.live.publish import publish

OPEN_AGAIN: dict[str, Any] = {
    "state": State.OPEN,
    "acknowledged_at": None,
    "acknowledged_by": "",
    "acknowledged_until": None,
    "acknowledged_note": "",
}
Until = datetime | EllipsisType | None  # a moment, none, or (...) what it is already
RECORDED = (
    "state",
    "severity",
    "message",
    "acknowledged_by",
    "acknowledged_until",
    "acknowledged_note",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many alerts one reconciling opened, raised and resolved."""

    opened: int = 0
    raised: int = 0
    resolved: int = 0

    def __bool__(self) -> bool:
        return bool(self.opened or self.raised or self.resolved)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """Who judged which rule when, and why, by key, what is over is over."""

    rule: str
    at: datetime
    actor: str
    reasons: Mapping[str, str]


@transaction.atomic
def reconcile(
    rule: str,
    findings: Iterable[Finding],
    *,
    at: datetime,
    actor: str,
    reasons: Mapping[str, str] | None = None,
) -> Outcome:
    """Make the active alerts of `rule` agree with what it finds now; twice changes nothing.

    Opens what is found and not active, resolves what is active and not found, raises the
    severity of what got worse; that is news, so one that was acknowledged is open again.
    A finding whose `occurrence` differs from the active alert's is a new trouble: the old alert is
    resolved and a new one linked to it; an empty one is not known yet and matches any. One that
    a person resolved by hand stays resolved. `reasons` says per key why it is over. Safe in
    several processes at once: they take turns, rule by rule.
    """
    take_turn(rule)
    judgement = _Judgement(rule=rule, at=at, actor=actor, reasons=clean_reasons(reasons or {}))
    return _agree(judgement, _active_of(rule), findings)


@transaction.atomic
def reconcile_keys(
    rule: str, findings: Iterable[Finding], *, judged: Mapping[str, str], at: datetime, actor: str
) -> Outcome:
    """Do as `reconcile` for some subjects of a rule; alerts of all others are left alone.

    `judged` maps the key of each subject that was looked at to why its alert is over, if none of
    the findings is on it.
    """
    take_turn(rule)
    judgement = _Judgement(rule=rule, at=at, actor=actor, reasons=clean_reasons(judged))
    return _agree(judgement, _active_of(rule, keys=judgement.reasons), findings)


def take_turn(rule: str) -> None:
    """Wait until no other transaction judges this rule, and keep it so until this one ends.

    Two that reconcile one rule at once would both open what both find missing. Who judges by
    what it reads takes its turn before reading, lest it resolve what opened meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('alerts.rule:' || %s, 0))", [rule]
        )


@transaction.atomic
def acknowledge(
    alert_id: int, *, at: datetime, actor: str, note: str = "", until: Until = ...
) -> bool:
    """Let `actor` have the alert, until `until` or for good; return whether anything changed.

    The same once more changes nothing; somebody else takes it over, another `until` or note
    replaces the former one. Left out, an `until` of the same actor stays; None takes it away.

    :raises AlertNotFound: when there is no such alert.
    :raises AlertResolved: when it is over already.
    :raises InvalidInput: when `until` is not in the future, or more than a year ahead.
    """
    alert = _locked(alert_id)
    is_mine = alert.acknowledged_by == actor
    if until is ...:
        until = alert.acknowledged_until if is_mine else None
    else:
        _refuse_until(until, at)
    note = clean_note(note) or (alert.acknowledged_note if is_mine else "")
    wanted = {
        "acknowledged_by": actor,
        "acknowledged_until": until,
        "acknowledged_note": note,
    }
    if alert.state == State.ACKNOWLEDGED and all(getattr(alert, k) == v for k, v in wanted.items()):
        return False
    moved = {"state": State.ACKNOWLEDGED, "acknowledged_at": at, **wanted}
    _move(alert, _verb(alert, actor, until), at=at, actor=actor, note=note, **moved)
    return True


@transaction.atomic
def resolve(alert_id: int, *, at: datetime, actor: str, note: str = "") -> None:
    """Close by hand an alert whose rule leaves that to people.

    :raises AlertNotFound: when there is no such alert.
    :raises AlertResolved: when it is over already.
    :raises NotByHand: when its rule closes it by itself as soon as the cause is gone.
    """
    note = clean_note(note)
    alert = _locked(alert_id)
    if not alert.definition.by_hand:
        raise NotByHand(
            f"An alert of type {alert.rule} closes by itself when its cause is gone. "
            "Acknowledge it instead, and say in the note what is being done."
        )
    moved = {"resolved_at": at, "resolved_by": actor, "resolved_by_hand": True}
    _move(alert, "resolved", at=at, actor=actor, note=note, state=State.RESOLVED, **moved)
    post_resolved([alert])


@transaction.atomic
def comment(alert_id: int, *, at: datetime, actor: str, note: str) -> None:
    """Add what `actor` knows to the alert's history; nothing else about it changes.

    One that is over takes comments too: the cause is often found the day after.

    :raises AlertNotFound: when there is no such alert.
    :raises InvalidInput: when the note says nothing.
    """
    note = clean_note(note)
    if not note:
        raise InvalidInput("Say something: the comment is empty.", {"note": ["Must not be empty."]})
    if not Alert.objects.filter(pk=alert_id).exists():
        raise _unknown(alert_id)
    AlertEvent.objects.create(alert_id=alert_id, at=at, actor=actor, verb="commented", note=note)
    publish("alerts")


@transaction.atomic
def expire_acknowledgements(*, at: datetime, actor: str) -> int:
    """Open again every alert whose acknowledgement ran out by `at`; return how many.

    One that somebody else moves at this moment is left for the next time.
    """
    # A poll locks alerts rule by rule; waiting for one of them while holding another may be a
    # deadlock.
    locked = Alert.objects.select_for_update(no_key=True, skip_locked=True)
    overdue = list(locked.overdue(at).order_by("id"))
    for alert in overdue:
        _move(alert, "expired", at=at, actor=actor, **OPEN_AGAIN)
    return len(overdue)


def _refuse_until(until: datetime | None, at: datetime) -> None:
    if until is not None and until <= at:
        raise InvalidInput(
            "This moment is past: choose a later one, or leave it empty.",
            {"until": ["Must be in the future."]},
        )
    if until is not None and until > at + LONGEST_REST:
        raise InvalidInput(
            f"An alert may rest for at most {LONGEST_REST.days} days: choose an earlier moment, "
            "or leave it empty, and it rests until its cause is gone.",
            {"until": [f"Must be at most {LONGEST_REST.days} days ahead."]},
        )


def _agree(judgement: _Judgement, alerts: Iterable[Alert], findings: Iterable[Finding]) -> Outcome:
    rule, at, actor = judgement.rule, judgement.at, judgement.actor
    found = {finding.key: finding for finding in map(clean, findings)}
    active = {alert.key: alert for alert in alerts}
    over = [alert for key, alert in active.items() if _is_over(alert, found.get(key))]
    if over:
        _resolve_all(over, at=at, actor=actor, reasons=judgement.reasons)
    ended = {alert.key for alert in over}
    standing = {key: alert for key, alert in active.items() if key not in ended}
    _tell_occurrences(standing, found)
    raised = _raise_all(standing, found, at=at, actor=actor)
    opened = _open_all(rule, [found[k] for k in found if k not in standing], at=at, actor=actor)
    outcome = Outcome(opened=opened, raised=raised, resolved=len(over))
    if outcome:
        publish("alerts")
    return outcome


def _active_of(rule: str, *, keys: Collection[str] | None = None) -> list[Alert]:
    alerts = Alert.objects.active().filter(rule=rule)
    if keys is not None:
        alerts = alerts.filter(key__in=list(keys))
    return list(alerts.select_for_update(no_key=True).order_by("id"))


def _is_over(alert: Alert, finding: Finding | None) -> bool:
    if finding is None:
        return True
    told = finding.occurrence and alert.occurrence
    return bool(told) and finding.occurrence != alert.occurrence


def _resolve_all(
    alerts: list[Alert], *, at: datetime, actor: str, reasons: Mapping[str, str]
) -> None:
    ids = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=ids, state__in=ACTIVE).update(
        state=State.RESOLVED, resolved_at=at, resolved_by=actor
    )
    AlertEvent.objects.bulk_create(
        AlertEvent(
            alert=alert,
            at=at,
            actor=actor,
            verb="resolved",
            note=reasons.get(alert.key, ""),
            before={"state": alert.state},
            after={"state": State.RESOLVED},
        )
        for alert in alerts
    )
    post_resolved(alerts)


def _raise_all(
    standing: Mapping[str, Alert], found: Mapping[str, Finding], *, at: datetime, actor: str
) -> int:
    worse = [a for k, a in standing.items() if rank(found[k].severity) < rank(a.severity)]
    for alert in worse:
        finding = found[alert.key]
        changed: dict[str, Any] = {
            "severity": finding.severity,
            "message": finding.message,
            "evidence": dict(finding.evidence),
        }
        if alert.state == State.ACKNOWLEDGED:
            changed |= OPEN_AGAIN
        _move(alert, "raised", at=at, actor=actor, **changed)
        alert.severity = finding.severity
    if worse:
        post_opened(worse)
    return len(worse)


def _tell_occurrences(standing: Mapping[str, Alert], found: Mapping[str, Finding]) -> None:
    """Note of alerts that did not know it which trouble of their subject they are."""
    told = [alert for key, alert in standing.items() if not alert.occurrence]
    for alert in told:
        alert.occurrence = found[alert.key].occurrence
    Alert.objects.bulk_update([a for a in told if a.occurrence], ["occurrence"])


def _open_all(rule: str, findings: list[Finding], *, at: datetime, actor: str) -> int:
    last = last_of_keys(rule, [finding.key for finding in findings])
    new = [
        _opened(rule, finding, last.get(finding.key), at)
        for finding in findings
        if not _closed_by_hand(last.get(finding.key), finding)
    ]
    AlertEvent.objects.bulk_create(
        AlertEvent(
            alert=alert,
            at=at,
            actor=actor,
            verb="opened",
            after={"state": alert.state, "severity": alert.severity, "message": alert.message},
        )
        for alert in Alert.objects.bulk_create(new)
    )
    if new:
        post_opened(new)
    return len(new)


def _closed_by_hand(last: Alert | None, finding: Finding) -> bool:
    return last is not None and last.resolved_by_hand and last.occurrence == finding.occurrence


def _opened(rule: str, finding: Finding, previous: Alert | None, at: datetime) -> Alert:
    return Alert(
        rule=rule,
        key=finding.key,
        occurrence=finding.occurrence,
        severity=finding.severity,
        message=finding.message,
        evidence=dict(finding.evidence),
        batch_code=finding.batch_code,
        business_date=finding.business_date,
        subject=finding.subject,
        subject_url=finding.subject_url,
        opened_at=at,
        previous=previous,
    )


def _locked(alert_id: int) -> Alert:
    alert = Alert.objects.select_for_update(no_key=True).filter(pk=alert_id).first()
    if alert is None:
        raise _unknown(alert_id)
    if alert.is_resolved:
        raise AlertResolved(
            f"Alert {alert_id} was resolved meanwhile, so there is nothing left to do about it.",
            state=alert.state,
        )
    return alert


def _unknown(alert_id: int) -> AlertNotFound:
    return AlertNotFound(f"There is no alert {alert_id}. Look for it in the list of alerts.")


def _verb(alert: Alert, actor: str, until: datetime | None) -> str:
    if alert.state == State.OPEN:
        return "acknowledged"
    if alert.acknowledged_by != actor:
        return "taken over"
    return "extended" if alert.acknowledged_until != until else "noted"


def _move(
    alert: Alert, verb: str, *, at: datetime, actor: str, note: str = "", **changed: Any
) -> None:
    """Write `changed` if the alert is still active, then the event, then the frame.

    :raises AlertResolved: when it is over.
    """
    before = {name: getattr(alert, name) for name in RECORDED if name in changed}
    if not Alert.objects.filter(pk=alert.pk, state__in=ACTIVE).update(**changed):
        raise AlertResolved(f"Alert {alert.pk} was resolved meanwhile.", state=State.RESOLVED)
    after = {name: changed[name] for name in before}
    AlertEvent.objects.create(
        alert=alert,
        at=at,
        actor=actor,
        verb=verb,
        note=note,
        before=_plain(before),
        after=_plain(after),
    )
    publish("alerts")


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
