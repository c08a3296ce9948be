"""Do what alerts need without anybody asking: let rests end, escalate, send, judge channels."""

from datetime import timedelta

from alerts import deliver as delivering
from alerts import lifecycle, queries
from batchops.cluster import bells
from batchops.cluster.ticks import Tick
from batchops.db import database_now


def expire_acknowledgements() -> None:
    lifecycle.expire_acknowledgements(at=database_now(), actor="system:watch")


def judge_channels() -> None:
    lifecycle.judge_channels(at=database_now(), actor="system:watch")


def settle_mutes() -> None:
    lifecycle.settle_mutes(at=database_now(), actor="system:watch")


def escalate() -> None:
    at = database_now()
    lifecycle.escalate(at=at, actor="system:watch")
    lifecycle.remind(at=at, actor="system:watch")


def deliver() -> None:
    """Send what is due; called by a worker of the watch cluster."""
    delivering.deliver_due()


def ring_for_due() -> None:
    if queries.any_due(database_now()):
        bells.ring("alerts.tasks.deliver", cluster="watch")


TICKS = [
    Tick(
        name="alerts.judge_channels",
        cluster="watch",
        every=timedelta(seconds=5),
        run=judge_channels,
    ),
    Tick(
        name="alerts.expire_acknowledgements",
        cluster="watch",
        every=timedelta(seconds=2),
        run=expire_acknowledgements,
    ),
    Tick(
        name="alerts.settle_mutes",
        cluster="watch",
        every=timedelta(seconds=2),
        run=settle_mutes,
    ),
    Tick(
        name="alerts.escalate",
        cluster="watch",
        every=timedelta(seconds=5),
        run=escalate,
    ),
    Tick(
        name="alerts.deliver",
        cluster="watch",
        every=timedelta(seconds=2),
        run=ring_for_due,
    ),
]
