"""Write what is to be mailed, in the transaction that opens, raises or resolves an alert."""

from collections.abc import Iterable

from django.conf import settings

from alerts.models import Alert, Channel, Delivery
from alerts.states import DeliveryKind, rank
from batchops.cluster.bells import ring
from batchops.db import database_now


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
                created_at=now,
                next_try_at=now,
                give_up_at=now + settings.MAIL_GIVE_UP_AFTER,
            )
            for alert_id, channel_id in sorted(pairs)
        ),
        ignore_conflicts=True,
    )
    ring_sender()
    return len(pairs)
