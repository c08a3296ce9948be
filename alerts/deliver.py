"""Send what is due: claim a mail, send it outside any transaction, record what became of it."""

import logging
import time
from collections.abc import Sequence

from django.db import OperationalError, connection
from django.utils.translation import gettext

from alerts import lifecycle, queries
from alerts.backoff import backoff
from alerts.channels import kinds
from alerts.channels.shape import Sent
from alerts.errors import NotDelivered
from alerts.lifecycle import MailClaim, Report
from alerts.models import missing_settings
from alerts.states import AttemptOutcome, ChannelKind
from batchops.cluster import stopping
from batchops.db import database_now

SLICE_S = 10.0
RECORD_WAITS_S = (0.2, 1.0, 4.0)
logger = logging.getLogger(__name__)


def deliver_due() -> int:
    """Send one message after the other until nothing is due; return how many were tried.

    It ends earlier when its slice is over, when the cluster stops, and when the mail server
    failed a notice: what is left is tried by the next call, which comes within seconds. A channel
    whose receiver failed rests, and keeps no other waiting.
    """
    tried = 0
    ends_at = time.monotonic() + SLICE_S
    while time.monotonic() < ends_at and not stopping.requested():
        claim = lifecycle.claim_mail(at=database_now())
        if claim is None:
            break
        tried += 1
        if not _attempt(claim):
            break
    return tried


def send_test(channel_id: int, *, actor: str) -> str:
    """Send a test by a channel now, and return the sentence to show.

    It takes up to the deadline of its kind, and holds no connection to the database meanwhile.

    :raises ChannelNotFound: when there is no such channel.
    :raises NotDelivered: when nobody took it; the sentence says why.
    """
    channel = queries.find_channel(channel_id)
    _require_ready(channel.missing, channel.addresses, kind=channel.kind)
    sent = kinds.send_test(channel)
    logger.info("A test by channel %d was sent for %s.", channel_id, actor)
    return sent.sentence


def _attempt(claim: MailClaim) -> bool:
    """Try one message and record it; return whether another may be tried now."""
    begun = time.monotonic()
    reached = True
    try:
        report = _send(claim)
    except NotDelivered as error:
        reached = claim.channel is not None or not error.is_server
        report = _refused(claim, error)
        logger.warning("Message %s failed: %s", claim.message_id, error.message)
    except Exception as error:
        logger.exception("Message %s could not be made.", claim.message_id)
        sentence = gettext("The message could not be made (%(what)s). The log of watch says where.")
        said = NotDelivered(sentence % {"what": type(error).__name__}, is_server=False)
        report = _refused(claim, said)
    _record(claim, report, took_s=round(time.monotonic() - begun, 3))
    return reached


def _record(claim: MailClaim, report: Report, *, took_s: float) -> None:
    # What is not written down is sent again, so a moment without database or lock is waited out.
    for wait_s in RECORD_WAITS_S:
        try:
            return lifecycle.record_attempt(claim, report, at=database_now(), took_s=took_s)
        except OperationalError as error:
            logger.warning("Message %s is not recorded yet: %s", claim.message_id, error)
            connection.close()
            time.sleep(wait_s)
    return lifecycle.record_attempt(claim, report, at=database_now(), took_s=took_s)


def _refused(claim: MailClaim, error: NotDelivered) -> Report:
    return Report(
        outcome=AttemptOutcome.FAILED,
        sentence=error.message,
        again_in=None if error.is_gone else max(backoff(claim.tried), error.wait or backoff(1)),
        replies=error.replies,
        is_receiver=error.is_server,
        is_gone=error.is_gone,
    )


def _send(claim: MailClaim) -> Report:
    if idle := _not_worth_a_try(claim):
        return idle
    missing = claim.channel.missing if claim.channel else missing_settings()
    kind = claim.channel.kind if claim.channel else ChannelKind.EMAIL
    _require_ready(missing, claim.recipients, kind=kind)
    return _report(claim, kinds.send(claim))


def _not_worth_a_try(claim: MailClaim) -> Report | None:
    """Return what becomes of a message that nobody may or can be sent any more."""
    if claim.channel is None and not claim.recipients:
        return _idle(
            gettext(
                "Not sent: the reader has no address, may not see this any more or is not active."
            )
        )
    if claim.channel and not claim.channel.enabled:
        return _idle(gettext("The channel is switched off. Switch it on, then try again."))
    if claim.channel and (health := queries.health_of(claim.channel)) and health.gone_at:
        return _idle(gettext("The receiver is gone. Save the channel again, then try again."))
    if not claim.recipients and claim.deliveries[0].delivered_to:
        sentence = gettext("Nobody is left: the others were taken off the channel.")
        return Report(outcome=AttemptOutcome.SENT, sentence=sentence, is_try=False)
    return None


def _idle(sentence: str) -> Report:
    return Report(outcome=AttemptOutcome.FAILED, sentence=sentence, is_try=False)


def _report(claim: MailClaim, sent: Sent) -> Report:
    whole = not (sent.refused or sent.put_off)
    return Report(
        outcome=AttemptOutcome.SENT if whole else AttemptOutcome.PARTLY,
        sentence=sent.sentence,
        delivered_to=sent.took,
        replies={**sent.refused, **sent.put_off},
        again_in=backoff(claim.tried) if sent.put_off else None,
    )


def _require_ready(missing: Sequence[str], addresses: Sequence[str], *, kind: str) -> None:
    if missing and kind == ChannelKind.EMAIL:
        raise NotDelivered(
            gettext("Mail is not configured: set %(names)s (docs/settings.md), then restart.")
            % {"names": ", ".join(missing)}
        )
    if missing:
        raise NotDelivered(
            gettext("Secrets cannot be opened: set %(names)s (docs/settings.md), then restart.")
            % {"names": ", ".join(missing)}
        )
    if not addresses:
        raise NotDelivered(gettext("The channel has no address. Add one."), is_server=False)
