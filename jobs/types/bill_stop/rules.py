"""Judge connections: pure functions of what CC&B holds and the day; plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext, gettext_noop

from batchops.looks import Look

BILLED = ""
NEW = "new"
SEGMENT_IN_ERROR = "segment_in_error"
SEGMENT_NOT_FROZEN = "segment_not_frozen"
NO_SEGMENT = "no_segment"
NEVER_BILLED = "never_billed"
NOT_BILLED_SINCE = "not_billed_since"

# Words of the API too; pages and files say them in the reader's language.
REASONS = {
    NEW: gettext_noop("New, not judged yet"),
    SEGMENT_IN_ERROR: gettext_noop("Bill segment in error"),
    SEGMENT_NOT_FROZEN: gettext_noop("Bill segment not frozen"),
    NO_SEGMENT: gettext_noop("No bill segment at all"),
    NEVER_BILLED: gettext_noop("Never billed"),
    NOT_BILLED_SINCE: gettext_noop("No bill segment since the last bill"),
}
STOPPED_WORD = gettext_noop("Bill Stop Issue")
ACTIVE_WORD = gettext_noop("Active Billing")
STOPPED_LOOK = Look("bill_stop", STOPPED_WORD, "bad", "x-circle")
ACTIVE_LOOK = Look("active", ACTIVE_WORD, "ok", "check-circle")


def reason_in_words(reason: str | None) -> str:
    """Return a reason as people read it; nothing for none."""
    return gettext(REASONS[reason]) if reason in REASONS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What decides whether a connection is billed."""

    started_on: date | None
    last_bill_on: date | None
    has_error: bool
    has_unfrozen: bool
    has_segment: bool


def counts_from(day: date, *, rule: str, days: int) -> date:
    """Return the first day whose bill is recent enough: `days` before, or the month's first."""
    return day.replace(day=1) if rule == "month" else day - timedelta(days=days)


def reason_of(billing: Billing, *, counts_from: date) -> str:
    """Return why a connection is not billed, BILLED or NEW when it is not stopped."""
    if billing.last_bill_on is not None and billing.last_bill_on >= counts_from:
        return BILLED
    if billing.started_on is not None and billing.started_on >= counts_from:
        return NEW
    if billing.has_error:
        return SEGMENT_IN_ERROR
    if billing.has_unfrozen:
        return SEGMENT_NOT_FROZEN
    if billing.last_bill_on is not None:
        return NOT_BILLED_SINCE
    return NEVER_BILLED if billing.has_segment else NO_SEGMENT


def is_stopped(reason: str) -> bool:
    """Say whether a reason means that billing stands still."""
    return reason not in (BILLED, NEW)
