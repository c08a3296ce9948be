"""Decide which channels make a delivery of what happened, and from when on it may leave."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.models import Alert, Channel
from alerts.states import CHANNEL_FAILING, JobEnds, rank


class Planned(NamedTuple):
    """A delivery that a channel is to make, at `not_before` or later."""

    channel_id: int
    not_before: datetime


class Event(NamedTuple):
    """Something that programs are told though it is no alert: that a job of `type` ended."""

    type: str
    is_bad: bool


def channel_key(channel_id: int) -> str:
    """Return the key of a channel's own alerts."""
    return f"channel {channel_id}"


def is_about(alert: Alert, channel_id: int) -> bool:
    """Return whether an alert says that this very channel fails, which it cannot tell."""
    return alert.rule == CHANNEL_FAILING and alert.key == channel_key(channel_id)


def ready_channels() -> list[Channel]:
    """Return the channels that are on and can send, in the order in which they are locked."""
    channels = Channel.objects.filter(enabled=True, health__gone_at=None).order_by("id")
    return [channel for channel in channels if channel.is_ready]


def plan_alert(alert: Alert, channels: Iterable[Channel], *, at: datetime) -> list[Planned]:
    """Return which of `channels` tell of an alert that opened at `at`, and from when on.

    None about an alert that only goes on record. That a channel fails, all others tell.
    """
    if alert.record_only:
        return []
    return [plan(channel, at=at) for channel in channels if _hears_alert(channel, alert)]


def plan_event(event: Event, channels: Iterable[Channel], *, at: datetime) -> list[Planned]:
    """Return which of `channels` tell of an event at `at`, and from when on."""
    return [plan(channel, at=at) for channel in channels if _hears_event(channel, event)]


def plan(channel: Channel, *, at: datetime) -> Planned:
    """Return when a channel that hears of something at `at` may tell it: within its hours."""
    return Planned(channel.pk, channel.hours.earliest(at))


def _hears_alert(channel: Channel, alert: Alert) -> bool:
    if rank(alert.severity) > rank(channel.minimum_severity):
        return False
    if alert.rule == CHANNEL_FAILING:
        return not is_about(alert, channel.pk)
    return _among(alert.rule, channel.rules) and _among(alert.batch_code, channel.batches.split())


def _hears_event(channel: Channel, event: Event) -> bool:
    if channel.job_ends == JobEnds.NONE or not (event.is_bad or channel.job_ends == JobEnds.ALL):
        return False
    return _among(event.type, channel.batches.split())


def _among(code: str, wanted: Sequence[str]) -> bool:
    return not wanted or code in wanted
