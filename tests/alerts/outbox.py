"""Look into the outbox, and make what waits in it due."""

from alerts.models import ChannelHealth, Delivery, DeliveryAttempt
from batchops.db import database_now


def make_due() -> None:
    ChannelHealth.objects.update(rests_until=None)
    Delivery.objects.filter(state="failed").update(next_try_at=database_now())


def tries(outcome: str = "") -> list[DeliveryAttempt]:
    wanted = {"outcome": outcome} if outcome else {}
    return list(DeliveryAttempt.objects.filter(**wanted).order_by("id"))
