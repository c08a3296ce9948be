"""Read alerts and deliveries: what is open, how many of which kind, what is due to be mailed."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet, Value
from django.utils.translation import gettext

from alerts.errors import AlertNotFound, ChannelNotFound
from alerts.models import Alert, AlertEvent, Channel, ChannelHealth, Delivery, DeliveryAttempt
from alerts.models.channels import FAILING_AFTER
from alerts.states import (
    ACTIVE,
    CAUSE,
    RULES,
    SEVERITY_LOOKS,
    UNFINISHED,
    DeliveryState,
    Rule,
    Severity,
)
from batchops.looks import Look

AFTER_ALERTS = F("notice").asc(nulls_first=True)
DIGESTED = 10_000  # deliveries that one digest covers at most
ReaderKey = tuple[int | None, str]  # a person, or else a bare address
CAUSED_SHOWN = 50
SHOWN = 500  # open alerts in one answer or frame, whose counts are of all; events of an alert


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """How many alerts are open, by severity and by rule, all from one query."""

    by_severity: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    muted: int = 0  # of all of them, those of which nobody is told now

    @property
    def total(self) -> int:
        return self.by_severity.total()

    @property
    def rules(self) -> list[tuple[Rule, int, str]]:
        """The rules that have open alerts, most alerts first: how many, and the word for these."""
        found = [(RULES[code], n) for code, n in self.by_rule.most_common() if n]
        return [(rule, n, gettext(rule.counted(n))) for rule, n in found]

    @property
    def in_words(self) -> str:
        """What is open by type, most first: 2 long running, 1 failed."""
        return ", ".join(f"{n} {word}" for _, n, word in self.rules)

    @property
    def severities(self) -> list[tuple[Look, int]]:
        """The looks of the severities that have open alerts, worst first."""
        found = [(SEVERITY_LOOKS[s], self.by_severity[s]) for s in Severity]
        return [(look, n) for look, n in found if n]

    @property
    def worst(self) -> Look | None:
        """The look of the worst severity that is open, None when nothing is."""
        return next((SEVERITY_LOOKS[s] for s in Severity if self.by_severity[s]), None)


def count_open() -> OpenCounts:
    """Count what is open and not acknowledged, by severity and by rule, in one query."""
    counts = OpenCounts(
        by_severity=Counter({severity.value: 0 for severity in Severity}),
        by_rule=Counter(dict.fromkeys(RULES, 0)),
    )
    rows = Alert.objects.open().order_by().values_list("severity", "rule")
    muted = 0
    for severity, rule, n, silent in rows.annotate(Count("id"), Count("muted_until")):
        counts.by_severity[severity] += n
        counts.by_rule[rule] += n
        muted += silent
    return replace(counts, muted=muted)


def count_active() -> dict[tuple[str, str], int]:
    """Count what is not over by severity and state, those without any included."""
    counted = {(severity.value, state.value): 0 for severity in Severity for state in ACTIVE}
    rows = Alert.objects.active().order_by().values_list("severity", "state")
    return counted | {(severity, state): n for severity, state, n in rows.annotate(Count("id"))}


def count_unfinished() -> tuple[dict[str, int], datetime | None]:
    """Count the messages that are still owed by state, and say since when the oldest is due.

    One that waits for its hour is owed, and is not due before it.
    """
    owed = Delivery.objects.filter(state__in=UNFINISHED).order_by()
    rows = owed.values_list("state").annotate(Count("id"))
    oldest: datetime | None = owed.aggregate(at=Min("next_try_at"))["at"]
    return dict.fromkeys(map(str, UNFINISHED), 0) | dict(rows), oldest


def open_alerts(limit: int = SHOWN, *, untold: bool = True) -> list[Alert]:
    """Return what is open and not acknowledged, worst first, then newest; at most `limit`.

    Without `untold` those that only go on record, or that are muted, are left out.
    """
    alerts = Alert.objects.open() if untold else Alert.objects.unanswered()
    return list(alerts.worst_first()[:limit])


def find_alert(alert_id: int) -> Alert:
    """Return one alert.

    :raises AlertNotFound: when there is none of this number.
    """
    alert = Alert.objects.filter(pk=alert_id).first()
    if alert is None:
        raise AlertNotFound(f"There is no alert {alert_id}. Look for it in the list of alerts.")
    return alert


def following(alert: Alert) -> Alert | None:
    """Return the next alert on the same trouble, None while there is none."""
    return alert.following.order_by("id").first()


def caused_by(alert: Alert) -> list[Alert]:
    """Return what opened while this alert of the source stood, worst first; at most 50."""
    return list(alert.caused.worst_first()[:CAUSED_SHOWN]) if alert.rule == CAUSE else []


def events_of(alert: Alert) -> list[AlertEvent]:
    """Return what happened to an alert, newest first; the newest 500."""
    return list(alert.events.order_by("-id")[:SHOWN])


def last_of_keys(rule: str, keys: Collection[str]) -> dict[str, Alert]:
    """Return the newest alert of each key of a rule; keys without one are left out."""
    newest = Alert.objects.filter(rule=rule, key__in=keys).order_by("key", "-id").distinct("key")
    return {alert.key: alert for alert in newest}


def openings_since(rule: str, keys: Collection[str], moment: datetime) -> dict[str, int]:
    """Count by key how often alerts of a rule opened after `moment`."""
    if not keys:
        return {}
    lately = Alert.objects.filter(rule=rule, key__in=keys, opened_at__gt=moment).order_by()
    return dict(lately.values_list("key").annotate(Count("id")))


def cause_of(rule: str) -> int | None:
    """Return the alert that stands for the source being away, which explains those of `rule`."""
    if rule == CAUSE:
        return None
    return Alert.objects.active().filter(rule=CAUSE).values_list("pk", flat=True).first()


def alerts_of_key(key: str) -> list[Alert]:
    """Return the alerts of any rule on one key, newest first; the newest 500."""
    found = Alert.objects.filter(rule__in=list(RULES), key=key)
    return list(found.order_by("-opened_at", "-id")[:SHOWN])


def active_rules(key: str, rules: Collection[str]) -> set[str]:
    """Return which of `rules` have an active alert under `key`."""
    active = Alert.objects.active().filter(rule__in=rules, key=key)
    return set(active.values_list("rule", flat=True))


def unsettled_of_rules(rules: Collection[str]) -> list[tuple[str, str, bool]]:
    """Return rule and key of what judging `rules` may end: active alerts, and (False) held ones."""
    both = [
        alerts.filter(rule__in=rules).annotate(is_active=Value(is_active))
        for alerts, is_active in (
            (Alert.objects.active(), True),
            (Alert.objects.filter(is_held=True), False),
        )
    ]
    rows = [alerts.order_by().values_list("rule", "key", "is_active") for alerts in both]
    return sorted(rows[0].union(rows[1], all=True))


def standing_by_rule(rules: Collection[str]) -> list[tuple[str, str, str]]:
    """Return rule, severity and key of the active alerts of `rules`, but those only on record."""
    told = Alert.objects.active().filter(rule__in=rules, record_only=False)
    return list(told.order_by("rule", "id").values_list("rule", "severity", "key"))


def active_keys(rule: str, *, batch_code: str = "") -> list[str]:
    """Return the keys of a rule's active alerts: of one batch code, or of all."""
    active = Alert.objects.active().filter(rule=rule)
    if batch_code:
        active = active.filter(batch_code=batch_code)
    return list(active.values_list("key", flat=True))


def any_due(at: datetime) -> bool:
    """Return whether a mail is due at `at` and nobody is at sending one."""
    sending = Delivery.objects.filter(state=DeliveryState.SENDING, next_try_at__gt=at)
    return Delivery.objects.due(at).exists() and not sending.exists()


def channels_with_due(at: datetime) -> list[Channel]:
    """Lock and return the channels that have something due and that nobody else claims from.

    Those that work come first, so that none waits for one that hangs.
    """
    due = Delivery.objects.due(at).filter(channel=OuterRef("pk"))
    channels = Channel.objects.filter(Exists(due))
    channels = channels.order_by(F("health__failures").asc(nulls_first=True), "id")
    return list(channels.select_for_update(no_key=True, skip_locked=True, of=("self",)))


def failing_channels() -> list[ChannelHealth]:
    """Return how each channel stands that is on and does not get through, by its number."""
    troubles = Q(failures__gte=FAILING_AFTER) | Q(gave_up_at__isnull=False)
    failing = ChannelHealth.objects.filter(troubles | Q(gone_at__isnull=False))
    return list(failing.filter(channel__enabled=True).select_related("channel").order_by("channel"))


def find_channel(channel_id: int) -> Channel:
    """Return one channel.

    :raises ChannelNotFound: when there is none of this number.
    """
    channel = Channel.objects.filter(pk=channel_id).first()
    if channel is None:
        raise ChannelNotFound(f"There is no channel {channel_id}. Look in the list of channels.")
    return channel


def health_of(channel: Channel) -> ChannelHealth | None:
    """Return how the last tries of a channel went; None before the first."""
    return ChannelHealth.objects.filter(channel=channel).first()


def due_of_channel(channel: Channel, at: datetime) -> list[Delivery]:
    """Lock and return what a channel has due: alerts first, of a kind what failed least before."""
    due = (
        Delivery.objects.due(at)
        .filter(channel=channel)
        .select_related("alert__cause", "channel", "notice")
    )
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    return list(locked.order_by(AFTER_ALERTS, "kind", "attempts", "id")[:DIGESTED])


def readers_with_due(at: datetime) -> list[ReaderKey]:
    """Return to whom notices are due: the person and the bare address, longest waiting first."""
    due = Delivery.objects.due(at).filter(channel=None).order_by()
    rows = due.values_list("reader", "address").annotate(first=Min("id")).order_by("first")
    return [(reader_id, address) for reader_id, address, _ in rows]


def due_of_reader(reader: ReaderKey, at: datetime) -> list[Delivery]:
    """Lock and return the notices that are due to one reader, oldest first."""
    reader_id, address = reader
    due = Delivery.objects.due(at).filter(channel=None, reader=reader_id, address=address)
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    return list(locked.select_related("notice", "reader", "channel").order_by("id")[:DIGESTED])


def mails_by(channel: Channel) -> QuerySet[Delivery]:
    """Return all that ever went or is to go by a channel."""
    return Delivery.objects.filter(channel=channel)


def mails_to(reader: ReaderKey) -> QuerySet[Delivery]:
    """Return the notices that ever went or are to go to a reader."""
    reader_id, address = reader
    return Delivery.objects.filter(channel=None, reader=reader_id, address=address)


def mails_lately(mails: QuerySet[Delivery], at: datetime, window: timedelta) -> int:
    """Count those of `mails` that left within `window` before `at`, or are leaving now."""
    lately = Q(sent_at__gt=at - window) | Q(state=DeliveryState.SENDING, next_try_at__gt=at)
    return mails.filter(lately).order_by().values("message_id").distinct().count()


def message_ids_before(deliveries: Collection[Delivery]) -> list[str]:
    """Return the Message-IDs of what the same channel told of these alerts, openings first."""
    before = Delivery.objects.heard().filter(
        alert__in=[delivery.alert_id for delivery in deliveries],
        channel__in={delivery.channel_id for delivery in deliveries},
    )
    before = before.exclude(message_id="").exclude(pk__in=[each.pk for each in deliveries])
    return sorted(set(before.values_list("message_id", flat=True)))


def closing_note(alert: Alert) -> str:
    """Return why an alert is over, as its rule said; empty while it is not, or unsaid."""
    return alert.events.filter(verb="resolved").values_list("note", flat=True).first() or ""


def oldest_alert_at() -> datetime | None:
    """Return when the first alert that is kept was opened, None when there is none."""
    return Alert.objects.order_by("id").values_list("opened_at", flat=True).first()


def given_up_lately(at: datetime) -> tuple[int, datetime | None]:
    """Count the mails given up in the 24 h before `at`, and say since when the oldest waits."""
    lately = Delivery.objects.filter(
        state=DeliveryState.GIVEN_UP, given_up_at__gt=at - timedelta(days=1)
    )
    found = lately.aggregate(n=Count("id"), oldest=Min("created_at"))
    return found["n"], found["oldest"]


def deliveries_of(alert: Alert) -> list[Delivery]:
    """Return what was or is to be mailed about an alert, with every try, oldest first."""
    deliveries = alert.deliveries.select_related("channel").prefetch_related(
        Prefetch("tries", DeliveryAttempt.objects.order_by("id"))
    )
    return list(deliveries.order_by("id"))
