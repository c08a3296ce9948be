"""Say of each channel whether it works, and what waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from alerts.models import Channel, ChannelHealth, Delivery
from alerts.states import UNFINISHED, DeliveryState
from batchops.looks import Look

ON = Look("on", "On", "ok", "check")
OFF = Look("off", "Switched off", "neutral", "bell-off")
UNCONFIGURED = Look("unconfigured", "Not configured", "warn", "warning")
TROUBLED = Look("troubled", "Last try failed", "warn", "retry")
FAILING = Look("failing", "Does not get through", "bad", "x-circle")
LATELY = timedelta(days=1)


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
    lately = Q(state=DeliveryState.GIVEN_UP, given_up_at__gt=at - LATELY)
    unfinished = Q(state__in=UNFINISHED)
    rows = Delivery.objects.filter(unfinished | lately).order_by().values_list("channel")
    counted = rows.annotate(
        waiting=Count("pk", filter=unfinished),
        sending=Count("pk", filter=Q(state=DeliveryState.SENDING)),
        oldest_at=Min("created_at", filter=unfinished),
        given_up=Count("pk", filter=lately),
    )
    return {channel: Queue(*figures) for channel, *figures in counted}
