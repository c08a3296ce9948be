"""Move one alert: acknowledge, comment, resolve by hand, expire; each with its event and frame."""

from collections.abc import Mapping
from datetime import datetime
from types import EllipsisType
from typing import Any

from django.db import transaction

from alerts.errors import AlertNotFound, AlertResolved, NotByHand
from alerts.lifecycle.cleaning import clean_note
from alerts.lifecycle.events import waits_since
from alerts.lifecycle.muting import tell, tell_withheld
from alerts.models import Alert, AlertEvent
from alerts.states import ACTIVE, LONGEST_REST, DeliveryKind, State
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
    move(alert, _verb(alert, actor, until), at=at, actor=actor, note=note, **moved)
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
    moved = {"resolved_at": at, "resolved_by": actor, "resolved_by_hand": True, "is_held": True}
    move(alert, "resolved", at=at, actor=actor, note=note, state=State.RESOLVED, **moved)
    tell([alert], DeliveryKind.RESOLVED, at=at, actor=actor)


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
        move(alert, "expired", at=at, actor=actor, **OPEN_AGAIN, **waits_since(at))
    tell_withheld(overdue, at=at, actor=actor)
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


def move(
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
