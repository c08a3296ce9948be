"""Say of each channel whether it works, and what waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from alerts.models import Channel, ChannelHealth
from batchops.looks import Look

ON = Look("on", "On", "ok", "check")
OFF = Look("off", "Switched off", "neutral", "bell-off")
UNCONFIGURED = Look("unconfigured", "Not configured", "warn", "warning")
TROUBLED = Look("troubled", "Last try failed", "warn", "retry")
FAILING = Look("failing", "Does not get through", "bad", "x-circle")
LATELY = timedelta(days=1)
# Few rows out of very many: each half is a partial index of its own.
QUEUES_SQL = """
    SELECT channel_id, count(*) FILTER (WHERE state <> 'given_up'),
           count(*) FILTER (WHERE state = 'sending'),
           min(created_at) FILTER (WHERE state <> 'given_up'),
           count(*) FILTER (WHERE state = 'given_up')
      FROM (SELECT channel_id, state, created_at FROM alerts_delivery
             WHERE state IN ('pending', 'sending', 'failed')
             UNION ALL
            SELECT channel_id, state, created_at FROM alerts_delivery
             WHERE state = 'given_up' AND given_up_at > %s) AS owed
     GROUP BY channel_id
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages that are to leave: how many, those being sent, since when the oldest waits.

    `given_up` counts those of the last 24 hours.
    """

    waiting: int = 0
    sending: int = 0
    oldest_at: datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A channel (None: notices to people) with its health, None before the first try."""

    channel: Channel | None
    health: ChannelHealth | None
    queue: Queue

    @property
    def look(self) -> Look | None:
        return look_of(self.channel, self.health) if self.channel else None


def look_of(channel: Channel, health: ChannelHealth | None) -> Look:
    """Return how a channel stands."""
    if not channel.enabled:
        return OFF
    if not channel.is_ready:
        return UNCONFIGURED
    if health and health.is_failing:
        return FAILING
    return TROUBLED if health and health.failures else ON


def standings(at: datetime) -> list[Standing]:
    """Return how each channel stands at `at`, and last the notices to people if any wait."""
    queues = _queues(at)
    health = {each.channel_id: each for each in ChannelHealth.objects.all()}
    found = [
        Standing(channel, health.get(channel.pk), queues.get(channel.pk, Queue()))
        for channel in Channel.objects.order_by("-is_default", "name")
    ]
    return [*found, Standing(None, None, queues[None])] if None in queues else found


def _queues(at: datetime) -> dict[int | None, Queue]:
    """Return by channel what is to leave or was given up; channels without either are left out."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUES_SQL, [at - LATELY])
        return {channel: Queue(*figures) for channel, *figures in cursor.fetchall()}
