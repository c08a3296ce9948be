"""Do what alerts need without anybody asking: let acknowledgements run out."""

from datetime import timedelta

from alerts import lifecycle
from batchops.cluster.ticks import Tick
from batchops.db import database_now


def expire_acknowledgements() -> None:
    lifecycle.expire_acknowledgements(at=database_now(), actor="system:watch")


TICKS = [
    Tick(
        name="alerts.expire_acknowledgements",
        cluster="watch",
        every=timedelta(seconds=2),
        run=expire_acknowledgements,
    ),
]
