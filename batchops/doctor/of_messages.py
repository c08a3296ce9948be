"""Look at the messages about alerts: whether they leave."""

from collections.abc import Sequence

from django.utils import timezone

from alerts import queries
from batchops.doctor.findings import Found, fail, ok, span, warn

LATE_S, STUCK_S = 120, 1800
LOOK = "Open the channel in the admin; each try says why it failed."


def look() -> Sequence[Found]:
    """Say what is owed, what was given up lately, and which channels do not get through."""
    return [_owed(), _given_up(), *_channels()]


def _owed() -> Found:
    at = timezone.now()
    by_state, oldest_at = queries.count_unfinished()
    late_s = max(0.0, (at - oldest_at).total_seconds()) if oldest_at else 0.0
    seen = f"{sum(by_state.values())} are owed, the oldest due for {span(late_s)}."
    remedy = "See that a cluster `watch` is alive; it sends them."
    if late_s > STUCK_S:
        return fail("messages", seen, remedy)
    return warn("messages", seen, remedy) if late_s > LATE_S else ok("messages", seen)


def _given_up() -> Found:
    count, _ = queries.given_up_lately(timezone.now())
    if count:
        seen = f"{count} were given up in the last 24 hours, so somebody was not told."
        return warn("messages given up", seen, "Look at the deliveries in the console; retry them.")
    return ok("messages given up", "None in the last 24 hours.")


def _channels() -> list[Found]:
    failing = queries.failing_channels()
    return [
        warn(f"channel {each.channel}", "It is on and does not get through.", LOOK)
        for each in failing
    ] or [ok("channels", "Every channel that is on gets through, as far as it was tried.")]
