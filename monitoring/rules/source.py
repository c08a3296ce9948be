"""Find that CC&B is not read; this rule cannot be switched off, for silence is not health."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.states import Finding, Severity
from monitoring.rules.wording import clock

# Why an alert on the source is over, by whether it still is silent.
OVER = {
    False: "CC&B was read again.",
    True: "The cause is another now; the next alert says it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What rules may know of the source as a whole."""

    seen_at: datetime | None
    stale_after_s: float
    circuit_opened_at: datetime | None
    login_refused: bool
    last_error: str
    url: str


def source_silent(facts: SourceFacts, *, zone: ZoneInfo) -> list[Finding]:
    """Find that CC&B is not read: nothing good for too long, or its login is refused."""
    seen = clock(facts.seen_at, zone) if facts.seen_at else None
    since = f"since {seen}" if seen else "so far"
    message = f"CC&B could not be read {since}. What it does now is not known. {facts.last_error}"
    if facts.circuit_opened_at:
        message = (
            f"CC&B refuses our login: {facts.last_error} No poll tries again, so that the "
            "account is not locked, until somebody presses Try again on the page Runs."
        )
    return [
        Finding(
            key="ccb",
            severity=Severity.CRITICAL,
            message=message.strip(),
            evidence={
                "expected": {"good_reading_within_s": facts.stale_after_s},
                "seen": {
                    "last_good_reading_at": facts.seen_at and facts.seen_at.isoformat(),
                    "login_refused_at": facts.circuit_opened_at
                    and facts.circuit_opened_at.isoformat(),
                    "last_error": facts.last_error,
                },
            },
            # A refused login after timeouts needs another hand, so it is another trouble.
            occurrence=f"{facts.seen_at.isoformat() if facts.seen_at else 'never'}"
            f"{' login' if facts.login_refused else ''}",
            subject="CC&B",
            subject_url=facts.url,
        )
    ]
