"""Name the moves on alerts, deliveries and channels that cannot be made."""

from collections.abc import Mapping

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


class DeliveryNotFound(NotFound):
    """Say that no delivery has this number."""

    code = "delivery_not_found"


class DeliveryNotWaiting(Conflict):
    """Refuse to try again what is sent or on its way."""

    code = "delivery_not_waiting"


class MailNotSent(Unavailable):
    """Say why nobody got a mail; `is_server` when the server itself is the reason.

    `replies` are the server's words to each address.
    """

    code = "mail_not_sent"

    def __init__(
        self, message: str, *, is_server: bool = True, replies: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.is_server = is_server
        self.replies = replies or {}
