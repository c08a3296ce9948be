"""Change alerts, what is mailed about them, and channels; nothing else does.

Every move leaves an event (a try, for a delivery) and a frame. Locks are taken in one order
everywhere: channel, alert, delivery.
"""

from alerts.lifecycle.channels import seed_default_channel
from alerts.lifecycle.claims import MailClaim, claim_mail
from alerts.lifecycle.deliveries import Report, record_attempt, retry_delivery
from alerts.lifecycle.moves import (
    Until,
    acknowledge,
    comment,
    expire_acknowledgements,
    resolve,
)
from alerts.lifecycle.outbox import Reader, post_notice
from alerts.lifecycle.reconciling import Outcome, reconcile, reconcile_keys, take_turn

__all__ = [
    "MailClaim",
    "Outcome",
    "Reader",
    "Report",
    "Until",
    "acknowledge",
    "claim_mail",
    "comment",
    "expire_acknowledgements",
    "post_notice",
    "reconcile",
    "reconcile_keys",
    "record_attempt",
    "resolve",
    "retry_delivery",
    "seed_default_channel",
    "take_turn",
]
