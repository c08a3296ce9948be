"""Put the default channel in place, whose server and addresses come from the settings."""

from alerts.models import Channel
from alerts.states import Severity


def seed_default_channel() -> Channel:
    """Make the default channel where it is missing; one that was switched off stays off."""
    channel, _ = Channel.objects.get_or_create(
        is_default=True,
        defaults={"name": "Default", "minimum_severity": Severity.CRITICAL},
    )
    return channel
