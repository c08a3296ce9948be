"""Make the active alerts of a rule agree with what it finds: open, raise, resolve, and mail it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from alerts.lifecycle.cleaning import clean, clean_reasons
from alerts.lifecycle.events import BATCH, Happened, record, waits_since
from alerts.lifecycle.moves import OPEN_AGAIN, move
from alerts.lifecycle.muting import tell
from alerts.models import Alert, AlertEvent, AlertQuerySet
from alerts.mutes import flapping_words
from alerts.queries import cause_of, last_of_keys, openings_since
from alerts.states import (
    ACTIVE,
    FLAPPING,
    FLAPPING_REST,
    FLAPPING_WITHIN,
    DeliveryKind,
    Finding,
    State,
    is_over,
    rank,
)
from batchops.live.publish import publish


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
    """Who judged which rule when, of which keys (None: all), and why what is over is over."""

    rule: str
    at: datetime
    actor: str
    reasons: Mapping[str, str]
    keys: Collection[str] | None = None

    def of_keys(self, alerts: AlertQuerySet) -> AlertQuerySet:
        """Return those of `alerts` that it judges."""
        alerts = alerts.filter(rule=self.rule)
        return alerts if self.keys is None else alerts.filter(key__in=list(self.keys))


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
    resolved and a new one linked to it; an empty one is not known yet and matches any. One that a
    person resolved by hand stays resolved until a judgement without its finding. `reasons` says
    per key why it is over. What only went on record is told once its rule says so while it stands.
    Safe in several processes at once: they take turns, rule by rule.
    """
    take_turn(rule)
    judgement = _Judgement(rule=rule, at=at, actor=actor, reasons=clean_reasons(reasons or {}))
    return _agree(judgement, findings)


@transaction.atomic
def reconcile_keys(
    rule: str, findings: Iterable[Finding], *, judged: Mapping[str, str], at: datetime, actor: str
) -> Outcome:
    """Do as `reconcile` for some subjects of a rule; alerts of all others are left alone.

    `judged` maps the key of each subject that was looked at to why its alert is over, if none of
    the findings is on it.
    """
    take_turn(rule)
    reasons = clean_reasons(judged)
    judgement = _Judgement(rule=rule, at=at, actor=actor, reasons=reasons, keys=reasons)
    return _agree(judgement, findings)


def take_turn(rule: str) -> None:
    """Wait until no other transaction judges this rule, and keep it so until this one ends.

    Two that reconcile one rule at once would both open what both find missing. Who judges by
    what it reads takes its turn before reading, lest it resolve what opened meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('alerts.rule:' || %s, 0))", [rule]
        )


def _agree(judgement: _Judgement, findings: Iterable[Finding]) -> Outcome:
    rule, at, actor = judgement.rule, judgement.at, judgement.actor
    found = {finding.key: finding for finding in map(clean, findings)}
    active = {alert.key: alert for alert in _active_of(judgement)}
    _let_go(judgement, found)
    over = [alert for key, alert in active.items() if is_over(alert.occurrence, found.get(key))]
    if over:
        _resolve_all(over, at=at, actor=actor, reasons=judgement.reasons)
    ended = {alert.key for alert in over}
    standing = {key: alert for key, alert in active.items() if key not in ended}
    _tell_occurrences(standing, found)
    raised = _raise_all(standing, found, at=at, actor=actor)
    told = _tell_recorded(standing, found, at=at, actor=actor)
    opened = _open_all(rule, [found[k] for k in found if k not in standing], at=at, actor=actor)
    outcome = Outcome(opened=opened, raised=raised, resolved=len(over))
    if outcome or told:
        publish("alerts")
    return outcome


def _active_of(judgement: _Judgement) -> list[Alert]:
    alerts = judgement.of_keys(Alert.objects.active())
    return list(alerts.select_for_update(no_key=True).order_by("id"))


def _let_go(judgement: _Judgement, found: Mapping[str, Finding]) -> None:
    """Forget that what is not found any more was closed by hand, so that the next one opens."""
    held = judgement.of_keys(Alert.objects.filter(is_held=True)).values_list("pk", "key")
    gone = [pk for pk, key in held if key not in found]
    if gone:
        Alert.objects.filter(pk__in=gone).update(is_held=False)


def _resolve_all(
    alerts: list[Alert], *, at: datetime, actor: str, reasons: Mapping[str, str]
) -> None:
    ids = [alert.pk for alert in alerts]
    Alert.objects.filter(pk__in=ids, state__in=ACTIVE).update(
        state=State.RESOLVED, resolved_at=at, resolved_by=actor
    )
    AlertEvent.objects.bulk_create(
        (
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
        ),
        batch_size=BATCH,
    )
    tell(alerts, DeliveryKind.RESOLVED, at=at, actor=actor)


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
            **waits_since(at),
        }
        if alert.state == State.ACKNOWLEDGED:
            changed |= OPEN_AGAIN
        move(alert, "raised", at=at, actor=actor, **changed)
        alert.severity = finding.severity
    tell(worse, DeliveryKind.RAISED, at=at, actor=actor)
    return len(worse)


def _tell_occurrences(standing: Mapping[str, Alert], found: Mapping[str, Finding]) -> None:
    """Note of alerts that did not know it which trouble of their subject they are."""
    told = [alert for key, alert in standing.items() if not alert.occurrence]
    for alert in told:
        alert.occurrence = found[alert.key].occurrence
    Alert.objects.bulk_update([a for a in told if a.occurrence], ["occurrence"])


def _tell_recorded(
    standing: Mapping[str, Alert], found: Mapping[str, Finding], *, at: datetime, actor: str
) -> bool:
    """Tell of alerts that were only recorded and stand, once their rule is on trial no more."""
    told = [a for k, a in standing.items() if a.record_only and not found[k].record_only]
    for alert in told:
        move(alert, "told", at=at, actor=actor, record_only=False, **waits_since(at))
        alert.record_only = False
    tell(told, DeliveryKind.OPENED, at=at, actor=actor)
    return bool(told)


def _open_all(rule: str, findings: list[Finding], *, at: datetime, actor: str) -> int:
    last = last_of_keys(rule, [finding.key for finding in findings])
    wanted = [each for each in findings if not _is_held(last.get(each.key), each)]
    if not wanted:
        return 0
    again = [key for key, alert in last.items() if alert.opened_at > at - FLAPPING_WITHIN]
    lately = openings_since(rule, again, at - FLAPPING_WITHIN)
    shared = {"opened_at": at, "cause_id": cause_of(rule), **waits_since(at)}
    new = [
        Alert(
            rule=rule,
            previous=last.get(finding.key),
            **_facts(finding),
            **_flapping(lately.get(finding.key, 0) + 1, at),
            **shared,
        )
        for finding in wanted
    ]
    _note_opened(Alert.objects.bulk_create(new, batch_size=BATCH), at=at, actor=actor)
    tell(new, DeliveryKind.OPENED, at=at, actor=actor)
    return len(new)


def _note_opened(alerts: list[Alert], *, at: datetime, actor: str) -> None:
    AlertEvent.objects.bulk_create(
        (
            AlertEvent(
                alert=alert,
                at=at,
                actor=actor,
                verb="opened",
                after={"state": alert.state, "severity": alert.severity, "message": alert.message},
            )
            for alert in alerts
        ),
        batch_size=BATCH,
    )
    flapping = [alert for alert in alerts if alert.is_flapping]
    notes = {alert.pk: flapping_words(alert) for alert in flapping}
    record(flapping, Happened(verb="flapping", at=at, actor=actor), notes)


def _flapping(openings: int, at: datetime) -> dict[str, Any]:
    """Return how often a subject opened lately; the first time that it flaps is told at once."""
    damped_until = at + FLAPPING_REST if openings > FLAPPING else None
    return {"openings": openings, "damped_until": damped_until}


def _is_held(last: Alert | None, finding: Finding) -> bool:
    return last is not None and last.is_held and last.occurrence == finding.occurrence


def _facts(finding: Finding) -> dict[str, Any]:
    """Return the fields of an alert that its finding says."""
    return {
        "key": finding.key,
        "occurrence": finding.occurrence,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": dict(finding.evidence),
        "batch_code": finding.batch_code,
        "business_date": finding.business_date,
        "subject": finding.subject,
        "subject_url": finding.subject_url,
        "record_only": finding.record_only,
    }
