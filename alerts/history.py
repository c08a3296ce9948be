"""Put what happened to an alert into words, from the events that its moves left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts import evidence
from alerts.models import AlertEvent
from alerts.states import SEVERITY_LOOKS, Severity
from batchops.access import name_of

VERBS = {
    "opened": _("opened"),
    "raised": _("raised"),
    "acknowledged": _("acknowledged"),
    "taken over": _("taken over"),
    "extended": _("rest changed"),
    "noted": _("noted"),
    "commented": _("commented"),
    "expired": _("the acknowledgement ran out, so it is open again"),
    "resolved": _("resolved"),
    "mail retried": _("mail retried"),
    "muted": _("silenced"),
    "unmuted": _("silenced no more"),
    "flapping": _("noticed to flap"),
    "escalated": _("escalated"),
    "reminded": _("told again, since nobody has it"),
    "told": _("its rule is on trial no more, so it is told now"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: the event, the word for it, and what it changed beside the state."""

    event: AlertEvent
    verb: str
    change: str
    who: str


def lines(events: Iterable[AlertEvent], *, viewer: str = "") -> list[Line]:
    """Return the events with their words, in the order given; `viewer` is called "you"."""
    return [
        Line(
            event,
            str(VERBS.get(event.verb, event.verb)),
            _change(event),
            name_of(event.actor, viewer),
        )
        for event in events
    ]


def _change(event: AlertEvent) -> str:
    said = (say(event.before, event.after) for say in (_severity, _holder, _rest, _message))
    return "; ".join(filter(None, said))


def _severity(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if not ("severity" in before and "severity" in after):
        return ""
    said = gettext("from %(before)s to %(after)s")
    if before.get("state", after.get("state")) != after.get("state"):
        said = gettext("from %(before)s to %(after)s, so it is open again")
    return said % {
        "before": gettext(SEVERITY_LOOKS[Severity(before["severity"])].label),
        "after": gettext(SEVERITY_LOOKS[Severity(after["severity"])].label),
    }


def _holder(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    former = before.get("acknowledged_by")
    if not former or former == after.get("acknowledged_by"):
        return ""
    return gettext("before, %(actor)s had it") % {"actor": name_of(former, "")}


def _rest(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    former = before.get("acknowledged_until")
    same_holder = before.get("acknowledged_by") == after.get("acknowledged_by")
    if not former or not same_holder or former == after.get("acknowledged_until"):
        return ""
    said = gettext("no longer until %(at)s, but until its cause is gone")
    if after.get("acknowledged_until"):
        said = gettext("before, until %(at)s")
    return said % {"at": evidence.moment(datetime.fromisoformat(former))}


def _message(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    # The message that an alert opened with stands above its history.
    return str(after["message"]) if {"message"} <= before.keys() & after.keys() else ""
