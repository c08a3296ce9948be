"""Store the outbox: notices, the messages that are owed, and each try to send one."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.models.alerts import Alert
from alerts.models.channels import Channel
from alerts.states import (
    ATTEMPT_LOOKS,
    DELIVERY_LOOKS,
    LEFT,
    NEWS,
    UNFINISHED,
    WAITING,
    AttemptOutcome,
    DeliveryKind,
    DeliveryState,
)
from batchops.append_only import kept_until_old
from batchops.looks import Look


class Notice(models.Model):
    """A message that is not about an alert: written once under its key, never changed.

    `event` and `facts` are what programs are told; a mail shows `subject`, `lines` and `url`. A
    letter was composed as a whole, as `text` and `html`, and is always a mail of its own.
    """

    key = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200)
    lines = models.JSONField(default=list)
    url = models.CharField(max_length=300, blank=True, default="")
    event = models.CharField(max_length=40, blank=True, default="")
    facts = models.JSONField(default=dict)
    text = models.TextField(blank=True, default="")
    html = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.subject} ({self.pk})"

    @property
    def is_letter(self) -> bool:
        return bool(self.text)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> Self:
        """What may be tried at `at`; what became of an alert waits for the messages before it.

        A channel that rests has nothing due.
        """
        before = Delivery.objects.filter(
            alert=models.OuterRef("alert"),
            channel=models.OuterRef("channel"),
            id__lt=models.OuterRef("id"),
            state__in=UNFINISHED,
        )
        due = self.filter(state__in=UNFINISHED, next_try_at__lte=at)
        due = due.exclude(channel__health__rests_until__gt=at)
        return due.filter(Q(kind=DeliveryKind.OPENED) | ~models.Exists(before))

    def heard(self) -> Self:
        """The news of alerts that somebody has, or may have yet: all but what was given up."""
        return self.filter(kind__in=NEWS).exclude(state=DeliveryState.GIVEN_UP, delivered_to=[])


class Delivery(models.Model):
    """One message that is owed, the outbox: by a channel, or a notice to one reader.

    A reader is a person, written to at the address they have when it leaves, if they are active
    and have `permission` then; or else a bare `address`.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="deliveries")
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="deliveries"
    )
    notice = models.ForeignKey(
        Notice, on_delete=models.CASCADE, null=True, related_name="deliveries"
    )
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    address = models.CharField(max_length=254, blank=True, default="")
    permission = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in DeliveryKind])
    # Of an opening what it told when it was tried; of one that got worse, what it tells.
    severity = models.CharField(max_length=16, blank=True, default="")
    state = models.CharField(
        max_length=16,
        default=DeliveryState.PENDING,
        choices=[(s.value, look.label) for s, look in DELIVERY_LOOKS.items()],
    )
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(help_text="While it is being sent: when the lease ends.")
    give_up_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    delivered_to = models.JSONField(default=list)
    message_id = models.CharField(max_length=250, blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        permissions = [("retry_delivery", "Can have deliveries tried again")]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "channel", "kind"],
                condition=Q(kind__in=[DeliveryKind.OPENED, DeliveryKind.RESOLVED]),
                name="delivery_once_per_alert_and_channel",
            ),
            models.UniqueConstraint(
                fields=["alert", "channel", "severity"],
                condition=Q(kind=DeliveryKind.RAISED),
                name="delivery_raised_once_to_each_severity",
            ),
            models.UniqueConstraint(
                fields=["notice", "channel", "reader", "address"],
                condition=Q(notice__isnull=False),
                nulls_distinct=False,
                name="delivery_once_per_notice_and_reader",
            ),
            models.CheckConstraint(
                condition=Q(
                    Q(alert__isnull=False, channel__isnull=False, notice=None),
                    ~Q(kind=DeliveryKind.NOTICE),
                    Q(reader=None, address=""),
                )
                | Q(
                    Q(alert=None, notice__isnull=False, kind=DeliveryKind.NOTICE),
                    Q(channel=None, reader__isnull=False, address="")
                    | (Q(channel=None, reader=None) & ~Q(address=""))
                    | Q(channel__isnull=False, reader=None, address=""),
                ),
                name="delivery_of_an_alert_or_a_notice",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING, lease__isnull=False)
                | (~Q(state=DeliveryState.SENDING) & Q(lease=None)),
                name="delivery_sending_under_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LEFT, sent_at__isnull=False)
                | (~Q(state__in=LEFT) & Q(sent_at=None)),
                name="delivery_sent_at_a_time",
            ),
        ]
        indexes = [
            # What is due, asked for every few seconds: few rows out of very many. By alert, so
            # that whether an alert's opening is still to be mailed is one look, ten thousand times.
            models.Index(
                fields=["channel", "alert"],
                condition=Q(state__in=UNFINISHED),
                name="delivery_unfinished",
            ),
            # How many mails left in the last minute.
            models.Index(
                fields=["channel", "-sent_at"],
                condition=Q(sent_at__isnull=False),
                name="delivery_sent_lately",
            ),
            models.Index(fields=["lease"], condition=Q(lease__isnull=False), name="delivery_lease"),
            models.Index(fields=["state", "-id"], name="delivery_newest_of_state"),
            models.Index(
                fields=["given_up_at"],
                condition=Q(state=DeliveryState.GIVEN_UP),
                name="delivery_given_up_lately",
            ),
        ]

    def __str__(self) -> str:
        if self.notice_id:
            to_whom = self.channel_id or self.reader_id or self.address
            return f"notice {self.notice_id} to {to_whom} ({self.pk})"
        return f"{self.kind} of alert {self.alert_id} to {self.channel_id} ({self.pk})"

    @property
    def look(self) -> Look:
        return DELIVERY_LOOKS[DeliveryState(self.state)]

    @property
    def held_until(self) -> datetime | None:
        """When its channel's hours begin, which it waits for; None once it may leave."""
        waits = self.state == DeliveryState.PENDING and not self.attempts
        return self.next_try_at if waits and self.next_try_at > self.created_at else None

    @property
    def may_be_retried(self) -> bool:
        return self.state in WAITING


class DeliveryAttempt(models.Model):
    """One try to send a mail and what became of it; written once, never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    took_s = models.FloatField()
    outcome = models.CharField(
        max_length=16, choices=[(o.value, look.label) for o, look in ATTEMPT_LOOKS.items()]
    )
    sentence = models.TextField()
    # Which addresses did not take it, each with the server's words; the sentence names none.
    replies = models.JSONField(default=dict)

    class Meta:
        triggers = kept_until_old()
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.outcome} ({self.delivery_id})"

    @property
    def look(self) -> Look:
        return ATTEMPT_LOOKS[AttemptOutcome(self.outcome)]
