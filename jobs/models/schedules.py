"""Store schedules, what became of each of their due times, and who changed them."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from batchops.append_only import append_only
from batchops.looks import Look
from jobs import states

# A slot of a schedule that may not run late still gets this long: a deploy must not cost a night.
ON_TIME = timedelta(minutes=2)
LATEST_MINUTES = 7 * 24 * 60


class Schedule(models.Model):
    """A job that starts by itself. Only jobs.lifecycle writes it."""

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("What people call it.")
    )
    type = models.CharField(_("job type"), max_length=40)
    params = models.JSONField(
        _("parameters"), default=dict, blank=True, help_text=_("A JSON object, as the type asks.")
    )
    title = models.CharField(
        _("title of its jobs"), max_length=200, blank=True, default="",
        help_text=_("May stay empty: then the type names them."),
    )  # fmt: skip
    priority = models.SmallIntegerField(
        _("priority"), default=0, validators=[MinValueValidator(-100), MaxValueValidator(100)],
        help_text=_("-100 to 100; jobs with a higher one go first."),
    )  # fmt: skip
    cron = models.CharField(
        _("cron text"), max_length=100,
        help_text=_("Minute, hour, day, month, weekday, on the site's clock: 0 5 * * MON-FRI"),
    )  # fmt: skip
    missed_policy = models.CharField(
        _("when a start was missed"), max_length=10, default=states.RUN_LATE,
        choices=[
            (states.RUN_LATE, _("Start once, late")),
            (states.SKIP_MISSED, _("Leave it out and record that")),
        ],
    )  # fmt: skip
    late_minutes = models.PositiveIntegerField(
        _("minutes a start may be late"), default=60,
        validators=[MinValueValidator(1), MaxValueValidator(LATEST_MINUTES)],
        help_text=_("1 to 10,080 (a week), and never past the next start; then it is missed."),
    )  # fmt: skip
    enabled = models.BooleanField(default=False)
    # Every due time up to here has its row. Later ones are read from the text, so a clock or a
    # zone that was wrong leaves no wrong plan behind.
    decided_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    # Of queries.schedules_on() and queries.schedules().
    if TYPE_CHECKING:
        waits: bool
        last_slots: list["ScheduleSlot"]

    class Meta:
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(
                name="schedule_policy_known",
                condition=Q(missed_policy__in=states.MISSED_POLICIES),
            ),
            models.CheckConstraint(
                name="schedule_late_within_a_week",
                condition=Q(late_minutes__gte=1, late_minutes__lte=LATEST_MINUTES),
            ),
            models.CheckConstraint(
                name="schedule_on_from_a_moment",
                condition=Q(enabled=False) | Q(decided_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def late_window(self) -> timedelta:
        """Return how long after its due time a start still counts."""
        if self.missed_policy == states.SKIP_MISSED:
            return ON_TIME
        return timedelta(minutes=self.late_minutes)


class ScheduleSlot(models.Model):
    """What became of one due time of a schedule. Only jobs.lifecycle writes it."""

    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="slots", db_index=False
    )
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=10)
    job = models.ForeignKey(
        "jobs.Job", on_delete=models.SET_NULL, null=True, related_name="schedule_slots"
    )
    reason = models.TextField(blank=True, default="")
    decided_at = models.DateTimeField(help_text="When the outcome was last written.")

    class Meta:
        default_permissions = ()
        constraints = [
            # Two clusters never start one slot twice, whatever their clocks say.
            models.UniqueConstraint("schedule", "due_at", name="slot_once"),
            models.UniqueConstraint(
                "schedule", condition=Q(outcome=states.WAITING), name="slot_one_waits"
            ),
            models.CheckConstraint(
                name="slot_outcome_known", condition=Q(outcome__in=states.SLOT_OUTCOMES)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d %H:%M %Z} of schedule {self.schedule_id}"

    @property
    def look(self) -> Look:
        return states.SLOT_LOOKS[self.outcome]


class ScheduleEvent(models.Model):
    """One thing that people did to a schedule: who, when, before and after. Only ever added."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="events")
    verb = models.CharField(max_length=20)
    actor = models.CharField(max_length=255, help_text="user:, token: or system:<part>")
    at = models.DateTimeField(db_default=Now())
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        triggers = append_only()
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.verb} schedule {self.schedule_id} by {self.actor}"
