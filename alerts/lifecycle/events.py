"""Write what happened to many alerts at once, and from when on an alert waits for somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.models import Alert, AlertEvent

# Rows in one statement: to put many more together takes so long that PostgreSQL ends the session.
BATCH = 1_000


def waits_since(at: datetime) -> dict[str, Any]:
    """Return the fields of an alert that waits for anybody from `at` on, told and not yet again."""
    return {"unanswered_since": at, "escalated_minutes": 0, "reminded_at": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What happened to several alerts at once: verb, when, by whom, and what it made of each."""

    verb: str
    at: datetime
    actor: str
    after: Mapping[str, Any] = field(default_factory=dict)


def record(alerts: Sequence[Alert], what: Happened, notes: Mapping[int, str] | None = None) -> None:
    """Write one event for each alert, with the note that `notes` has for its number."""
    notes = notes or {}
    AlertEvent.objects.bulk_create(
        (
            AlertEvent(
                alert=alert,
                at=what.at,
                actor=what.actor,
                verb=what.verb,
                note=notes.get(alert.pk, ""),
                after=dict(what.after),
            )
            for alert in alerts
        ),
        batch_size=BATCH,
    )
