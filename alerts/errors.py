"""Name the moves on alerts, deliveries and channels that cannot be made."""

from collections.abc import Mapping
from datetime import timedelta

from batchops.errors import Conflict, NotFound, Unavailable


class AlertNotFound(NotFound):
    """Say that no alert has this number."""

    code = "alert_not_found"


class AlertResolved(Conflict):
    """Refuse to touch an alert that is over."""

    code = "alert_resolved"
    extras = {"state": str}


class NotByHand(Conflict):
    """Refuse to resolve by hand what its rule still watches."""

    code = "not_by_hand"


class ChannelNotFound(NotFound):
    """Say that no channel has this number."""

    code = "channel_not_found"


class SilenceNotFound(NotFound):
    """Say that no silence has this number."""

    code = "silence_not_found"


class SilenceOver(Conflict):
    """Refuse to end a silence that is over."""

    code = "silence_over"


class DeliveryNotFound(NotFound):
    """Say that no delivery has this number."""

    code = "delivery_not_found"


class DeliveryNotWaiting(Conflict):
    """Refuse to try again what is sent or on its way."""

    code = "delivery_not_waiting"


class NotDelivered(Unavailable):
    """Say why nobody got a message; `is_server` when the server itself is the reason.

    `replies` are the server's words to each address, `wait` is how long it wants to be left
    alone, and `is_gone` says that it wants nothing ever again.
    """

    code = "not_delivered"

    def __init__(
        self,
        message: str,
        *,
        is_server: bool = True,
        replies: Mapping[str, str] | None = None,
        wait: timedelta | None = None,
        is_gone: bool = False,
    ) -> None:
        super().__init__(message)
        self.is_server = is_server
        self.replies = replies or {}
        self.wait = wait
        self.is_gone = is_gone


class BulletinNotFound(NotFound):
    """Say that no bulletin has this number."""

    code = "bulletin_not_found"


class BulletinNotMailed(Conflict):
    """Say why nobody would get a bulletin."""

    code = "bulletin_not_mailed"
