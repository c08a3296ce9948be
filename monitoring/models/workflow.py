"""Store what people decide: the steps of the workflow, and how CC&B is watched."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.row_history import tracked

STUCK_PROFILES = [
    ("records", _("by records and heartbeat")),
    ("status_only", _("by status alone")),
    ("off", _("never")),
]

A_CODE = RegexValidator(
    r"\A[A-Za-z0-9_-]+\Z", _("Use letters, digits, - and _ only, as CC&B's codes do.")
)
WITHIN_A_DAY = [MinValueValidator(1), MaxValueValidator(1440)]


@tracked
class Step(models.Model):
    """One step of the daily workflow; people edit it, nothing else does."""

    batch_code = models.CharField(max_length=40, unique=True, validators=[A_CODE])
    source_batch_cd = models.CharField(
        _("CC&B batch code"),
        max_length=8,
        unique=True,
        validators=[A_CODE],
        help_text=_("At most 8 characters."),
    )
    name = models.CharField(max_length=80, db_column="batch_name")
    sequence_order = models.PositiveSmallIntegerField(unique=True)
    expected_start = models.TimeField(
        _("expected start"), db_column="expected_start_time", help_text=_("On the site's clock.")
    )
    grace_minutes = models.PositiveIntegerField(
        default=30,
        validators=[MaxValueValidator(1440)],
        help_text=_("So long after the expected start the step is late."),
    )
    expected_minutes = models.PositiveIntegerField(
        db_column="expected_duration_minutes", validators=WITHIN_A_DAY
    )
    max_minutes = models.PositiveIntegerField(
        db_column="max_duration_minutes", validators=WITHIN_A_DAY
    )
    repeats = models.BooleanField(
        _("runs several times a day"), db_column="can_run_multiple", default=False
    )
    drains_imd = models.BooleanField(
        _("runs until no IMD is pending"), default=False, help_text=_("As D1-IMD does.")
    )
    depends_on = models.ForeignKey(
        "self",
        to_field="batch_code",
        db_column="depends_on_batch",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="dependents",
    )
    deadline = models.TimeField(
        db_column="deadline_time",
        null=True,
        blank=True,
        help_text=_("On the site's clock. Empty: only the day's own deadline counts."),
    )
    is_critical = models.BooleanField(default=True)
    stuck_profile = models.CharField(max_length=16, choices=STUCK_PROFILES, default="records")
    rps_floor = models.FloatField(
        _("records per second, at least"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: no floor."),
    )

    class Meta:
        db_table = "batch_workflow_config"
        verbose_name = _("workflow step")
        ordering = ["sequence_order"]  # a handful of rows
        constraints = [
            models.CheckConstraint(
                condition=Q(expected_minutes__lte=F("max_minutes")),
                name="step_expected_within_max",
                violation_error_message=_(
                    "The expected minutes are more than the maximum: raise the maximum, or "
                    "lower what is expected."
                ),
            ),
            models.CheckConstraint(
                condition=Q(stuck_profile__in=["records", "status_only", "off"]),
                name="step_stuck_profile_known",
            ),
        ]

    def __str__(self) -> str:
        return self.batch_code

    def clean(self) -> None:
        above, passed = self.depends_on, set[str]()
        while above is not None:
            if above.batch_code == self.batch_code:
                raise ValidationError(
                    {"depends_on": gettext("This would make the step wait for itself.")}
                )
            if above.batch_code in passed:
                said = gettext("Steps above it wait for each other: %(codes)s. Mend these first.")
                codes = ", ".join(sorted(passed))
                raise ValidationError({"depends_on": said % {"codes": codes}})
            passed.add(above.batch_code)
            above = above.depends_on


@tracked
class MonitoringConfig(models.Model):
    """How CC&B is watched; one row. The site's zone is a setting, SITE_TIME_ZONE."""

    poll_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("CC&B is read this often, by CC&B's clock."),
    )
    stale_after_polls = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("After so many intervals without a good reading, states are unknown."),
    )
    day_start = models.TimeField(
        default=time(5),
        db_column="day_start_time",
        help_text=_(
            "When a business day begins, on the site's clock. Runs seen before keep their day."
        ),
    )
    page_refresh_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_("Pages follow by themselves; beside that they are drawn anew this often."),
    )
    log_retention_days = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(7), MaxValueValidator(1095)],
        help_text=_("Runs are kept in detail so long; one row of each for three years."),
    )
    stuck_minutes = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("A run without progress for so long is stuck; a rule setting may differ."),
    )
    month_end_last_days = models.PositiveSmallIntegerField(
        _("last days of a month"),
        default=1,
        validators=[MaxValueValidator(7)],
        help_text=_("So many business days at its end count as a month's end."),
    )
    month_end_first_days = models.PositiveSmallIntegerField(
        _("first days of a month"),
        default=0,
        validators=[MaxValueValidator(7)],
        help_text=_("So many at the beginning of the next month count as its end, too."),
    )
    day_deadline = models.TimeField(
        default=time(18),
        db_column="day_deadline_time",
        help_text=_(
            "By then the whole workflow should be done: the site's clock, the business day."
        ),
    )

    class Meta:
        db_table = "batch_monitoring_config"
        verbose_name = _("monitoring settings")
        verbose_name_plural = _("monitoring settings")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="monitoring_config_one_row")]

    def __str__(self) -> str:
        return gettext("Monitoring settings")
