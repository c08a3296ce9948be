"""Make the Django admin the place for alerts, their mails and channels, and what mutes them."""

from alerts.admin.alerts import AlertAdmin
from alerts.admin.bulletins import BulletinAdmin
from alerts.admin.channels import ChannelAdmin
from alerts.admin.mails import DeliveryAdmin
from alerts.admin.muting import (
    EscalationStepAdmin,
    MaintenanceWindowAdmin,
    ReminderAdmin,
    SilenceAdmin,
)

__all__ = [
    "AlertAdmin",
    "BulletinAdmin",
    "ChannelAdmin",
    "DeliveryAdmin",
    "EscalationStepAdmin",
    "MaintenanceWindowAdmin",
    "ReminderAdmin",
    "SilenceAdmin",
]
