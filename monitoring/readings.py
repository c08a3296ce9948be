"""Say how the last readings of CC&B went, and whether one is being made."""

from batchops.db import session_lock_held
from monitoring import poll
from monitoring.models import Poll


def last_polls(limit: int) -> list[Poll]:
    """Return up to `limit` polls, good and failed, the newest first."""
    return list(Poll.objects.order_by("-started_at", "-id")[:limit])


def is_reading() -> bool:
    """Return whether somebody reads CC&B at this moment."""
    return session_lock_held(poll.LOCK)
