"""Store what follows while nobody takes an alert: whom it goes to next, and reminders."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from alerts.models.channels import Channel
from alerts.states import SEVERITY_LOOKS, Severity
from batchops.row_history import tracked

SEVERITIES = [(s.value, look.label) for s, look in SEVERITY_LOOKS.items()]
LONGEST_WAIT_MINUTES = 7 * 24 * 60


@tracked
class EscalationStep(models.Model):
    """To which channel an alert goes that nobody has acknowledged for so long."""

    severity = models.CharField(max_length=16, choices=SEVERITIES)
    after_minutes = models.PositiveIntegerField(
        "after minutes",
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_WAIT_MINUTES)],
        help_text="So long open without anybody having it; counted anew when it got worse, when "
        "an acknowledgement ran out and after a silence.",
    )
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="escalations")
    enabled = models.BooleanField(default=True)

    class Meta:
        default_permissions = ("add", "change", "delete", "view")
        constraints = [
            models.UniqueConstraint(
                fields=["severity", "after_minutes", "channel"], name="escalation_step_once"
            ),
            models.CheckConstraint(
                condition=Q(severity__in=list(Severity)), name="escalation_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(after_minutes__gte=1, after_minutes__lte=LONGEST_WAIT_MINUTES),
                name="escalation_after_a_week_at_most",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.severity} after {self.after_minutes} min to {self.channel}"


@tracked
class Reminder(models.Model):
    """How often who heard of an alert is told again that it is open and nobody has it."""

    severity = models.CharField(max_length=16, choices=SEVERITIES, unique=True)
    every_minutes = models.PositiveIntegerField(
        "every so many minutes",
        validators=[MinValueValidator(5), MaxValueValidator(LONGEST_WAIT_MINUTES)],
        help_text="At least 5. Of an acknowledged or silenced alert nobody is reminded.",
    )
    enabled = models.BooleanField(default=True)

    class Meta:
        default_permissions = ("add", "change", "delete", "view")
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=list(Severity)), name="reminder_severity_known"
            ),
            models.CheckConstraint(
                condition=Q(every_minutes__gte=5, every_minutes__lte=LONGEST_WAIT_MINUTES),
                name="reminder_not_too_often",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.severity} every {self.every_minutes} min"
