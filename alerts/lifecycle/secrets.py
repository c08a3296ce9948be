"""Keep what channels send to and sign by: sealed, replaced, never shown again."""

import base64
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.errors import ChannelNotFound
from alerts.lifecycle.health import forget_troubles
from alerts.models import Channel, ChannelSecret
from alerts.states import ChannelKind, SecretPurpose
from batchops.sealing import resealed, seal

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)  # for which a replaced secret signs beside the new one


@transaction.atomic
def keep_address(channel_id: int, *, address: str, place: str, at: datetime) -> None:
    """Keep where a channel sends to; `place` is the part of it that may be shown.

    :raises ChannelNotFound: when there is no such channel.
    :raises SecretUnreadable: when it cannot be sealed.
    """
    channel = _locked(channel_id)
    kept = ChannelSecret.objects.filter(channel=channel, purpose=SecretPurpose.ADDRESS)
    kept.delete()
    _keep(channel, SecretPurpose.ADDRESS, address, at)
    Channel.objects.filter(pk=channel_id).update(place=place, secret_changed_at=at)
    forget_troubles(channel_id)


@transaction.atomic
def make_signing_secret(channel_id: int, *, at: datetime, at_once: bool = False) -> str:
    """Give a webhook a new secret and return it, which happens this once.

    The one before signs beside it for 24 h, or with `at_once` no more.

    :raises ChannelNotFound: when there is no such webhook.
    :raises SecretUnreadable: when it cannot be sealed.
    """
    channel = _locked(channel_id, kind=ChannelKind.WEBHOOK)
    kept = ChannelSecret.objects.filter(channel=channel, purpose=SecretPurpose.SIGNING)
    kept.filter(ends_at__lte=at).delete()
    if at_once:
        kept.delete()
    kept.filter(ends_at=None).update(ends_at=at + OVERLAP)
    made = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
    _keep(channel, SecretPurpose.SIGNING, made, at)
    Channel.objects.filter(pk=channel_id).update(secret_changed_at=at)
    return made


@transaction.atomic
def reseal_secrets() -> int:
    """Seal all secrets by the first key; return how many there are.

    :raises SecretUnreadable: when one cannot be opened; then none is changed.
    """
    kept = list(ChannelSecret.objects.select_for_update(no_key=True).order_by("id"))
    for secret in kept:
        ChannelSecret.objects.filter(pk=secret.pk).update(sealed=resealed(secret.sealed))
    return len(kept)


def _keep(channel: Channel, purpose: SecretPurpose, secret: str, at: datetime) -> None:
    ChannelSecret.objects.create(channel=channel, purpose=purpose, sealed=seal(secret), made_at=at)


def _locked(channel_id: int, **wanted: str) -> Channel:
    found = Channel.objects.filter(pk=channel_id, **wanted).select_for_update(no_key=True).first()
    if found is None:
        raise ChannelNotFound(
            gettext("There is no channel %(id)d of this kind. Look in the list of channels.")
            % {"id": channel_id}
        )
    return found
