"""Store channels: whom they tell what and when, their secrets, and whether they work."""

from datetime import datetime, time

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from alerts.hours import Hours
from alerts.states import (
    CHANNEL_LABELS,
    JOB_END_LABELS,
    SEVERITY_LOOKS,
    ChannelKind,
    JobEnds,
    SecretPurpose,
    Severity,
)
from batchops.row_history import tracked

FAILING_AFTER = 5  # tries in a row that failed
MOST_PER_MINUTE = 60


def missing_settings() -> list[str]:
    """Return the settings without which no mail leaves, by name; empty when all are there."""
    needed = {"SMTP_HOST": settings.EMAIL_HOST, "SMTP_FROM": settings.DEFAULT_FROM_EMAIL}
    if settings.EMAIL_HOST_USER:
        needed["SMTP_PASS"] = settings.EMAIL_HOST_PASSWORD
    return [name for name, value in needed.items() if not value]


@tracked
class Channel(models.Model):
    """A way to reach people or programs, and what they hear of; its secrets stand elsewhere."""

    kind = models.CharField(
        max_length=16,
        default=ChannelKind.EMAIL,
        choices=[(kind.value, label) for kind, label in CHANNEL_LABELS.items()],
    )
    name = models.CharField(max_length=60, unique=True)
    recipients = models.TextField(
        blank=True, default="", help_text="E-mail addresses, one on each line."
    )
    place = models.CharField(
        "sends to", max_length=260, blank=True, default="", editable=False
    )  # the part of its address that is no secret
    minimum_severity = models.CharField(
        "from severity",
        max_length=16,
        default=Severity.CRITICAL,
        choices=[(s.value, look.label) for s, look in SEVERITY_LOOKS.items()],
        help_text="It hears of alerts of this severity and of worse ones.",
    )
    rules = models.JSONField("types of alerts", blank=True, default=list)
    batches = models.TextField(
        "steps and job types",
        blank=True,
        default="",
        help_text="Codes of steps or of job types, one on each line; empty: all.",
    )
    job_ends = models.CharField(
        "ends of jobs",
        max_length=16,
        default=JobEnds.NONE,
        choices=[(ends.value, label) for ends, label in JOB_END_LABELS.items()],
        help_text="Of which ends of the site's own jobs it tells, beside alerts.",
    )
    days = models.JSONField("on days", blank=True, default=list)
    hours_from = models.TimeField("from", null=True, blank=True)
    hours_until = models.TimeField(
        "until",
        null=True,
        blank=True,
        help_text="Site time; an end before the beginning is on the next day. Outside these hours "
        "it waits, and tells what is still open when they begin.",
    )
    per_minute = models.PositiveSmallIntegerField(
        "messages a minute",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_MINUTE)],
        help_text="What is more comes as one; empty: as MAIL_LIMIT says.",
    )
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False, editable=False)
    secret_changed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="channel_one_default"
            ),
            models.CheckConstraint(
                condition=Q(minimum_severity__in=list(Severity)), name="channel_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(ChannelKind)), name="channel_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        """Who is written to; of the default channel the setting ALERT_EMAILS says it."""
        if self.kind != ChannelKind.EMAIL:
            return [self.place] if self.place else []
        return list(settings.ALERT_EMAILS) if self.is_default else self.recipients.split()

    @property
    def missing(self) -> list[str]:
        """The settings without which nothing can be sent, by name; empty when all are there."""
        if self.kind != ChannelKind.EMAIL:
            return [] if settings.BATCHOPS_SECRETS_KEYS else ["BATCHOPS_SECRETS_KEY"]
        unnamed = self.is_default and not settings.ALERT_EMAILS
        return missing_settings() + (["ALERT_EMAILS"] if unnamed else [])

    @property
    def is_ready(self) -> bool:
        return not self.missing and bool(self.addresses)

    @property
    def limit(self) -> int:
        """How many messages it gets in a minute; what is more comes as one."""
        return self.per_minute or settings.MAIL_LIMIT

    @property
    def hours(self) -> Hours:
        """Within which hours it tells; all of the week where nothing is said."""
        return Hours(
            begin=self.hours_from or time(),
            end=self.hours_until or time(),
            days=frozenset(self.days or range(7)),
            zone=settings.SITE_ZONE,
        )


class ChannelSecret(models.Model):
    """What a channel sends to or signs by, sealed; one that was replaced signs until it ends."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="secrets")
    purpose = models.CharField(max_length=16, choices=[(p.value, p.value) for p in SecretPurpose])
    sealed = models.TextField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "purpose"],
                condition=Q(ends_at=None),
                name="channel_secret_one_in_use",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of channel {self.channel_id} ({self.pk})"


class ChannelHealth(models.Model):
    """How the last tries of a channel went; without a row none was made yet.

    `failures` counts those in a row. Until `rests_until` nothing is tried, and after `gone_at`,
    when the receiver said that it is gone, nothing any more until the channel is saved anew.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    sentence = models.TextField(blank=True, default="")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"channel {self.channel_id}: {self.failures} failures"

    @property
    def is_failing(self) -> bool:
        """Whether people should look: too many failures, something given up, or gone."""
        return bool(self.failures >= FAILING_AFTER or self.gave_up_at or self.gone_at)

    def rests(self, at: datetime) -> bool:
        return bool(self.gone_at is None and self.rests_until and self.rests_until > at)
