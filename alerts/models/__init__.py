"""Store alerts, and what is mailed."""

from alerts.models.alerts import Alert, AlertEvent, AlertQuerySet
from alerts.models.outbox import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryQuerySet,
    Notice,
    missing_settings,
)

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertQuerySet",
    "Channel",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryQuerySet",
    "Notice",
    "missing_settings",
]
