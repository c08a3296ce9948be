"""Record what became of a message, and let people have it tried again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from alerts.errors import DeliveryNotFound, DeliveryNotWaiting
from alerts.lifecycle import health
from alerts.lifecycle.claims import MailClaim
from alerts.lifecycle.outbox import ring_sender
from alerts.models import (
    Alert,
    AlertEvent,
    AlertQuerySet,
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryQuerySet,
)
from alerts.states import NEWS, WAITING, AttemptOutcome, DeliveryKind, DeliveryState
from batchops.live.publish import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one try to send a message.

    `delivered_to` are the addresses that took it this time. `again_in` says when whoever is
    left is tried again; None means that nobody is left, or that it is of no use. `replies` are
    the server's words to the addresses that did not take it; no sentence names an address.
    `is_receiver` says that the receiver failed as a whole, so that the channel rests; `is_gone`
    that it wants nothing ever again; without `is_try` nobody was asked.
    """

    outcome: AttemptOutcome
    sentence: str
    delivered_to: tuple[str, ...] = ()
    again_in: timedelta | None = None
    replies: Mapping[str, str] = field(default_factory=dict)
    is_receiver: bool = False
    is_gone: bool = False
    is_try: bool = True

    @property
    def is_success(self) -> bool:
        return self.outcome in (AttemptOutcome.SENT, AttemptOutcome.PARTLY)


def record_attempt(claim: MailClaim, report: Report, *, at: datetime, took_s: float) -> None:
    """Write what became of the mail in `claim`, at `at` by the database's clock.

    Deliveries that somebody else has taken over meanwhile, because the lease ended, keep their
    state; the try is on record all the same.
    """
    about = [d.alert_id for d in claim.deliveries if d.alert_id is not None]
    if report.delivered_to and claim.kind in NEWS and claim.is_mail:
        _mark_mailed(Alert.objects.filter(pk__in=about, email_sent=False))
    _record(claim, report, at=at, took_s=took_s)


def _mark_mailed(alerts: AlertQuerySet) -> None:
    """Write that these were mailed, waiting for no alert while another is locked.

    A poll locks alerts rule by rule, a digest is about alerts of all rules.
    """
    with transaction.atomic():
        free = alerts.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
        Alert.objects.filter(pk__in=list(free)).update(email_sent=True)
    for pk in alerts.order_by("id").values_list("pk", flat=True):
        Alert.objects.filter(pk=pk).update(email_sent=True)


@transaction.atomic
def _record(claim: MailClaim, report: Report, *, at: datetime, took_s: float) -> None:
    held = Delivery.objects.filter(lease=claim.lease, state=DeliveryState.SENDING)
    taken = [*claim.deliveries[0].delivered_to, *report.delivered_to]
    held.update(delivered_to=taken)
    given_up = _settle(held, report, at)
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=delivery,
            at=at,
            took_s=took_s,
            outcome=report.outcome,
            sentence=report.sentence,
            replies=dict(report.replies),
        )
        for delivery in claim.deliveries
    )
    if claim.channel and report.is_try:
        _note_health(claim.channel, report, given_up=given_up, at=at)
    if claim.kind != DeliveryKind.NOTICE:
        publish("alerts")


def _note_health(channel: Channel, report: Report, *, given_up: list[int], at: datetime) -> None:
    if report.is_success:
        return health.note_success(channel.pk, at=at)
    health.note_failure(channel.pk, sentence=report.sentence, is_receiver=report.is_receiver, at=at)
    if report.is_gone:
        health.note_gone(channel.pk, at=at)
    if given_up:
        health.note_given_up(channel.pk, at=at)
    return None


@transaction.atomic
def retry_delivery(delivery_id: int, *, at: datetime, actor: str) -> None:
    """Make a mail that was given up, or that waits for its next try, due at `at`.

    It gets the whole time of a new one again.

    :raises DeliveryNotFound: when there is no such delivery.
    :raises DeliveryNotWaiting: when it is sent, being sent or due anyway.
    """
    waiting = Delivery.objects.filter(pk=delivery_id, state__in=WAITING)
    held = waiting.first()
    moved = held and waiting.filter(state=held.state).update(
        state=DeliveryState.PENDING, next_try_at=at, give_up_at=at + settings.MAIL_GIVE_UP_AFTER
    )
    if held is None or not moved:
        raise _refusal(delivery_id)
    if held.channel_id is not None:
        health.let_try(held.channel_id)
    if held.alert_id is None:
        _note_on_notice(held, at=at, actor=actor)
    else:
        _note_on_alert(held.alert_id, held, at=at, actor=actor)
    ring_sender()


def _note_on_alert(alert_id: int, delivery: Delivery, *, at: datetime, actor: str) -> None:
    AlertEvent.objects.create(
        alert_id=alert_id,
        at=at,
        actor=actor,
        verb="mail retried",
        before={"delivery": delivery.pk, "delivery_state": delivery.state},
        after={"delivery": delivery.pk, "delivery_state": DeliveryState.PENDING},
    )
    publish("alerts")


def _note_on_notice(delivery: Delivery, *, at: datetime, actor: str) -> None:
    # A notice has no history but its tries.
    DeliveryAttempt.objects.create(
        delivery=delivery,
        at=at,
        took_s=0,
        outcome=AttemptOutcome.ASKED,
        sentence=gettext("%(who)s had it tried again.") % {"who": actor},
    )


def _settle(held: DeliveryQuerySet, report: Report, at: datetime) -> list[int]:
    """Write the new state of what is held; return what was given up."""
    if report.again_in is not None:
        next_try_at = at + report.again_in
        held.filter(give_up_at__gt=next_try_at).update(
            state=DeliveryState.FAILED, lease=None, next_try_at=next_try_at
        )
    elif report.is_success:
        whole = report.outcome == AttemptOutcome.SENT
        state = DeliveryState.SENT if whole else DeliveryState.PARTLY
        held.update(state=state, lease=None, sent_at=at)
    given_up = list(held.values_list("pk", flat=True))
    held.update(state=DeliveryState.GIVEN_UP, lease=None, given_up_at=at)
    _withdraw_endings(given_up)
    return given_up


def _withdraw_endings(given_up: list[int]) -> None:
    """Take out of the outbox that an alert is over where nobody heard that it opened."""
    here = {"alert": OuterRef("alert"), "channel": OuterRef("channel")}
    unheard = Delivery.objects.filter(pk__in=given_up, kind__in=NEWS, **here)
    endings = Delivery.objects.filter(
        Exists(unheard),
        ~Exists(Delivery.objects.heard().filter(**here)),
        alert__in=Delivery.objects.filter(pk__in=given_up).values("alert"),
        kind=DeliveryKind.RESOLVED,
        state=DeliveryState.PENDING,
        attempts=0,
    )
    endings.delete()


def _refusal(delivery_id: int) -> DeliveryNotFound | DeliveryNotWaiting:
    state = Delivery.objects.filter(pk=delivery_id).values_list("state", flat=True).first()
    if state is None:
        return DeliveryNotFound(
            f"There is no delivery {delivery_id}. Look for it in the list of deliveries."
        )
    return DeliveryNotWaiting(
        f"Delivery {delivery_id} is {state}: there is nothing to try again.", state=state
    )
