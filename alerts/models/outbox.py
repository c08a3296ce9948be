"""Store the outbox: channels, notices, the mails that are owed, and each try to send one."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from alerts.models.alerts import Alert
from alerts.states import (
    ATTEMPT_LOOKS,
    DELIVERY_LOOKS,
    LEFT,
    NEWS,
    SEVERITY_LOOKS,
    UNFINISHED,
    WAITING,
    AttemptOutcome,
    ChannelKind,
    DeliveryKind,
    DeliveryState,
    Severity,
)
from batchops.looks import Look
from batchops.row_history import tracked


def missing_settings() -> list[str]:
    """Return the settings without which no mail leaves, by name; empty when all are there."""
    needed = {"SMTP_HOST": settings.EMAIL_HOST, "SMTP_FROM": settings.DEFAULT_FROM_EMAIL}
    if settings.EMAIL_HOST_USER:
        needed["SMTP_PASS"] = settings.EMAIL_HOST_PASSWORD
    return [name for name, value in needed.items() if not value]


@tracked
class Channel(models.Model):
    """A way to reach people: which addresses hear of which alerts."""

    kind = models.CharField(
        max_length=16, default=ChannelKind.EMAIL, choices=[(ChannelKind.EMAIL.value, "E-mail")]
    )
    name = models.CharField(max_length=60, unique=True)
    recipients = models.TextField(
        blank=True, default="", help_text="E-mail addresses, one on each line."
    )
    minimum_severity = models.CharField(
        "from severity",
        max_length=16,
        default=Severity.CRITICAL,
        choices=[(s.value, look.label) for s, look in SEVERITY_LOOKS.items()],
        help_text="It hears of alerts of this severity and of worse ones.",
    )
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False, editable=False)

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="channel_one_default"
            ),
            models.CheckConstraint(
                condition=Q(minimum_severity__in=list(Severity)), name="channel_severity_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        """Who is written to; of the default channel the setting ALERT_EMAILS says it."""
        return list(settings.ALERT_EMAILS) if self.is_default else self.recipients.split()

    @property
    def missing(self) -> list[str]:
        """The settings without which nothing can be sent, by name; empty when all are there."""
        unnamed = self.is_default and not settings.ALERT_EMAILS
        return missing_settings() + (["ALERT_EMAILS"] if unnamed else [])

    @property
    def is_ready(self) -> bool:
        return not self.missing and bool(self.addresses)


class Notice(models.Model):
    """A mail that is not about an alert, as facts: written once under its key, never changed."""

    key = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200)
    lines = models.JSONField(default=list)
    url = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.subject} ({self.pk})"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> Self:
        """What may be tried at `at`; what became of an alert waits for the mails before it."""
        before = Delivery.objects.filter(
            alert=models.OuterRef("alert"),
            channel=models.OuterRef("channel"),
            id__lt=models.OuterRef("id"),
            state__in=UNFINISHED,
        )
        due = self.filter(state__in=UNFINISHED, next_try_at__lte=at)
        return due.filter(Q(kind=DeliveryKind.OPENED) | ~models.Exists(before))

    def heard(self) -> Self:
        """The news of alerts that somebody has, or may have yet: all but what was given up."""
        return self.filter(kind__in=NEWS).exclude(state=DeliveryState.GIVEN_UP, delivered_to=[])


class Delivery(models.Model):
    """One mail that is owed, the outbox: by a channel about an alert, or a notice to one reader.

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
                condition=~Q(kind=DeliveryKind.RAISED),
                name="delivery_once_per_alert_and_channel",
            ),
            models.UniqueConstraint(
                fields=["alert", "channel", "severity"],
                condition=Q(kind=DeliveryKind.RAISED),
                name="delivery_raised_once_to_each_severity",
            ),
            models.UniqueConstraint(
                fields=["notice", "reader", "address"],
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
                    Q(alert=None, channel=None, notice__isnull=False, kind=DeliveryKind.NOTICE),
                    Q(reader__isnull=False, address="") | (Q(reader=None) & ~Q(address="")),
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
            return f"notice {self.notice_id} to {self.reader_id or self.address} ({self.pk})"
        return f"{self.kind} of alert {self.alert_id} to {self.channel_id} ({self.pk})"

    @property
    def look(self) -> Look:
        return DELIVERY_LOOKS[DeliveryState(self.state)]

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
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.outcome} ({self.delivery_id})"

    @property
    def look(self) -> Look:
        return ATTEMPT_LOOKS[AttemptOutcome(self.outcome)]
