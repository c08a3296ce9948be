"""Make findings and open alerts for tests."""

from datetime import UTC, datetime

from alerts.lifecycle import reconcile
from alerts.models import Alert
from alerts.states import Finding, Severity

AT = datetime(2026, 3, 11, 8, 30, tzinfo=UTC)


def finding(key: str = "CM-DMRU 1/0", **values: object) -> Finding:
    given: dict[str, object] = {
        "severity": Severity.CRITICAL,
        "message": f"Batch {key} failed",
        "batch_code": "CM-DMRU",
        **values,
    }
    return Finding(key=key, **given)  # type: ignore[arg-type]


def opened(rule: str = "FAILED", **values: object) -> Alert:
    found = finding(**values)  # type: ignore[arg-type]
    others = [
        Finding(key=a.key, severity=Severity(a.severity), message=a.message)
        for a in Alert.objects.active().filter(rule=rule)
    ]
    reconcile(rule, [*others, found], at=AT, actor="system:test")
    return Alert.objects.get(rule=rule, key=found.key, state="open")
