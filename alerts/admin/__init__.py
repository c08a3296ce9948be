"""Make the Django admin the place for alerts, their mails, and the channels these go by."""

from alerts.admin.alerts import AlertAdmin
from alerts.admin.mails import ChannelAdmin, DeliveryAdmin

__all__ = ["AlertAdmin", "ChannelAdmin", "DeliveryAdmin"]
