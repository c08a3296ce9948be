"""Make the Django admin the place for alerts, their mails, and the channels these go by."""

from alerts.admin.alerts import AlertAdmin
from alerts.admin.channels import ChannelAdmin
from alerts.admin.mails import DeliveryAdmin

__all__ = ["AlertAdmin", "ChannelAdmin", "DeliveryAdmin"]
