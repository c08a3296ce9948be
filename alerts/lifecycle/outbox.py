"""Write what is to be mailed, in the transaction that makes it worth a mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from alerts.lifecycle.cleaning import clean_line
from alerts.models import Alert, Channel, Delivery, Notice, missing_settings
from alerts.states import DeliveryKind, rank
from batchops.cluster.bells import ring
from batchops.db import database_now

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """A person to write to, if they are active and have `permission` when the mail leaves."""

    user_id: int
    permission: str


class Owed(NamedTuple):
    """A mail that a channel owes about an alert, and the severity that it is to tell."""

    alert_id: int
    channel_id: int
    severity: str = ""


def post_opened(alerts: Iterable[Alert]) -> int:
    """Put the mails of these open alerts into the outbox; return how many are due.

    One for each channel that is on, can send and listens to the alert's severity; none about an
    alert that only goes on record. A mail that is there already stays as it is.
    """
    channels = _ready_channels()
    return _post(
        [
            Owed(alert.pk, channel.pk)
            for alert in alerts
            for channel in channels
            if _hears(channel, alert)
        ],
        DeliveryKind.OPENED,
    )


def post_raised(alerts: Sequence[Alert]) -> int:
    """Put into the outbox that these alerts got worse; return how many mails are due.

    Channels that listen only now get the opening. One whose opening leaves later, and so tells
    the new severity itself, gets nothing more in the end.
    """
    channels = [channel.pk for channel in _ready_channels()]
    opened = Delivery.objects.filter(
        alert__in=[alert.pk for alert in alerts], channel__in=channels, kind=DeliveryKind.OPENED
    )
    told = set(opened.values_list("alert_id", "channel_id"))
    raised = [
        Owed(alert.pk, channel, alert.severity)
        for alert in alerts
        for channel in channels
        if (alert.pk, channel) in told
    ]
    return post_opened(alerts) + _post(raised, DeliveryKind.RAISED)


def post_resolved(alerts: Iterable[Alert]) -> int:
    """Put into the outbox that these alerts are over, for who heard or may yet hear of them."""
    heard = Delivery.objects.heard().filter(alert__in=[alert.pk for alert in alerts])
    pairs = heard.order_by().values_list("alert_id", "channel_id").distinct()
    return _post([Owed(*pair) for pair in pairs if None not in pair], DeliveryKind.RESOLVED)


@transaction.atomic
def post_notice(
    *, key: str, subject: str, lines: Sequence[str], url: str, to: Iterable[str | Reader]
) -> int:
    """Put a mail that is not about an alert into the outbox; return how many readers it has.

    Each reader gets a mail of their own; what is due to one reader at the same time goes into
    one mail. The same `key` once more posts nothing, nor does anything without mail settings.
    `url` may be a path of the console. `to` holds people and bare addresses. Secrets and addresses
    in `subject` and `lines` are masked, and each of them becomes one line.
    """
    readers = list(dict.fromkeys(to))
    if not readers or missing_settings():
        return 0
    now = database_now()
    notice, is_new = Notice.objects.get_or_create(
        key=key,
        defaults={
            "subject": clean_line(subject, LONGEST_SUBJECT),
            "lines": [clean_line(line) for line in lines],
            "url": url,
            "created_at": now,
        },
    )
    if not is_new:
        return 0
    Delivery.objects.bulk_create(
        Delivery(notice=notice, kind=DeliveryKind.NOTICE, **_reader(to_whom), **_times(now))
        for to_whom in readers
    )
    ring_sender()
    return len(readers)


def ring_sender() -> None:
    """Call a worker of the watch cluster to send what is due, once this transaction commits."""
    ring("alerts.tasks.deliver", cluster="watch")


def _ready_channels() -> list[Channel]:
    return [channel for channel in Channel.objects.filter(enabled=True) if channel.is_ready]


def _hears(channel: Channel, alert: Alert) -> bool:
    return not alert.record_only and rank(alert.severity) <= rank(channel.minimum_severity)


def _post(owed: list[Owed], kind: DeliveryKind) -> int:
    if not owed:
        return 0
    # Deliveries go by the database's clock, whatever clock the alert was judged by.
    now = database_now()
    Delivery.objects.bulk_create(
        (
            Delivery(
                alert_id=each.alert_id,
                channel_id=each.channel_id,
                severity=each.severity,
                kind=kind,
                **_times(now),
            )
            for each in sorted(owed)
        ),
        ignore_conflicts=True,
    )
    ring_sender()
    return len(owed)


def _reader(to_whom: str | Reader) -> dict[str, Any]:
    if isinstance(to_whom, Reader):
        return {"reader_id": to_whom.user_id, "permission": to_whom.permission}
    return {"address": to_whom}


def _times(now: datetime) -> dict[str, datetime]:
    return {
        "created_at": now,
        "next_try_at": now,
        "give_up_at": now + settings.MAIL_GIVE_UP_AFTER,
    }
