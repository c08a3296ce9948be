"""Store alerts, channels, and what goes by them."""

from alerts.models.alerts import Alert, AlertEvent, AlertQuerySet
from alerts.models.channels import Channel, ChannelHealth, ChannelSecret, missing_settings
from alerts.models.outbox import Delivery, DeliveryAttempt, DeliveryQuerySet, Notice

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertQuerySet",
    "Channel",
    "ChannelHealth",
    "ChannelSecret",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "Notice",
    "missing_settings",
]
