"""Store what mutes alerts: silences of once, and maintenance windows that come again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from alerts.models.alerts import Alert
from alerts.states import LONGEST_WINDOW, RULES, SEVERITY_LOOKS
from batchops.cron import Cron
from batchops.row_history import tracked

MOST_MINUTES = int(LONGEST_WINDOW.total_seconds() // 60)


def site_zone() -> str:
    """Return the name of the site's zone."""
    return str(settings.SITE_ZONE)


class Mute(models.Model):
    """Which alerts are muted; what is left empty means all."""

    key: Any
    rule = models.CharField(
        "type",
        max_length=40,
        blank=True,
        default="",
        choices=[(r.code, r.label) for r in RULES.values()],
        help_text="Empty: alerts of every type.",
    )
    batch_code = models.CharField(
        "step or job type",
        max_length=40,
        blank=True,
        default="",
        help_text="As alerts show it, such as CM-DMRU. Empty: every step and job type.",
    )
    severity = models.CharField(
        max_length=16,
        blank=True,
        default="",
        choices=[(s.value, look.label) for s, look in SEVERITY_LOOKS.items()],
        help_text="Just this severity: one that gets worse is told. Empty: every severity.",
    )

    class Meta:
        abstract = True

    @property
    def scope(self) -> dict[str, str]:
        """What an alert must have to be muted, by field."""
        asked = {name: getattr(self, name) for name in ("rule", "batch_code", "severity", "key")}
        return {name: value for name, value in asked.items() if value}

    @property
    def scope_words(self) -> str:
        return ", ".join(self.scope.values()) or gettext("all alerts")

    @property
    def words(self) -> str:
        """What it is, and why, in the words of whoever made it."""
        raise NotImplementedError

    def covers(self, alert: Alert) -> bool:
        return all(getattr(alert, name) == value for name, value in self.scope.items())

    def until(self, moment: datetime) -> datetime | None:
        """Return when the muted time that holds `moment` ends; None when none holds it."""
        raise NotImplementedError


@tracked
class Silence(Mute):
    """Alerts that nobody is told of from one moment to another, by whom and why.

    With a `key` it is a snooze: of what one subject is about.
    """

    key = models.CharField(max_length=200, blank=True, default="")
    from_at = models.DateTimeField("from")
    until_at = models.DateTimeField("until")
    reason = models.CharField(max_length=200)
    made_by = models.CharField(max_length=255, editable=False)

    class Meta:
        default_permissions = ("add", "change", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(until_at__gt=F("from_at")), name="silence_ends_after_it_begins"
            )
        ]
        # What is in effect is read every few seconds; the others are for ever.
        indexes = [models.Index(fields=["until_at"], name="silence_until")]

    def __str__(self) -> str:
        return f"{self.reason} ({self.scope_words})"

    @property
    def words(self) -> str:
        said = gettext("silence of %(who)s: %(reason)s")
        return said % {"who": self.made_by.partition(":")[2], "reason": self.reason}

    def until(self, moment: datetime) -> datetime | None:
        return self.until_at if self.from_at <= moment < self.until_at else None


@tracked
class MaintenanceWindow(Mute):
    """A time that comes again, in which alerts are muted: when it begins, and how long it is."""

    key = ""  # it is about no single subject
    name = models.CharField(max_length=60, unique=True)
    cron = models.CharField(
        "begins at",
        max_length=100,
        help_text="Minute, hour, day of the month, month, day of the week; such as 0 22 * * SAT.",
    )
    zone = models.CharField(
        max_length=60, default=site_zone, help_text="On whose clock, such as Asia/Dhaka."
    )
    minutes = models.PositiveIntegerField(
        "length in minutes",
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MINUTES)],
        help_text="As they pass: in a night that changes the clocks it ends at another hour.",
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        default_permissions = ("add", "change", "delete", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES),
                name="maintenance_window_a_week_at_most",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        return gettext("maintenance window %s") % self.name

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def begins(self) -> Cron:
        """When it begins, again and again."""
        return Cron.parse(self.cron, zone=ZoneInfo(self.zone))

    def until(self, moment: datetime) -> datetime | None:
        # One that begins again before it ends is refused, so the first found is the only one.
        # In UTC, or the hour that a clock change takes would count as passed.
        begun_at = next(self.begins.after(moment.astimezone(UTC) - self.length), None)
        return begun_at + self.length if begun_at and begun_at <= moment else None
