"""Put in place the default channel, which the settings describe, and how often it reminds."""

from alerts.models import Channel, Reminder
from alerts.states import Severity


def seed_default_channel() -> Channel:
    """Make the default channel where it is missing; one that was switched off stays off."""
    channel, _ = Channel.objects.get_or_create(
        is_default=True,
        defaults={"name": "Default", "minimum_severity": Severity.CRITICAL},
    )
    return channel


def seed_reminder() -> None:
    """Have critical alerts that nobody takes told again every hour, unless somebody said else."""
    Reminder.objects.get_or_create(severity=Severity.CRITICAL, defaults={"every_minutes": 60})
