"""Write what is to be told, in the transaction that makes it worth telling."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from alerts.lifecycle.cleaning import clean_facts, clean_line
from alerts.lifecycle.planning import (
    Event,
    Planned,
    is_about,
    plan,
    plan_alert,
    plan_event,
    ready_channels,
)
from alerts.models import Alert, Channel, Delivery, Notice, missing_settings
from alerts.states import NEWS, UNFINISHED, DeliveryKind, DeliveryState
from batchops.cluster.bells import ring
from batchops.db import database_now

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """A person to write to, if they are active and have `permission` when the mail leaves."""

    user_id: int
    permission: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What programs are told by webhook of something that is no alert: its name and its facts."""

    name: str
    event: Event
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail composed as a whole: its subject, and the same as plain text and as HTML."""

    subject: str
    text: str
    html: str


class Owed(NamedTuple):
    """A message that a channel owes about an alert, and the severity that it is to tell."""

    alert_id: int
    planned: Planned
    severity: str = ""


def post_opened(alerts: Iterable[Alert]) -> int:
    """Put the messages of these open alerts into the outbox; return how many are owed.

    One for each channel that hears of it (`planning`); one that is there already stays as it is.
    """
    # Deliveries go by the database's clock, whatever clock the alert was judged by.
    now, channels = database_now(), ready_channels()
    return _post(
        [
            Owed(alert.pk, planned)
            for alert in alerts
            for planned in plan_alert(alert, channels, at=now)
        ],
        DeliveryKind.OPENED,
    )


def post_raised(alerts: Sequence[Alert]) -> int:
    """Put into the outbox that these alerts got worse; return how many messages are owed.

    Channels that listen only now get the opening. One whose opening leaves later, and so tells
    the new severity itself, gets nothing more in the end.
    """
    now = database_now()
    plans = {channel.pk: plan(channel, at=now) for channel in ready_channels()}
    opened = Delivery.objects.filter(
        alert__in=[alert.pk for alert in alerts], channel__in=plans, kind=DeliveryKind.OPENED
    )
    told = set(opened.values_list("alert_id", "channel_id"))
    raised = [
        Owed(alert.pk, planned, alert.severity)
        for alert in alerts
        for channel_id, planned in plans.items()
        if (alert.pk, channel_id) in told
    ]
    return post_opened(alerts) + _post(raised, DeliveryKind.RAISED)


def post_resolved(alerts: Sequence[Alert]) -> int:
    """Put into the outbox that these alerts are over, for who heard or may yet hear of them.

    What was to be told only later, when a channel's hours begin, is told to nobody.
    """
    now, over = database_now(), [alert.pk for alert in alerts]
    unheard = Delivery.objects.filter(alert__in=over, kind__in=NEWS, state=DeliveryState.PENDING)
    # Locked, so that one whose hours begin just now is either taken away or being sent.
    held = unheard.filter(attempts=0, next_try_at__gt=now)
    held = held.order_by("pk").select_for_update(no_key=True)
    Delivery.objects.filter(pk__in=list(held.values_list("pk", flat=True))).delete()
    heard = Delivery.objects.heard().filter(alert__in=over, channel__isnull=False)
    pairs = list(heard.order_by().values_list("alert_id", "channel_id").distinct())
    channels = Channel.objects.in_bulk({channel_id for _, channel_id in pairs})
    return _post(
        [Owed(alert_id, plan(channels[channel_id], at=now)) for alert_id, channel_id in pairs],
        DeliveryKind.RESOLVED,
    )


def post_escalated(alerts: Iterable[Alert], channels: Iterable[Channel]) -> int:
    """Put into the outbox of `channels`, whatever they listen to, that nobody has these alerts."""
    now = database_now()
    plans = [plan(channel, at=now) for channel in channels]
    owed = [
        Owed(alert.pk, planned)
        for alert in alerts
        for planned in plans
        if not is_about(alert, planned.channel_id)
    ]
    return _post(owed, DeliveryKind.ESCALATED)


def post_reminders(alerts: Iterable[Alert]) -> set[int]:
    """Put into the outbox that these alerts are open still; return of which anybody is told.

    For who heard of them, but where the reminder before has not left yet.
    """
    now = database_now()
    plans = {channel.pk: plan(channel, at=now) for channel in ready_channels()}
    about = Delivery.objects.filter(alert__in=[alert.pk for alert in alerts], channel__in=plans)
    waiting = about.filter(kind=DeliveryKind.REMINDER, state__in=UNFINISHED)
    heard = about.heard().order_by().values_list("alert_id", "channel_id").distinct()
    pairs = set(heard) - set(waiting.values_list("alert_id", "channel_id"))
    _post([Owed(alert_id, plans[pk]) for alert_id, pk in pairs if pk], DeliveryKind.REMINDER)
    return {alert_id for alert_id, _ in pairs if alert_id}


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
    told = {"subject": subject, "lines": [clean_line(line) for line in lines], "url": url}
    return len(_post_to(to, key=key, told=told))


@transaction.atomic
def post_letter(letter: Letter, *, key: str, url: str, to: Iterable[str]) -> Notice | None:
    """Put a letter into the outbox, to each of the addresses `to` in a mail of its own.

    Return its notice; None where `post_notice` posts nothing.
    """
    told = {"subject": letter.subject, "text": letter.text, "html": letter.html, "url": url}
    posted = _post_to(to, key=key, told=told)
    return posted[0].notice if posted else None


@transaction.atomic
def post_event(
    *, key: str, told: Told, subject: str, lines: Sequence[str], url: Callable[[], str]
) -> int:
    """Put an event that is no alert into the outbox; return how many channels tell it.

    Programs are told `told`, people `subject` and `lines`, both cleaned as those of a notice.
    The same `key` once more posts nothing. `url` is called when a channel tells it.
    """
    now = database_now()
    planned = plan_event(told.event, ready_channels(), at=now)
    if not planned:
        return 0
    notice, is_new = Notice.objects.get_or_create(
        key=key,
        defaults={
            "subject": clean_line(subject, LONGEST_SUBJECT),
            "lines": [clean_line(line) for line in lines],
            "url": url(),
            "event": told.name,
            "facts": clean_facts(told.facts),
            "created_at": now,
        },
    )
    if not is_new:
        return 0
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice,
            kind=DeliveryKind.NOTICE,
            channel_id=each.channel_id,
            **_times(now, each.not_before),
        )
        for each in planned
    )
    ring_sender()
    return len(planned)


def ring_sender() -> None:
    """Call a worker of the watch cluster to send what is due, once this transaction commits."""
    ring("alerts.tasks.deliver", cluster="watch")


def _post_to(to: Iterable[str | Reader], *, key: str, told: Mapping[str, Any]) -> list[Delivery]:
    readers = list(dict.fromkeys(to))
    if not readers or missing_settings():
        return []
    now = database_now()
    subject = clean_line(told["subject"], LONGEST_SUBJECT)
    notice, is_new = Notice.objects.get_or_create(
        key=key, defaults={**told, "subject": subject, "created_at": now}
    )
    if not is_new:
        return []
    posted = Delivery.objects.bulk_create(
        Delivery(notice=notice, kind=DeliveryKind.NOTICE, **_reader(to_whom), **_times(now))
        for to_whom in readers
    )
    ring_sender()
    return posted


def _post(owed: list[Owed], kind: DeliveryKind) -> int:
    if not owed:
        return 0
    now = database_now()
    together = _together([each.alert_id for each in owed], now)
    Delivery.objects.bulk_create(
        (
            Delivery(
                alert_id=each.alert_id,
                channel_id=each.planned.channel_id,
                severity=each.severity,
                kind=kind,
                **_times(now, max(each.planned.not_before, together.get(each.alert_id, now))),
            )
            for each in sorted(owed)
        ),
        ignore_conflicts=True,
    )
    ring_sender()
    return len(owed)


def _together(alert_ids: list[int], now: datetime) -> dict[int, datetime]:
    """Return when those leave that opened while the source was away: with the next minute."""
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    caused = Alert.objects.filter(pk__in=alert_ids, cause__isnull=False)
    return dict.fromkeys(caused.values_list("pk", flat=True), minute)


def _reader(to_whom: str | Reader) -> dict[str, Any]:
    if isinstance(to_whom, Reader):
        return {"reader_id": to_whom.user_id, "permission": to_whom.permission}
    return {"address": to_whom}


def _times(now: datetime, not_before: datetime | None = None) -> dict[str, datetime]:
    due_at = max(now, not_before or now)
    return {
        "created_at": now,
        "next_try_at": due_at,
        "give_up_at": due_at + settings.MAIL_GIVE_UP_AFTER,
    }
