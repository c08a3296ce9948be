"""Send what is due: claim a mail, send it outside any transaction, record what became of it."""

import logging
import random
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext

from alerts import lifecycle, mail, smtp
from alerts.errors import ChannelNotFound, MailNotSent
from alerts.lifecycle import MailClaim, Report
from alerts.models import Channel, missing_settings
from alerts.states import AttemptOutcome
from batchops.cluster import stopping
from batchops.db import database_now

SLICE_S = 10.0
FIRST_WAIT_S = 15.0
RECORD_WAITS_S = (0.2, 1.0, 4.0)
LONGEST_WAIT_S = 600.0
logger = logging.getLogger(__name__)


def deliver_due() -> int:
    """Send one mail after the other until nothing is due; return how many were tried.

    It ends earlier when its slice is over, when the cluster stops, and when the mail server
    itself failed: what is left is tried by the next call, which comes within seconds.
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
    """Send a test mail to a channel's addresses now, and return the sentence to show.

    It takes up to MAIL_DEADLINE, and holds no connection to the database meanwhile.

    :raises ChannelNotFound: when there is no such channel.
    :raises MailNotSent: when nobody took it; the sentence says why.
    """
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise ChannelNotFound(f"There is no channel {channel_id}. Look in the list of channels.")
    _require_ready(channel.missing, channel.addresses)
    message = mail.write_test(channel)
    if not connection.in_atomic_block:
        connection.close()
    handed = smtp.hand_over(message)
    logger.info("A test mail to channel %d was sent for %s.", channel_id, actor)
    return _sentence(handed)


def backoff(tried: int) -> timedelta:
    """Return how long to wait after the `tried`-th failure: doubling, at most 10 min, jittered."""
    longest_s = min(FIRST_WAIT_S * 2 ** min(tried - 1, 10), LONGEST_WAIT_S)
    return timedelta(seconds=longest_s * random.uniform(0.5, 1))  # noqa: S311 - only spreads load


def _attempt(claim: MailClaim) -> bool:
    """Try one mail and record it; return whether the mail server is worth another try now."""
    begun = time.monotonic()
    reached = True
    try:
        report = _send(claim)
    except MailNotSent as error:
        reached = not error.is_server
        report = _failed(claim, error.message, error.replies)
        logger.warning("Mail %s failed: %s", claim.message_id, type(error.__cause__).__name__)
    except Exception as error:
        logger.exception("Mail %s could not be made.", claim.message_id)
        sentence = gettext("The mail could not be made (%(what)s). The log of watch says where.")
        report = _failed(claim, sentence % {"what": type(error).__name__})
    _record(claim, report, took_s=round(time.monotonic() - begun, 3))
    return reached


def _record(claim: MailClaim, report: Report, *, took_s: float) -> None:
    # What is not written down is sent again, so a moment without database or lock is waited out.
    for wait_s in RECORD_WAITS_S:
        try:
            return lifecycle.record_attempt(claim, report, at=database_now(), took_s=took_s)
        except OperationalError as error:
            logger.warning("Mail %s is not recorded yet: %s", claim.message_id, error)
            connection.close()
            time.sleep(wait_s)
    return lifecycle.record_attempt(claim, report, at=database_now(), took_s=took_s)


def _failed(claim: MailClaim, sentence: str, replies: smtp.Replies | None = None) -> Report:
    return Report(
        outcome=AttemptOutcome.FAILED,
        sentence=sentence,
        again_in=backoff(claim.tried),
        replies=replies or {},
    )


def _send(claim: MailClaim) -> Report:
    if claim.channel is None and not claim.recipients:
        sentence = gettext(
            "Not sent: the reader has no address, may not see this any more or is not active."
        )
        return Report(outcome=AttemptOutcome.FAILED, sentence=sentence)
    if claim.channel and not claim.channel.enabled:
        sentence = gettext("The channel is switched off. Switch it on, then try again.")
        return Report(outcome=AttemptOutcome.FAILED, sentence=sentence)
    if not claim.recipients and claim.deliveries[0].delivered_to:
        sentence = gettext("Nobody is left: the others were taken off the channel.")
        return Report(outcome=AttemptOutcome.SENT, sentence=sentence)
    missing = claim.channel.missing if claim.channel else missing_settings()
    _require_ready(missing, claim.recipients)
    handed = smtp.hand_over(mail.write(claim))
    whole = not (handed.refused or handed.put_off)
    return Report(
        outcome=AttemptOutcome.SENT if whole else AttemptOutcome.PARTLY,
        sentence=_sentence(handed),
        delivered_to=handed.took,
        replies={**handed.refused, **handed.put_off},
        again_in=backoff(claim.tried) if handed.put_off else None,
    )


def _require_ready(missing: Sequence[str], addresses: Sequence[str]) -> None:
    if missing:
        raise MailNotSent(
            gettext("Mail is not configured: set %(names)s (docs/settings.md), then restart.")
            % {"names": ", ".join(missing)}
        )
    if not addresses:
        raise MailNotSent(gettext("The channel has no address. Add one."), is_server=False)


def _sentence(handed: smtp.Handed) -> str:
    total = len(handed.took) + len(handed.refused) + len(handed.put_off)
    said = [
        gettext("%(server)s took it for %(n)d of %(total)d addresses.")
        % {"server": settings.EMAIL_HOST, "n": len(handed.took), "total": total}
    ]
    if handed.refused:
        said.append(gettext("Refused for good: %s.") % smtp.words_of(handed.refused))
    if handed.put_off:
        said.append(gettext("Put off, tried again: %s.") % smtp.words_of(handed.put_off))
    return " ".join(said)
