"""Open what channels keep sealed: where they send to, and what they sign by."""

from datetime import datetime

from django.db.models import F, Q

from alerts.models import Channel, ChannelSecret
from alerts.states import SecretPurpose
from batchops.sealing import SecretUnreadable, unseal


def address_of(channel: Channel) -> str:
    """Return where a channel sends to; empty while nobody said it.

    :raises SecretUnreadable: when no key opens it.
    """
    kept = channel.secrets.filter(purpose=SecretPurpose.ADDRESS, ends_at=None).first()
    return unseal(kept.sealed) if kept else ""


def signing_secrets(channel: Channel, *, at: datetime) -> list[str]:
    """Return what a channel signs by at `at`, the newest first; empty before one is made.

    :raises SecretUnreadable: when no key opens one.
    """
    kept = channel.secrets.filter(purpose=SecretPurpose.SIGNING)
    signing = kept.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    newest_first = signing.order_by(F("ends_at").desc(nulls_first=True), "-id")
    return [unseal(secret.sealed) for secret in newest_first]


def unreadable_channels() -> list[str]:
    """Return the names of the channels that keep what no key opens."""
    names = []
    for secret in ChannelSecret.objects.select_related("channel").order_by("channel__name", "id"):
        try:
            unseal(secret.sealed)
        except SecretUnreadable:
            names.append(secret.channel.name)
    return list(dict.fromkeys(names))
