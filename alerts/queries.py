"""Read alerts: what is open, how many of which kind, the last of a key."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from alerts.models import Alert
from alerts.states import RULES, SEVERITY_LOOKS, Rule, Severity
from batchops.looks import Look

SHOWN = 500  # how many open alerts one answer or frame lists; the counts are always of all


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """How many alerts are open, by severity and by rule, all from one query."""

    by_severity: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.by_severity.total()

    @property
    def rules(self) -> list[tuple[Rule, int]]:
        """The rules that have open alerts, most alerts first."""
        return [(RULES[code], n) for code, n in self.by_rule.most_common()]

    @property
    def worst(self) -> Look | None:
        """The look of the worst severity that is open, None when nothing is."""
        return next((SEVERITY_LOOKS[s] for s in Severity if self.by_severity[s]), None)


def count_open() -> OpenCounts:
    """Count what is open and not acknowledged, by severity and by rule, in one query."""
    counts = OpenCounts()
    rows = Alert.objects.open().order_by().values_list("severity", "rule").annotate(Count("id"))
    for severity, rule, n in rows:
        counts.by_severity[severity] += n
        counts.by_rule[rule] += n
    return counts


def open_alerts(limit: int = SHOWN) -> list[Alert]:
    """Return what is open and not acknowledged, worst first, then newest; at most `limit`."""
    return list(Alert.objects.open().worst_first()[:limit])


def active_alerts_facts() -> dict[str, Any]:
    """Return the data of the route and the topic of open alerts.

    `alerts` holds the worst and newest 500; `total` and the counts are of all.
    """
    counts = count_open()
    return {
        "alerts": [_facts(alert) for alert in open_alerts()],
        "total": counts.total,
        "counts": {severity.value: counts.by_severity[severity] for severity in Severity},
        "countsByType": dict(counts.by_rule),
    }


def last_of_keys(rule: str, keys: Collection[str]) -> dict[str, Alert]:
    """Return the newest alert of each key of a rule; keys without one are left out."""
    newest = Alert.objects.filter(rule=rule, key__in=keys).order_by("key", "-id").distinct("key")
    return {alert.key: alert for alert in newest}


def _facts(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "batch_code": alert.batch_code,
        "alert_type": alert.rule,
        "alert_severity": alert.severity,
        "alert_message": alert.message,
        "business_date": alert.business_date and alert.business_date.isoformat(),
        "created_at": alert.opened_at.isoformat(),
        "email_sent": alert.email_sent,
    }
