"""Store alerts, channels and deliveries: fields, constraints, indexes and chainable filters."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When

from alerts.states import (
    ACTIVE,
    ATTEMPT_LOOKS,
    DELIVERY_LOOKS,
    LONGEST_REST,
    RULES,
    SEVERITY_LOOKS,
    STATE_LOOKS,
    UNFINISHED,
    WAITING,
    AttemptOutcome,
    ChannelKind,
    DeliveryKind,
    DeliveryState,
    Rule,
    Severity,
    State,
)
from batchops.looks import Look

SEVERITY_RANK = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity)),
    output_field=models.SmallIntegerField(),
)


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(state=State.OPEN)

    def active(self) -> Self:
        return self.exclude(state=State.RESOLVED)

    def overdue(self, at: datetime) -> Self:
        return self.filter(state=State.ACKNOWLEDGED, acknowledged_until__lte=at)

    def worst_first(self) -> Self:
        return self.order_by(SEVERITY_RANK, "-opened_at", "-id")


class Alert(models.Model):
    """One thing that needs a hand; its columns bear the names that older SQL reads."""

    rule = models.CharField(
        max_length=40, db_column="alert_type", choices=[(r.code, r.label) for r in RULES.values()]
    )
    key = models.CharField(max_length=200, db_column="alert_key")
    occurrence = models.CharField(max_length=80, blank=True, default="")
    severity = models.CharField(
        max_length=16,
        db_column="alert_severity",
        choices=[(s.value, look.label) for s, look in SEVERITY_LOOKS.items()],
    )
    message = models.TextField(db_column="alert_message")
    evidence = models.JSONField(default=dict)
    batch_code = models.CharField(max_length=40, blank=True, default="")
    business_date = models.DateField(null=True)
    subject = models.CharField(max_length=120, blank=True, default="")
    subject_url = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(
        max_length=16,
        default=State.OPEN,
        choices=[(s.value, look.label) for s, look in STATE_LOOKS.items()],
    )
    opened_at = models.DateTimeField("opened", db_column="created_at")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=255, blank=True, default="")
    acknowledged_until = models.DateTimeField(null=True)
    acknowledged_note = models.TextField(blank=True, default="")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=255, blank=True, default="")
    resolved_by_hand = models.BooleanField(default=False)
    email_sent = models.BooleanField(default=False)
    previous = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="following"
    )
    # Older SQL asks `WHERE acknowledged = false` for what still waits for somebody.
    acknowledged = models.GeneratedField(
        expression=ExpressionWrapper(~Q(state=State.OPEN), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        db_table = "batch_monitoring_alerts"
        default_permissions = ("view",)
        permissions = [
            ("acknowledge_alert", "Can acknowledge alerts"),
            ("resolve_alert", "Can resolve alerts by hand"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "key"],
                condition=Q(state__in=ACTIVE),
                name="alert_one_active_per_rule_and_key",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=State.OPEN, acknowledged_at=None, resolved_at=None)
                    | Q(state=State.ACKNOWLEDGED, acknowledged_at__isnull=False, resolved_at=None)
                    | Q(state=State.RESOLVED, resolved_at__isnull=False)
                ),
                name="alert_state_and_times_agree",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by="", acknowledged_until=None)
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(severity__in=list(Severity)), name="alert_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_until__lte=F("acknowledged_at") + Value(LONGEST_REST)),
                name="alert_rests_a_year_at_most",
            ),
        ]
        indexes = [
            # The banner, the list of open alerts and its counts: few rows out of very many.
            models.Index(
                fields=["-opened_at"], condition=Q(state=State.OPEN), name="alert_open_by_age"
            ),
            # Acknowledgements that run out, asked for every few seconds.
            models.Index(
                fields=["acknowledged_until"],
                condition=Q(state=State.ACKNOWLEDGED, acknowledged_until__isnull=False),
                name="alert_acknowledged_until",
            ),
            # The last alert of a rule and key, to which the next one is linked.
            models.Index(fields=["rule", "key", "-id"], name="alert_last_of_key"),
            # The history, newest first: whole, of one batch, of one day.
            models.Index(fields=["-opened_at", "-id"], name="alert_newest"),
            models.Index(fields=["batch_code", "-opened_at"], name="alert_newest_of_batch"),
            models.Index(fields=["business_date"], name="alert_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.key} ({self.pk})"

    @property
    def severity_look(self) -> Look:
        return SEVERITY_LOOKS[Severity(self.severity)]

    @property
    def state_look(self) -> Look:
        return STATE_LOOKS[State(self.state)]

    @property
    def definition(self) -> Rule:
        return RULES[self.rule]

    @property
    def is_resolved(self) -> bool:
        return self.state == State.RESOLVED


class AlertEvent(models.Model):
    """One thing that happened to an alert: who, when, what, why, and what it changed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    actor = models.CharField(max_length=255)
    verb = models.CharField(max_length=20)
    note = models.TextField(blank=True, default="")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor} ({self.alert_id})"

    @property
    def rests_until(self) -> datetime | None:
        """Until when the alert was let rest by this, None when that was not said."""
        until = self.after.get("acknowledged_until")
        return datetime.fromisoformat(until) if until else None


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
        needed = {"SMTP_HOST": settings.EMAIL_HOST, "SMTP_FROM": settings.DEFAULT_FROM_EMAIL}
        if settings.EMAIL_HOST_USER:
            needed["SMTP_PASS"] = settings.EMAIL_HOST_PASSWORD
        if self.is_default:
            needed["ALERT_EMAILS"] = settings.ALERT_EMAILS
        return [name for name, value in needed.items() if not value]

    @property
    def is_ready(self) -> bool:
        return not self.missing and bool(self.addresses)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, at: datetime) -> Self:
        """What may be tried at `at`; that an alert is over waits for the mail that it opened."""
        opening = Delivery.objects.filter(
            alert=models.OuterRef("alert"),
            channel=models.OuterRef("channel"),
            kind=DeliveryKind.OPENED,
            state__in=UNFINISHED,
        )
        due = self.filter(state__in=UNFINISHED, next_try_at__lte=at)
        return due.filter(Q(kind=DeliveryKind.OPENED) | ~models.Exists(opening))


class Delivery(models.Model):
    """One mail that one channel owes about one alert: the outbox."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in DeliveryKind])
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

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ("view",)
        permissions = [("retry_delivery", "Can have deliveries tried again")]
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "channel", "kind"], name="delivery_once_per_alert_and_channel"
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENDING, lease__isnull=False)
                | (~Q(state=DeliveryState.SENDING) & Q(lease=None)),
                name="delivery_sending_under_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.SENT, sent_at__isnull=False)
                | (~Q(state=DeliveryState.SENT) & Q(sent_at=None)),
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
        ]

    def __str__(self) -> str:
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

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.outcome} ({self.delivery_id})"

    @property
    def look(self) -> Look:
        return ATTEMPT_LOOKS[AttemptOutcome(self.outcome)]
