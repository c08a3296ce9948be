"""Note how the tries of a channel went, and alert through the others when it fails."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from alerts.backoff import backoff
from alerts.lifecycle.planning import channel_key
from alerts.lifecycle.reconciling import Outcome, reconcile
from alerts.models import Channel, ChannelHealth
from alerts.queries import active_keys, failing_channels
from alerts.states import CHANNEL_FAILING, Finding, Severity


def note_success(channel_id: int, *, at: datetime) -> None:
    """Write that a channel's receiver took something: whatever was wrong is over."""
    health = _locked(channel_id)
    _write(health, failures=0, sent_at=at)
    forget_troubles(channel_id)


def note_failure(channel_id: int, *, sentence: str, is_receiver: bool, at: datetime) -> None:
    """Write that a try failed; if the receiver itself did, the channel rests for a while."""
    health = _locked(channel_id)
    failures = health.failures + 1
    _write(
        health,
        failures=failures,
        failing_since=health.failing_since or at,
        rests_until=at + backoff(failures) if is_receiver else health.rests_until,
        sentence=sentence,
    )


def note_gone(channel_id: int, *, at: datetime) -> None:
    """Write that the receiver is gone for good: nothing is tried until the channel is saved."""
    _write(_locked(channel_id), gone_at=at)


def note_given_up(channel_id: int, *, at: datetime) -> None:
    """Write that something was given up."""
    _write(_locked(channel_id), gave_up_at=at)


def let_try(channel_id: int) -> None:
    """End the rest of a channel: somebody wants it tried."""
    ChannelHealth.objects.filter(channel=channel_id).update(rests_until=None)


def forget_troubles(channel_id: int) -> None:
    """Start anew with a channel that works again, or that somebody has changed."""
    ChannelHealth.objects.filter(channel=channel_id).update(
        failures=0, failing_since=None, rests_until=None, gone_at=None, gave_up_at=None, sentence=""
    )


def judge_channels(*, at: datetime, actor: str) -> Outcome:
    """Open an alert for each channel that fails, which the other channels tell, and end it after.

    Twice changes nothing.
    """
    failing = failing_channels()
    standing = active_keys(CHANNEL_FAILING)
    if not failing and not standing:
        return Outcome()
    off = Channel.objects.filter(enabled=False).values_list("pk", flat=True)
    switched_off = {channel_key(pk) for pk in off}
    reasons = {
        key: gettext("It was switched off.")
        if key in switched_off
        else gettext("It works again, or was set up anew.")
        for key in standing
    }
    findings = [_finding(health) for health in failing]
    return reconcile(CHANNEL_FAILING, findings, at=at, actor=actor, reasons=reasons)


def _finding(health: ChannelHealth) -> Finding:
    channel = health.channel
    said = gettext("Channel %(name)s does not get through: %(why)s")
    seen = {
        "failed_tries_in_a_row": health.failures,
        "first_failed_at": health.failing_since and health.failing_since.isoformat(),
        "last_sent_at": health.sent_at and health.sent_at.isoformat(),
    }
    return Finding(
        key=channel_key(channel.pk),
        severity=Severity.CRITICAL,
        message=said % {"name": channel.name, "why": health.sentence},
        evidence={"seen": {name: value for name, value in seen.items() if value}},
        subject=channel.name,
        subject_url=reverse("admin:alerts_channel_change", args=[channel.pk]),
    )


@transaction.atomic
def _locked(channel_id: int) -> ChannelHealth:
    ChannelHealth.objects.get_or_create(channel_id=channel_id)
    return ChannelHealth.objects.select_for_update(no_key=True).get(channel=channel_id)


def _write(health: ChannelHealth, **changed: object) -> None:
    ChannelHealth.objects.filter(pk=health.pk).update(**changed)
