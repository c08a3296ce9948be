"""Let one sender at a time have a mail: one delivery, or a digest when too many are due."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from alerts.models import Channel, Delivery, DeliveryAttempt
from alerts.queries import (
    channels_with_due,
    due_of_channel,
    due_of_reader,
    mails_by,
    mails_lately,
    mails_to,
    readers_with_due,
)
from alerts.states import (
    UNANSWERED,
    AttemptOutcome,
    ChannelKind,
    DeliveryKind,
    DeliveryState,
    Severity,
    State,
)

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailClaim:
    """What one sender may send as one mail until its lease ends: deliveries of one kind.

    `channel` is None for notices, which go to one reader. `recipients` are those who have not
    taken it yet; empty when nobody is left.
    """

    lease: uuid.UUID
    channel: Channel | None
    kind: DeliveryKind
    message_id: str
    recipients: tuple[str, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def is_mail(self) -> bool:
        return self.channel is None or self.channel.kind == ChannelKind.EMAIL

    @property
    def is_digest(self) -> bool:
        return len(self.deliveries) > 1

    @property
    def tried(self) -> int:
        """How often this was tried, this time included."""
        return max(delivery.attempts for delivery in self.deliveries) + 1


@transaction.atomic
def claim_mail(*, at: datetime) -> MailClaim | None:
    """Claim the next mail that is due at `at` (the database's clock); None when none is.

    A channel gets at most its limit of messages a minute. When more are due they are claimed
    together, as one digest; behind the digest everything waits for the minute to pass. Of notices
    all that is due to one reader is one mail, and they get at most MAIL_LIMIT a minute too. A
    lease that ended is taken back first, with a try on record whose end nobody knows.
    """
    return _claim_alerts(at) or _claim_notices(at)


def _claim_alerts(at: datetime) -> MailClaim | None:
    for channel in channels_with_due(at):
        due = due_of_channel(channel, at)
        died = _under_way(due)
        due = _still_unanswered(_still_news(_take_back(due, at)))
        if due and (chosen := _repeated(due, died) or _choose(channel, due, at)):
            taken = chosen[0].delivered_to
            return _claim(chosen, at, to=[a for a in channel.addresses if a not in taken])
    return None


def _claim_notices(at: datetime) -> MailClaim | None:
    for reader in readers_with_due(at):
        due = due_of_reader(reader, at)
        died = _under_way(due)
        due = _take_back(due, at)
        if due and mails_lately(mails_to(reader), at, MINUTE) < settings.MAIL_LIMIT:
            chosen = _repeated(due, died) or _told_together(due)
            return _claim(chosen, at, to=_address_of(chosen[0]))
    return None


def _told_together(due: list[Delivery]) -> list[Delivery]:
    """Return what makes one mail: the first notice and all others, but a letter goes alone."""
    letters = [each for each in due if each.notice and each.notice.is_letter]
    return letters[:1] if due[:1] == letters[:1] else [each for each in due if each not in letters]


def _under_way(due: list[Delivery]) -> set[str]:
    """Return the names of the mails that died with their senders: they may have left."""
    return {delivery.message_id for delivery in due if delivery.state == DeliveryState.SENDING}


def _repeated(due: list[Delivery], died: Collection[str]) -> list[Delivery]:
    """Return a mail that may have left already, just as it was, so that a copy is known as one."""
    repeated = [delivery for delivery in due if delivery.message_id in died]
    return [delivery for delivery in repeated if delivery.message_id == repeated[0].message_id]


def _address_of(delivery: Delivery) -> list[str]:
    """Return where a notice goes; nowhere if its reader may not have it any more."""
    reader = delivery.reader
    if reader is None:
        return [delivery.address]
    return [reader.email] if reader.email and reader.has_perm(delivery.permission) else []


def _take_back(due: list[Delivery], at: datetime) -> list[Delivery]:
    """Record the tries that died, give up what has had its time, and return the others."""
    lost = [delivery for delivery in due if delivery.state == DeliveryState.SENDING]
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=delivery,
            at=at,
            took_s=0,
            outcome=AttemptOutcome.LOST,
            sentence=gettext(
                "The sender ended before it could say what became of this try. The mail may "
                "have left, so it may arrive twice."
            ),
        )
        for delivery in lost
    )
    sending = Delivery.objects.filter(pk__in=_ids(lost), state=DeliveryState.SENDING)
    sending.filter(give_up_at__lte=at).update(
        state=DeliveryState.GIVEN_UP, lease=None, given_up_at=at
    )
    sending.update(state=DeliveryState.FAILED, lease=None)
    over = {delivery.pk for delivery in lost if delivery.give_up_at <= at}
    return [delivery for delivery in due if delivery.pk not in over]


def _still_news(due: list[Delivery]) -> list[Delivery]:
    """Take out of the outbox that alerts got worse where the mail before told it already.

    An opening that left late told the severity of then; what got worse twice has two mails here.
    """
    raised = [each for each in due if each.kind == DeliveryKind.RAISED and not each.attempts]
    openings = Delivery.objects.heard().filter(
        alert__in=[each.alert_id for each in raised], kind=DeliveryKind.OPENED
    )
    told = set(openings.values_list("alert", "channel", "severity")) if raised else set()
    old = {
        each.pk
        for each in raised
        if each.alert
        and (
            each.severity != each.alert.severity
            or (each.alert_id, each.channel_id, each.severity) in told
        )
    }
    Delivery.objects.filter(pk__in=old).delete()
    return [delivery for delivery in due if delivery.pk not in old]


def _still_unanswered(due: list[Delivery]) -> list[Delivery]:
    """Take out of the outbox that nobody has an alert, where somebody does, or it rests now."""
    asked = [d for d in due if d.kind in UNANSWERED and not d.attempts and d.alert]
    old = {d.pk for d in asked if d.alert and (d.alert.muted_until or d.alert.state != State.OPEN)}
    Delivery.objects.filter(pk__in=old).delete()
    return [delivery for delivery in due if delivery.pk not in old]


def _together(first: Delivery, alike: list[Delivery]) -> list[Delivery]:
    """Return what is told in one mail however few they are: reminders, and what has one cause."""
    if first.kind == DeliveryKind.REMINDER:
        return alike
    root = first.alert.root_id if first.alert else None
    return [d for d in alike if root and d.alert and d.alert.root_id == root] or [first]


def _choose(channel: Channel, due: list[Delivery], at: datetime) -> list[Delivery]:
    first = due[0]
    alike = [d for d in due if (d.kind, d.delivered_to) == (first.kind, first.delivered_to)]
    lately = mails_lately(mails_by(channel), at, MINUTE)
    if lately + len(alike) <= channel.limit:
        return _together(first, alike)
    return alike if lately <= channel.limit else []


def _claim(chosen: list[Delivery], at: datetime, *, to: Sequence[str]) -> MailClaim:
    claim = MailClaim(
        lease=uuid.uuid4(),
        channel=chosen[0].channel,
        kind=DeliveryKind(chosen[0].kind),
        message_id=_message_id(chosen),
        recipients=tuple(to),
        deliveries=tuple(chosen),
    )
    # While it is being sent, the next try is due when the lease ends.
    Delivery.objects.filter(pk__in=_ids(chosen)).update(
        state=DeliveryState.SENDING,
        lease=claim.lease,
        attempts=claim.tried,
        next_try_at=at + settings.MAIL_LEASE,
        message_id=claim.message_id,
    )
    if claim.kind == DeliveryKind.OPENED:
        _note_severities(chosen)
    return claim


def _note_severities(openings: list[Delivery]) -> None:
    """Keep what the mail tells, as read with the claim: what gets worse later is told again."""
    for severity in Severity:
        told = [each.pk for each in openings if each.alert and each.alert.severity == severity]
        if told:
            Delivery.objects.filter(pk__in=told).update(severity=severity)


def _message_id(chosen: list[Delivery]) -> str:
    """Name the mail by what is in it, so that a second copy bears the same name."""
    what = f"{chosen[0].kind}-{chosen[0].pk}-{len(chosen)}"
    seal = salted_hmac("alerts.mail", f"{what} {_ids(chosen)}").hexdigest()[:16]
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<batchops-{what}-{seal}@{domain or 'batchops'}>"


def _ids(deliveries: Iterable[Delivery]) -> list[int]:
    return [delivery.pk for delivery in deliveries]
