"""Store what CC&B shows: the workflow, its runs, and each reading of it."""

from datetime import time
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.looks import Look
from monitoring.states import OPEN, WORDS, RunState, look_of

STUCK_PROFILES = [
    ("records", _("by records and heartbeat")),
    ("status_only", _("by status alone")),
    ("off", _("never")),
]


class Step(models.Model):
    """One step of the daily workflow; people edit it, nothing else does."""

    batch_code = models.CharField(max_length=40, unique=True)
    source_batch_cd = models.CharField(
        _("CC&B batch code"), max_length=8, unique=True, help_text=_("At most 8 characters.")
    )
    name = models.CharField(max_length=80, db_column="batch_name")
    sequence_order = models.PositiveSmallIntegerField(unique=True)
    expected_start = models.TimeField(
        _("expected start"), db_column="expected_start_time", help_text=_("On the site's clock.")
    )
    grace_minutes = models.PositiveIntegerField(
        default=30, help_text=_("So long after the expected start the step is late.")
    )
    expected_minutes = models.PositiveIntegerField(db_column="expected_duration_minutes")
    max_minutes = models.PositiveIntegerField(db_column="max_duration_minutes")
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
        help_text=_("When a business day begins, on the site's clock."),
    )
    page_refresh_minutes = models.PositiveSmallIntegerField(default=30)
    log_retention_days = models.PositiveSmallIntegerField(default=60)
    stuck_minutes = models.PositiveSmallIntegerField(default=60)
    day_deadline = models.TimeField(default=time(18), db_column="day_deadline_time")

    class Meta:
        db_table = "batch_monitoring_config"
        verbose_name = _("monitoring settings")
        verbose_name_plural = _("monitoring settings")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="monitoring_config_one_row")]

    def __str__(self) -> str:
        return gettext("Monitoring settings")


class Source(models.Model):
    """What we know about CC&B as a whole; one row.

    While the login circuit is open (`circuit_opened_at` set) no scheduled poll tries to log in.
    """

    watching_since = models.DateTimeField(null=True, help_text="CC&B's clock; older is history.")
    circuit_opened_at = models.DateTimeField(null=True)
    circuit_message = models.TextField(blank=True, default="")
    stale = models.BooleanField(default=True, help_text="As pages were last told.")
    poll_asked_at = models.DateTimeField(null=True)
    poll_asked_by = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="source_one_row")]

    def __str__(self) -> str:
        return "CC&B"


class Poll(models.Model):
    """One reading of CC&B, good or failed."""

    slot = models.DateTimeField(null=True, unique=True, help_text="Empty: asked for by somebody.")
    started_at = models.DateTimeField()
    took_s = models.FloatField(_("took (s)"))
    asked_by = models.CharField(max_length=255)
    succeeded = models.BooleanField()
    runs_read = models.IntegerField(default=0)
    runs_changed = models.IntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    source_at = models.DateTimeField(_("CC&B's clock"), null=True)
    source_offset_s = models.FloatField(_("CC&B's clock ahead by (s)"), null=True)
    pending_imd = models.IntegerField(_("pending IMDs"), null=True)
    business_date = models.DateField(null=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("poll_ccb", "Can have CC&B read now")]
        constraints = [
            models.CheckConstraint(
                condition=Q(succeeded=True, error_code="", source_at__isnull=False)
                | (Q(succeeded=False) & ~Q(error_code="")),
                name="poll_good_or_says_why",
            ),
        ]
        indexes = [
            # The last good reading, asked for by every page.
            models.Index(
                fields=["-started_at"], condition=Q(succeeded=True), name="poll_last_good"
            ),
            models.Index(fields=["-started_at", "-id"], name="poll_newest"),
            # The day's peak and last count of pending IMDs.
            models.Index(fields=["business_date"], name="poll_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} ({self.pk})"


class ImdCount(models.Model):
    """How many initial measurements of one business object were in one status at a poll."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="imd_counts")
    business_object = models.CharField(max_length=30)
    status = models.CharField(max_length=12)
    count = models.IntegerField()
    oldest_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["poll", "business_object", "status"], name="imd_count_once_per_poll"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_object} {self.status} ({self.poll_id})"


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-id")


class Run(models.Model):
    """One run in CC&B, as it was last seen; its columns bear the names that older SQL reads."""

    batch_code = models.CharField(max_length=40, help_text="The step's code, else CC&B's.")
    source_batch_cd = models.CharField(max_length=8)
    batch_nbr = models.BigIntegerField()
    rerun_nbr = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16)
    status_code = models.CharField(max_length=8, blank=True, default="")
    started_at = models.DateTimeField(db_column="start_time")
    ended_at = models.DateTimeField(db_column="end_time", null=True)
    own_ended_at = models.DateTimeField(
        null=True, help_text="The end that CC&B's run bears; the other may be its last thread's."
    )
    thread_count = models.IntegerField(default=0)
    instances = models.IntegerField(default=0)
    threads = models.JSONField(default=dict, help_text="How many threads per status code.")
    records_processed = models.BigIntegerField(default=0)
    records_in_error = models.BigIntegerField(default=0)
    heartbeat = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    do_not_restart = models.BooleanField(default=False)
    source_business_date = models.DateField(null=True)
    business_date = models.DateField()
    error_message = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    status = models.GeneratedField(
        expression=Case(
            *(When(state=state, then=Value(word)) for state, word in WORDS.items()),
            default=Value("Unknown"),
        ),
        output_field=models.CharField(max_length=16),
        db_persist=True,
    )
    duration_seconds = models.GeneratedField(
        expression=Func(
            F("ended_at") - F("started_at"),
            template="round(extract(epoch FROM (%(expressions)s)))::integer",
        ),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    rps = models.GeneratedField(
        expression=Func(
            F("records_processed"),
            F("ended_at") - F("started_at"),
            template="round(%(expressions)s)), 0), 2)::double precision",
            arg_joiner="::numeric / nullif(extract(epoch FROM (",
        ),
        output_field=models.FloatField(),
        db_persist=True,
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "batch_execution_logs"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["source_batch_cd", "batch_nbr", "rerun_nbr"], name="run_once_per_key"
            ),
            models.CheckConstraint(condition=Q(state__in=list(RunState)), name="run_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=OPEN) | Q(ended_at=None), name="run_open_has_no_end"
            ),
        ]
        indexes = [
            # The day's timeline, and "of usual" over the days before.
            models.Index(fields=["batch_code", "business_date"], name="run_of_step_and_day"),
            # The list of runs and the log, newest first, whole or of one batch.
            models.Index(fields=["-started_at", "-id"], name="run_newest"),
            models.Index(fields=["batch_code", "-started_at"], name="run_newest_of_batch"),
            models.Index(fields=["business_date", "-started_at"], name="run_newest_of_day"),
            # What each poll asks for again by its key: few rows out of very many.
            models.Index(
                fields=["state", "started_at"],
                condition=Q(state__in=[*OPEN, RunState.FAILED, RunState.UNKNOWN]),
                name="run_unsettled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_batch_cd} {self.batch_nbr}/{self.rerun_nbr}"

    @property
    def look(self) -> Look:
        return look_of(RunState(self.state), self.status_code)

    @property
    def restarts(self) -> int:
        return max(self.instances - self.thread_count, 0)


class RunEvent(models.Model):
    """One change of a run's state, as a poll saw it."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    source_at = models.DateTimeField()
    actor = models.CharField(max_length=255)
    verb = models.CharField(max_length=20)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.verb} ({self.run_id})"
