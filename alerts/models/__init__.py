"""Store alerts, channels and what goes by them, and what mutes, repeats or escalates it."""

from alerts.models.alerts import Alert, AlertEvent, AlertQuerySet
from alerts.models.bulletins import Bulletin, BulletinSlot
from alerts.models.channels import Channel, ChannelHealth, ChannelSecret, missing_settings
from alerts.models.escalation import EscalationStep, Reminder
from alerts.models.muting import MaintenanceWindow, Mute, Silence
from alerts.models.outbox import Delivery, DeliveryAttempt, DeliveryQuerySet, Notice

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertQuerySet",
    "Bulletin",
    "BulletinSlot",
    "Channel",
    "ChannelHealth",
    "ChannelSecret",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "EscalationStep",
    "MaintenanceWindow",
    "Mute",
    "Notice",
    "Reminder",
    "Silence",
    "missing_settings",
]
