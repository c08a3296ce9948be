"""Keep CC&B watched without anybody asking: ring for due polls, judge how fresh they are."""

import logging
from datetime import timedelta

from batchops.cluster import bells
from batchops.cluster.ticks import Tick
from batchops.db import database_now, session_lock_held
from monitoring import accuracy, replaying, retention
from monitoring import poll as polling
from monitoring.queries import due_poll, monitoring_config

logger = logging.getLogger(__name__)


def poll() -> None:
    """Make the poll that is due; called by a worker of the watch cluster."""
    polling.poll_if_due()


def remove_old() -> None:
    """Clean up for one slice; called by a worker of the watch cluster."""
    retention.remove_old()


def test_forecasts() -> None:
    """Back-test days that are over for one slice; called by a worker of the watch cluster."""
    accuracy.test_due()


def replay() -> None:
    """Do the replays that wait; called by a worker of the jobs cluster."""
    replaying.do_replays()


class PollBell:
    """Ring for a poll when one is due and nobody is at it; say once that watching began."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self) -> None:
        if not self._said:
            minutes = monitoring_config().poll_minutes
            logger.info("Batch Monitoring scheduler started (every %d minutes)", minutes)
            self._said = True
        if due_poll(database_now()) and not session_lock_held(polling.LOCK):
            bells.ring("monitoring.tasks.poll", cluster="watch")


def judge_source() -> None:
    polling.judge_source(database_now())


TICKS = [
    Tick(name="monitoring.poll", cluster="watch", every=timedelta(seconds=1), run=PollBell()),
    Tick(
        name="monitoring.judge_source",
        cluster="watch",
        every=timedelta(seconds=2),
        run=judge_source,
    ),
    Tick(
        name="monitoring.retention",
        cluster="watch",
        every=retention.EVERY,
        run=retention.ring,
    ),
    Tick(
        name="monitoring.accuracy",
        cluster="watch",
        every=accuracy.EVERY,
        run=accuracy.ring_if_due,
    ),
    Tick(
        name="monitoring.replay",
        cluster="jobs",
        every=timedelta(seconds=2),
        run=replaying.ring,
    ),
]
