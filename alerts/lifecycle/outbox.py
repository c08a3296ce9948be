"""Write what is to be mailed, in the transaction that makes it worth a mail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def post_opened(alerts: Iterable[Alert]) -> int:
    """Put the mails of these open alerts into the outbox; return how many are due.

    One for each channel that is on, can send and listens to the alert's severity. A mail that
    is there already stays as it is, so an alert that only got worse is mailed once per channel.
    """
    channels = [channel for channel in Channel.objects.filter(enabled=True) if channel.is_ready]
    return _post(
        [
            (alert.pk, channel.pk)
            for alert in alerts
            for channel in channels
            if _hears(channel, alert)
        ],
        DeliveryKind.OPENED,
    )


def post_resolved(alerts: Iterable[Alert]) -> int:
    """Put into the outbox that these alerts are over, for whom their opening was meant."""
    opened = Delivery.objects.filter(
        alert__in=[alert.pk for alert in alerts], kind=DeliveryKind.OPENED
    )
    return _post(list(opened.values_list("alert", "channel")), DeliveryKind.RESOLVED)


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


def _hears(channel: Channel, alert: Alert) -> bool:
    return rank(alert.severity) <= rank(channel.minimum_severity)


def _post(pairs: list[tuple[int, int]], kind: DeliveryKind) -> int:
    if not pairs:
        return 0
    # Deliveries go by the database's clock, whatever clock the alert was judged by.
    now = database_now()
    Delivery.objects.bulk_create(
        (
            Delivery(
                alert_id=alert_id,
                channel_id=channel_id,
                kind=kind,
                **_times(now),
            )
            for alert_id, channel_id in sorted(pairs)
        ),
        ignore_conflicts=True,
    )
    ring_sender()
    return len(pairs)


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
