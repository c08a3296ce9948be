"""Send to programs by HTTP, signed as the Standard Webhooks specification says."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from alerts.channels.payload import Payload, payload_of, test_payload
from alerts.channels.posting import Answer, post
from alerts.channels.shape import Sent
from alerts.errors import NotDelivered
from alerts.lifecycle import MailClaim
from alerts.models import Channel
from alerts.secrets import address_of, signing_secrets
from batchops.db import give_connection_back
from batchops.sealing import SecretUnreadable

GONE = 410
LATER = (408, 425, 429)  # try again later, says the receiver


def send(claim: MailClaim) -> Sent:
    """Post what was claimed to its channel's receiver.

    :raises NotDelivered: when the receiver did not take it.
    """
    now = timezone.now()
    name = claim.message_id.strip("<>").partition("@")[0]
    return _post(_channel(claim), name, payload_of(claim, at=now), at=now)


def send_test(channel: Channel) -> Sent:
    """Post something that only shows that it arrives.

    :raises NotDelivered: when the receiver did not take it.
    """
    now = timezone.now()
    name = f"batchops-test-{channel.pk}-{int(now.timestamp())}"
    return _post(channel, name, test_payload(channel, at=now), at=now)


def signature(secret: str, *, name: str, sent_s: int, body: bytes) -> str:
    """Return the signature `v1,...` of a message by a secret `whsec_...`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([name.encode(), str(sent_s).encode(), body])
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _channel(claim: MailClaim) -> Channel:
    if claim.channel is None:
        raise LookupError("a notice to a reader goes by mail")
    return claim.channel


def _post(channel: Channel, name: str, payload: Payload, *, at: datetime) -> Sent:
    try:
        address, secrets = address_of(channel), signing_secrets(channel, at=at)
    except SecretUnreadable as error:
        raise NotDelivered(error.message) from error
    if not address or not secrets:
        raise NotDelivered(
            gettext("The webhook has no address or no secret yet. Open it in the admin.")
        )
    body = json.dumps(payload, separators=(",", ":")).encode()
    headers = _headers(secrets, name=name, sent_s=int(at.timestamp()), body=body)
    give_connection_back()
    return _judged(post(address, body, headers), channel.place)


def _headers(secrets: Sequence[str], *, name: str, sent_s: int, body: bytes) -> Mapping[str, str]:
    signed = [signature(secret, name=name, sent_s=sent_s, body=body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "BatchOps",
        "webhook-id": name,
        "webhook-timestamp": str(sent_s),
        "webhook-signature": " ".join(signed),
    }


def _judged(answer: Answer, place: str) -> Sent:
    """Say what an answer means.

    :raises NotDelivered: unless the receiver took it.
    """
    told = {"place": place, "status": answer.status}
    if 200 <= answer.status < 300:
        return Sent(sentence=gettext("%(place)s took it (%(status)d).") % told, took=(place,))
    if answer.status == GONE:
        said = gettext(
            "%(place)s answered 410, that it is gone: nothing more is sent there. Correct the "
            "address, or save the channel again, to go on."
        )
        raise NotDelivered(said % told, is_server=False, is_gone=True)
    if 300 <= answer.status < 400:
        said = gettext(
            "%(place)s answered %(status)d, a redirect, which is not followed. Enter the final "
            "address."
        )
        raise NotDelivered(said % told)
    said = gettext("%(place)s answered %(status)d and did not take it.")
    is_later = answer.status >= 500 or answer.status in LATER
    raise NotDelivered(said % told, is_server=is_later, wait=answer.wait)
