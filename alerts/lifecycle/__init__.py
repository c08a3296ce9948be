"""Change alerts, what is mailed about them, and channels; nothing else does.

Every move leaves an event (a try, for a delivery) and a frame. Locks are taken in one order
everywhere: channel, alert, delivery.
"""

from alerts.lifecycle.bulletins import (
    Slot,
    mail_now,
    miss_slot,
    post_slot,
    seed_daily_report,
)
from alerts.lifecycle.channels import seed_default_channel, seed_reminder
from alerts.lifecycle.claims import MailClaim, claim_mail
from alerts.lifecycle.deliveries import Report, record_attempt, retry_delivery
from alerts.lifecycle.escalating import escalate, remind
from alerts.lifecycle.health import forget_troubles, judge_channels
from alerts.lifecycle.moves import (
    Until,
    acknowledge,
    comment,
    expire_acknowledgements,
    resolve,
)
from alerts.lifecycle.muting import settle_mutes
from alerts.lifecycle.outbox import Letter, Reader, Told, post_event, post_letter, post_notice
from alerts.lifecycle.planning import Event
from alerts.lifecycle.reconciling import Outcome, reconcile, reconcile_keys, take_turn
from alerts.lifecycle.secrets import keep_address, make_signing_secret, reseal_secrets
from alerts.lifecycle.silences import end_silence, keep_silence

__all__ = [
    "Event",
    "Letter",
    "MailClaim",
    "Outcome",
    "Reader",
    "Report",
    "Slot",
    "Told",
    "Until",
    "acknowledge",
    "claim_mail",
    "comment",
    "end_silence",
    "escalate",
    "expire_acknowledgements",
    "forget_troubles",
    "judge_channels",
    "keep_address",
    "keep_silence",
    "mail_now",
    "make_signing_secret",
    "miss_slot",
    "post_event",
    "post_letter",
    "post_notice",
    "post_slot",
    "reconcile",
    "reconcile_keys",
    "record_attempt",
    "remind",
    "reseal_secrets",
    "resolve",
    "retry_delivery",
    "seed_daily_report",
    "seed_default_channel",
    "seed_reminder",
    "settle_mutes",
    "take_turn",
]
