"""Say what can be in alerts: rules, severities, states, their looks; plain Python."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from batchops.looks import Look


class Severity(StrEnum):
    """How bad it is; members stand from bad to harmless."""

    CRITICAL = "CRITICAL"
    WARNING = "WARNING"
    INFO = "INFO"


class State(StrEnum):
    """Where an alert stands. It moves open -> acknowledged -> resolved, and never back to life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


ACTIVE = (State.OPEN, State.ACKNOWLEDGED)
# An alert that rests longer is forgotten; it also keeps the moment one that every driver can read.
LONGEST_REST = timedelta(days=365)
LONGEST_WINDOW = timedelta(days=7)
# While this rule's alert stands, others are told together: the source is their likely cause.
CAUSE = "SOURCE_STALE"
# A subject flaps when it opened so often within so long; from the next time on it is told only if
# it stays open for the rest.
FLAPPING = 4
FLAPPING_WITHIN = timedelta(hours=6)
FLAPPING_REST = timedelta(minutes=30)


class ChannelKind(StrEnum):
    """By what a channel reaches people."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    CHAT = "chat"


class SecretPurpose(StrEnum):
    """What a channel keeps sealed: where it sends to, and what it signs by."""

    ADDRESS = "address"
    SIGNING = "signing"


class JobEnds(StrEnum):
    """Which ends of our own jobs a channel tells."""

    NONE = "none"
    BAD = "bad"
    ALL = "all"


class DeliveryKind(StrEnum):
    """What a mail tells: that an alert opened, got worse, is over, or something else.

    In the order of their letters they leave. Escalated: nobody has it, so it goes to another
    channel. Reminder: it is open still and nobody has it.
    """

    ESCALATED = "escalated"
    OPENED = "opened"
    RAISED = "raised"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    NOTICE = "notice"


class DeliveryState(StrEnum):
    """Where a mail stands: pending -> sending -> sent (or partly: some addresses
    were refused for good), or failed -> sending ... -> given up."""

    PENDING = "pending"
    SENDING = "sending"
    FAILED = "failed"
    SENT = "sent"
    PARTLY = "partly"
    GIVEN_UP = "given_up"


# Without which nobody asks whether it is over.
NEWS = (DeliveryKind.OPENED, DeliveryKind.RAISED, DeliveryKind.ESCALATED)
UNANSWERED = (DeliveryKind.ESCALATED, DeliveryKind.REMINDER)  # of no use once somebody has it
LEFT = (DeliveryState.SENT, DeliveryState.PARTLY)
UNFINISHED = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.FAILED)
WAITING = (DeliveryState.FAILED, DeliveryState.GIVEN_UP)  # for a try that a person may ask for


class AttemptOutcome(StrEnum):
    """What became of one try; partly: some addresses took it; lost: nobody knows.

    Asked is no try: somebody wants a notice tried again.
    """

    SENT = "sent"
    PARTLY = "partly"
    FAILED = "failed"
    LOST = "lost"
    ASKED = "asked"


class BulletinKind(StrEnum):
    """What a bulletin tells: how the business day went, or what the next shift takes over."""

    DAILY_REPORT = "daily_report"
    HAND_OVER = "hand_over"


class SlotOutcome(StrEnum):
    """What became of a bulletin on a day: in the outbox, or never made."""

    POSTED = "posted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to raise an alert: its code, its word, and whether a person may resolve it.

    `several` is the word for two and more, empty where that is the same. What a rule still finds
    cannot be resolved by hand: it would only open again. `by_hand` marks those whose finding is a
    thing of the past once somebody has looked at it.
    """

    code: str
    label: str
    several: str = ""
    by_hand: bool = False

    def counted(self, n: int) -> str:
        """Return the word for `n` alerts."""
        return self.label if n == 1 else self.several or self.label


CHANNEL_FAILING = "CHANNEL_FAILING"
RULES = {
    rule.code: rule
    for rule in (
        Rule("FAILED", "failed"),
        Rule("STUCK", "stuck"),
        Rule("LONG_RUNNING", "long running"),
        Rule("NOT_STARTED", "not started"),
        Rule("LOW_THROUGHPUT", "low throughput"),
        Rule("LOW_RECORDS", "low records", by_hand=True),
        Rule("TOO_FAST", "too fast", by_hand=True),
        Rule("COMPLETED_WITH_ERRORS", "completed with errors", by_hand=True),
        Rule("PENDING_TOO_LONG", "pending too long"),
        Rule("JOB_ORPHAN", "orphan submission", "orphan submissions"),
        Rule("OUT_OF_ORDER", "out of order"),
        Rule("IMD_NOT_DRAINING", "IMD not draining"),
        Rule("DEADLINE_AT_RISK", "deadline at risk", "deadlines at risk"),
        Rule("UNKNOWN_STATUS", "unknown status", "unknown statuses", by_hand=True),
        Rule("SOURCE_STALE", "source stale"),
        Rule("JOB_FAILED", "job failed", "jobs failed"),
        Rule("JOB_STUCK", "job stuck", "jobs stuck"),
        Rule("JOB_LATE", "job late", "jobs late"),
        Rule(
            "JOB_COMPLETED_WITH_ERRORS",
            "job completed with errors",
            "jobs completed with errors",
            by_hand=True,
        ),
        Rule("JOB_NO_SUMMARY", "job without summary", "jobs without summary"),
        Rule("JOB_NO_ZIP", "job without ZIP", "jobs without ZIP", by_hand=True),
        Rule("MISSED_SCHEDULE", "missed schedule", "missed schedules"),
        Rule(CHANNEL_FAILING, "channel failing", "channels failing"),
    )
}
CHANNEL_LABELS = {
    ChannelKind.EMAIL: "E-mail",
    ChannelKind.WEBHOOK: "Webhook",
    ChannelKind.CHAT: "Chat or SMS",
}
JOB_END_LABELS = {
    JobEnds.NONE: "None",
    JobEnds.BAD: "Failed, or completed with errors",
    JobEnds.ALL: "All",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SEVERITY_LOOKS = {
    Severity.CRITICAL: Look("CRITICAL", "Critical", "bad", "alert-circle"),
    Severity.WARNING: Look("WARNING", "Warning", "warn", "warning"),
    Severity.INFO: Look("INFO", "Info", "info", "info"),
}
STATE_LOOKS = {
    State.OPEN: Look("open", "Open", "bad", "bell"),
    State.ACKNOWLEDGED: Look("acknowledged", "Acknowledged", "warn", "eye"),
    State.RESOLVED: Look("resolved", "Resolved", "ok", "check"),
}
DELIVERY_LOOKS = {
    DeliveryState.PENDING: Look("pending", "Due", "neutral", "clock"),
    DeliveryState.SENDING: Look("sending", "Being sent", "info", "mail"),
    DeliveryState.FAILED: Look("failed", "Failed, will be retried", "warn", "retry"),
    DeliveryState.SENT: Look("sent", "Sent", "ok", "check"),
    DeliveryState.PARTLY: Look("partly", "Sent in part", "warn", "warning"),
    DeliveryState.GIVEN_UP: Look("given_up", "Given up", "bad", "x-circle"),
}
BULLETIN_KINDS = {
    BulletinKind.DAILY_REPORT: "Daily report",
    BulletinKind.HAND_OVER: "Shift hand-over",
}
SLOT_LOOKS = {
    SlotOutcome.POSTED: Look("posted", "Mailed", "ok", "mail"),
    SlotOutcome.MISSED: Look("missed", "Not mailed", "warn", "warning"),
}
ATTEMPT_LOOKS = {
    AttemptOutcome.SENT: Look("sent", "Sent", "ok", "check"),
    AttemptOutcome.PARTLY: Look("partly", "Sent in part", "warn", "warning"),
    AttemptOutcome.FAILED: Look("failed", "Failed", "bad", "x-circle"),
    AttemptOutcome.LOST: Look("lost", "Unknown", "unknown", "question"),
    AttemptOutcome.ASKED: Look("asked", "Asked for again", "info", "retry"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found on one subject, as facts that an alert keeps.

    `key` names the subject for the rule. `occurrence` tells one trouble of that subject from the
    next (a run that failed, restarted and failed again), also when nobody saw what lay between;
    empty while it is not known.
    With `record_only` its alert is kept and shown, and nobody is told.
    `evidence` has the parts `expected`, `seen` and `history`, each a mapping of names that end
    in _at, _date, _s or _pct where they carry such a thing.
    """

    key: str
    severity: Severity
    message: str
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    occurrence: str = ""
    batch_code: str = ""
    business_date: date | None = None
    subject: str = ""
    subject_url: str = ""
    record_only: bool = False


def is_over(occurrence: str, finding: Finding | None) -> bool:
    """Return whether an alert is over when its rule finds `finding` on its key, None: nothing.

    `occurrence` is the alert's. Another one is a new trouble; an empty one matches any.
    """
    if finding is None:
        return True
    told = finding.occurrence and occurrence
    return bool(told) and finding.occurrence != occurrence


def rank(severity: str) -> int:
    """Return 0 for the worst severity, then 1, 2."""
    return list(Severity).index(Severity(severity))
