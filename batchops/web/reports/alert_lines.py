"""Put alerts into the lines that reports tell: who took one after how long, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alerts import evidence
from alerts.models import Alert
from alerts.reported import alerts_between
from batchops.access import name_of
from batchops.db import first_and_total

LISTED = 50  # alerts that a report names


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert: `taken_at` is when somebody first acknowledged it, None where nobody did."""

    alert: Alert
    taken_at: datetime | None
    holder: str
    evidence: str

    @property
    def label(self) -> str:
        """The rule as a heading has it."""
        label = self.alert.definition.label
        return label[:1].upper() + label[1:]

    @property
    def taken_after_s(self) -> float | None:
        """Seconds from its opening until somebody took it."""
        return (self.taken_at - self.alert.opened_at).total_seconds() if self.taken_at else None

    @property
    def lasted_s(self) -> float | None:
        """Seconds from its opening to its end, None while it is active."""
        ended_at = self.alert.resolved_at
        return (ended_at - self.alert.opened_at).total_seconds() if ended_at else None


def lines_of_day(
    day: date, *, since: datetime, until: datetime, recorded: bool
) -> tuple[Sequence[AlertLine], int]:
    """Return the alerts of a day, worst first, and how many there are; at most 50 are named.

    Of a day are those on its runs, and those that opened from the deadline before it, `since`, so
    that none falls between the reports of two days.
    """
    found = alerts_between(day, begins_at=since, ends_at=until, recorded=recorded)
    named, total = first_and_total(found.worst_first(), LISTED)
    return [_line(alert) for alert in named], total


def _line(alert: Any) -> AlertLine:
    return AlertLine(
        alert=alert,
        taken_at=alert.first_taken_at,
        holder=name_of(alert.acknowledged_by, ""),
        evidence="; ".join(
            f"{part.heading}: {', '.join(f'{fact.name} {fact.words}' for fact in part.facts)}"
            for part in evidence.parts(alert.evidence)
        ),
    )
