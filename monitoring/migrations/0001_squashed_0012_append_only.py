import datetime

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import monitoring.states


class Migration(migrations.Migration):
    replaces = [
        ("monitoring", "0001_initial"),
        ("monitoring", "0002_history"),
        ("monitoring", "0003_rule_settings"),
        ("monitoring", "0004_row_history"),
        ("monitoring", "0005_restarted_at"),
        ("monitoring", "0006_holidays"),
        ("monitoring", "0007_forecasts"),
        ("monitoring", "0008_day_calendar"),
        ("monitoring", "0009_what_replay_needs"),
        ("monitoring", "0010_day_deadline_in_words"),
        ("monitoring", "0011_runs_by_number"),
        ("monitoring", "0012_append_only"),
    ]

    initial = True

    dependencies = [
        ("batchops", "0005_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "business_date",
                    models.DateField(
                        unique=True,
                        validators=[
                            django.core.validators.MinValueValidator(datetime.date(2000, 1, 1)),
                            django.core.validators.MaxValueValidator(datetime.date(2100, 12, 31)),
                        ],
                        verbose_name="business day",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ordinary", "ordinary day"),
                            ("month_end", "month end"),
                            ("holiday", "holiday"),
                        ],
                        default="holiday",
                        max_length=16,
                    ),
                ),
                (
                    "yearly",
                    models.BooleanField(
                        default=False,
                        help_text="The same date of each year, if not said else.",
                        verbose_name="every year",
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, help_text="Such as Victory Day.", max_length=80),
                ),
            ],
            options={
                "verbose_name": "special day",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["ordinary", "month_end", "holiday"])),
                        name="calendar_day_kind_known",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.datetime.ExtractMonth("business_date"),
                        django.db.models.functions.datetime.ExtractDay("business_date"),
                        condition=models.Q(("yearly", True)),
                        name="calendar_day_once_a_year",
                        violation_error_message="Another row stands for this date of every year already: change that one.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("business_date", models.DateField()),
                ("at", models.DateTimeField()),
                ("deadline_at", models.DateTimeField()),
                ("days", models.IntegerField(help_text="Comparable days behind it.")),
                ("compared", models.JSONField(default=dict)),
                ("p10_at", models.DateTimeField(null=True)),
                ("p50_at", models.DateTimeField(null=True)),
                ("p90_at", models.DateTimeField(null=True)),
                ("miss_pct", models.FloatField(null=True)),
                (
                    "finished_at",
                    models.DateTimeField(help_text="The whole is done since then.", null=True),
                ),
                ("steps", models.JSONField(default=list)),
                ("because", models.JSONField(default=list)),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["at"], name="forecast_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("business_date", "at"), name="forecast_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("miss_pct", None),
                                ("p10_at", None),
                                ("p50_at", None),
                                ("p90_at", None),
                            ),
                            models.Q(
                                ("miss_pct__range", (0, 100)),
                                ("p10_at__lte", models.F("p50_at")),
                                ("p50_at__lte", models.F("p90_at")),
                            ),
                            _connector="OR",
                        ),
                        name="forecast_whole_or_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ForecastTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("business_date", models.DateField(unique=True)),
                ("method", models.IntegerField()),
                ("made_at", models.DateTimeField()),
                ("history_from", models.DateField()),
                ("days", models.IntegerField(help_text="Comparable days behind it.")),
                (
                    "finished_s",
                    models.FloatField(help_text="Since the business day began.", null=True),
                ),
                ("deadline_s", models.FloatField(help_text="Since the business day began.")),
                (
                    "announced_s",
                    models.FloatField(help_text="Since the business day began.", null=True),
                ),
                ("checks", models.JSONField(default=dict)),
                ("rivals", models.JSONField(default=dict)),
                ("steps", models.JSONField(default=dict)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="HistoryImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("reached_at", models.DateTimeField()),
                ("runs_read", models.IntegerField(default=0)),
                ("runs_changed", models.IntegerField(default=0)),
                ("asked_by", models.CharField(max_length=255)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("finished_at", None)),
                        name="history_import_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finished_at", None),
                            ("reached_at", models.F("since")),
                            _connector="OR",
                        ),
                        name="history_import_finished_reached_all",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Poll",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slot",
                    models.DateTimeField(
                        help_text="Empty: asked for by somebody.", null=True, unique=True
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("took_s", models.FloatField(verbose_name="took (s)")),
                ("asked_by", models.CharField(max_length=255)),
                ("succeeded", models.BooleanField()),
                ("runs_read", models.IntegerField(default=0)),
                ("runs_changed", models.IntegerField(default=0)),
                ("error_code", models.CharField(blank=True, default="", max_length=60)),
                ("error_message", models.TextField(blank=True, default="")),
                ("source_at", models.DateTimeField(null=True, verbose_name="CC&B's clock")),
                (
                    "source_offset_s",
                    models.FloatField(null=True, verbose_name="CC&B's clock ahead by (s)"),
                ),
                ("pending_imd", models.IntegerField(null=True, verbose_name="pending IMDs")),
                ("business_date", models.DateField(null=True)),
            ],
            options={
                "permissions": [("poll_ccb", "Can have CC&B read now")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("succeeded", True)),
                        fields=["-started_at"],
                        name="poll_last_good",
                    ),
                    models.Index(fields=["-started_at", "-id"], name="poll_newest"),
                    models.Index(fields=["business_date"], name="poll_of_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("error_code", ""),
                                ("source_at__isnull", False),
                                ("succeeded", True),
                            ),
                            models.Q(
                                ("succeeded", False), models.Q(("error_code", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="poll_good_or_says_why",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonitoringConfig",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "poll_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="CC&B is read this often, by CC&B's clock.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                (
                    "stale_after_polls",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="After so many intervals without a good reading, states are unknown.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                (
                    "day_start",
                    models.TimeField(
                        db_column="day_start_time",
                        default=datetime.time(5, 0),
                        help_text="When a business day begins, on the site's clock. Runs seen before keep their day.",
                    ),
                ),
                (
                    "page_refresh_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="Pages follow by themselves; beside that they are drawn anew this often.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                (
                    "log_retention_days",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="Runs are kept in detail so long; one row of each for three years.",
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(1095),
                        ],
                    ),
                ),
                (
                    "stuck_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="A run without progress for so long is stuck; a rule setting may differ.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "month_end_last_days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="So many business days at its end count as a month's end.",
                        validators=[django.core.validators.MaxValueValidator(7)],
                        verbose_name="last days of a month",
                    ),
                ),
                (
                    "month_end_first_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="So many at the beginning of the next month count as its end, too.",
                        validators=[django.core.validators.MaxValueValidator(7)],
                        verbose_name="first days of a month",
                    ),
                ),
                (
                    "day_deadline",
                    models.TimeField(
                        db_column="day_deadline_time",
                        default=datetime.time(18, 0),
                        help_text="By then the whole workflow should be done: the site's clock, the business day.",
                    ),
                ),
            ],
            options={
                "verbose_name": "monitoring settings",
                "verbose_name_plural": "monitoring settings",
                "db_table": "batch_monitoring_config",
                "default_permissions": ("view", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="monitoring_config_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_-]+\\Z",
                                "Use letters, digits, - and _ only, as CC&B's codes do.",
                            )
                        ],
                    ),
                ),
                (
                    "source_batch_cd",
                    models.CharField(
                        help_text="At most 8 characters.",
                        max_length=8,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_-]+\\Z",
                                "Use letters, digits, - and _ only, as CC&B's codes do.",
                            )
                        ],
                        verbose_name="CC&B batch code",
                    ),
                ),
                ("name", models.CharField(db_column="batch_name", max_length=80)),
                ("sequence_order", models.PositiveSmallIntegerField(unique=True)),
                (
                    "expected_start",
                    models.TimeField(
                        db_column="expected_start_time",
                        help_text="On the site's clock.",
                        verbose_name="expected start",
                    ),
                ),
                (
                    "grace_minutes",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="So long after the expected start the step is late.",
                        validators=[django.core.validators.MaxValueValidator(1440)],
                    ),
                ),
                (
                    "expected_minutes",
                    models.PositiveIntegerField(
                        db_column="expected_duration_minutes",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "max_minutes",
                    models.PositiveIntegerField(
                        db_column="max_duration_minutes",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "repeats",
                    models.BooleanField(
                        db_column="can_run_multiple",
                        default=False,
                        verbose_name="runs several times a day",
                    ),
                ),
                (
                    "drains_imd",
                    models.BooleanField(
                        default=False,
                        help_text="As D1-IMD does.",
                        verbose_name="runs until no IMD is pending",
                    ),
                ),
                (
                    "deadline",
                    models.TimeField(
                        blank=True,
                        db_column="deadline_time",
                        help_text="On the site's clock. Empty: only the day's own deadline counts.",
                        null=True,
                    ),
                ),
                ("is_critical", models.BooleanField(default=True)),
                (
                    "stuck_profile",
                    models.CharField(
                        choices=[
                            ("records", "by records and heartbeat"),
                            ("status_only", "by status alone"),
                            ("off", "never"),
                        ],
                        default="records",
                        max_length=16,
                    ),
                ),
                (
                    "rps_floor",
                    models.FloatField(
                        blank=True,
                        help_text="Empty: no floor.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="records per second, at least",
                    ),
                ),
                (
                    "depends_on",
                    models.ForeignKey(
                        blank=True,
                        db_column="depends_on_batch",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dependents",
                        to="monitoring.step",
                        to_field="batch_code",
                    ),
                ),
            ],
            options={
                "verbose_name": "workflow step",
                "db_table": "batch_workflow_config",
                "ordering": ["sequence_order"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expected_minutes__lte", models.F("max_minutes"))),
                        name="step_expected_within_max",
                        violation_error_message="The expected minutes are more than the maximum: raise the maximum, or lower what is expected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stuck_profile__in", ["records", "status_only", "off"])
                        ),
                        name="step_stuck_profile_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(help_text="The step's code, else CC&B's.", max_length=40),
                ),
                ("source_batch_cd", models.CharField(max_length=8)),
                ("batch_nbr", models.BigIntegerField()),
                ("rerun_nbr", models.BigIntegerField(default=0)),
                ("state", models.CharField(max_length=16)),
                ("status_code", models.CharField(blank=True, default="", max_length=8)),
                ("started_at", models.DateTimeField(db_column="start_time")),
                ("ended_at", models.DateTimeField(db_column="end_time", null=True)),
                (
                    "own_ended_at",
                    models.DateTimeField(
                        help_text="The end that CC&B's run bears; the other may be its last thread's.",
                        null=True,
                    ),
                ),
                (
                    "restarted_at",
                    models.DateTimeField(
                        help_text="When a thread was last executed again; empty: none was.",
                        null=True,
                    ),
                ),
                ("thread_count", models.IntegerField(default=0)),
                ("instances", models.IntegerField(default=0)),
                (
                    "threads",
                    models.JSONField(default=dict, help_text="How many threads per status code."),
                ),
                ("records_processed", models.BigIntegerField(default=0)),
                ("records_in_error", models.BigIntegerField(default=0)),
                ("heartbeat", models.BigIntegerField(default=0)),
                ("version", models.BigIntegerField(default=0)),
                ("do_not_restart", models.BooleanField(default=False)),
                ("source_business_date", models.DateField(null=True)),
                ("business_date", models.DateField()),
                ("error_message", models.TextField(blank=True, default="")),
                (
                    "moved_at",
                    models.DateTimeField(
                        help_text="CC&B's clock at the last good poll that saw progress; empty: never seen open.",
                        null=True,
                    ),
                ),
                (
                    "entered_at",
                    models.DateTimeField(
                        help_text="When it came to its state, by CC&B's clock; empty: history.",
                        null=True,
                    ),
                ),
                (
                    "seen_to_move",
                    models.BooleanField(
                        default=False,
                        help_text="A poll saw it come from another state to the one it is in.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "status",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                state=monitoring.states.RunState["PENDING"],
                                then=models.Value("Pending"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["RUNNING"],
                                then=models.Value("Running"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["FAILED"],
                                then=models.Value("Error"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["COMPLETE"],
                                then=models.Value("Complete"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["ENDED"],
                                then=models.Value("Ended"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["CANCELLED"],
                                then=models.Value("Ended"),
                            ),
                            models.When(
                                state=monitoring.states.RunState["GONE"], then=models.Value("Ended")
                            ),
                            models.When(
                                state=monitoring.states.RunState["UNKNOWN"],
                                then=models.Value("Unknown"),
                            ),
                            default=models.Value("Unknown"),
                        ),
                        output_field=models.CharField(max_length=16),
                    ),
                ),
                (
                    "duration_seconds",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            django.db.models.expressions.CombinedExpression(
                                models.F("ended_at"), "-", models.F("started_at")
                            ),
                            template="round(extract(epoch FROM (%(expressions)s)))::integer",
                        ),
                        output_field=models.IntegerField(),
                    ),
                ),
                (
                    "rps",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("records_processed"),
                            django.db.models.expressions.CombinedExpression(
                                models.F("ended_at"), "-", models.F("started_at")
                            ),
                            arg_joiner="::numeric / nullif(extract(epoch FROM (",
                            template="round(%(expressions)s)), 0), 2)::double precision",
                        ),
                        output_field=models.FloatField(),
                    ),
                ),
            ],
            options={
                "db_table": "batch_execution_logs",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["batch_code", "business_date"], name="run_of_step_and_day"
                    ),
                    models.Index(fields=["-started_at", "-id"], name="run_newest"),
                    models.Index(fields=["batch_code", "-started_at"], name="run_newest_of_batch"),
                    models.Index(fields=["business_date", "-started_at"], name="run_newest_of_day"),
                    models.Index(fields=["batch_nbr"], name="run_by_number"),
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    monitoring.states.RunState["PENDING"],
                                    monitoring.states.RunState["RUNNING"],
                                    monitoring.states.RunState["FAILED"],
                                    monitoring.states.RunState["UNKNOWN"],
                                ],
                            )
                        ),
                        fields=["state", "started_at"],
                        name="run_unsettled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source_batch_cd", "batch_nbr", "rerun_nbr"),
                        name="run_once_per_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    monitoring.states.RunState["PENDING"],
                                    monitoring.states.RunState["RUNNING"],
                                    monitoring.states.RunState["FAILED"],
                                    monitoring.states.RunState["COMPLETE"],
                                    monitoring.states.RunState["ENDED"],
                                    monitoring.states.RunState["CANCELLED"],
                                    monitoring.states.RunState["GONE"],
                                    monitoring.states.RunState["UNKNOWN"],
                                ],
                            )
                        ),
                        name="run_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "state__in",
                                    (
                                        monitoring.states.RunState["PENDING"],
                                        monitoring.states.RunState["RUNNING"],
                                    ),
                                ),
                                _negated=True,
                            ),
                            ("ended_at", None),
                            _connector="OR",
                        ),
                        name="run_open_has_no_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "watching_since",
                    models.DateTimeField(help_text="CC&B's clock; older is history.", null=True),
                ),
                ("circuit_opened_at", models.DateTimeField(null=True)),
                ("circuit_message", models.TextField(blank=True, default="")),
                ("stale", models.BooleanField(default=True, help_text="As pages were last told.")),
                ("poll_asked_at", models.DateTimeField(null=True)),
                ("poll_asked_by", models.CharField(blank=True, default="", max_length=255)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="source_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="StepDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("business_date", models.DateField()),
                (
                    "batch_code",
                    models.CharField(blank=True, help_text="Empty: the whole day.", max_length=40),
                ),
                ("total_runs", models.IntegerField(default=0)),
                ("successful_runs", models.IntegerField(default=0)),
                (
                    "failed_runs",
                    models.IntegerField(
                        default=0, help_text="Failed now; repaired ones have succeeded."
                    ),
                ),
                (
                    "restarts",
                    models.IntegerField(
                        default=0, help_text="Executions of threads beyond the first."
                    ),
                ),
                ("total_records", models.BigIntegerField(default=0)),
                ("records_in_error", models.BigIntegerField(default=0)),
                ("total_duration_seconds", models.BigIntegerField(default=0)),
                ("avg_duration_seconds", models.FloatField(null=True)),
                ("min_duration_seconds", models.IntegerField(null=True)),
                ("max_duration_seconds", models.IntegerField(null=True)),
                ("avg_rps", models.FloatField(null=True)),
                ("first_started_at", models.DateTimeField(db_column="first_start_time", null=True)),
                ("last_ended_at", models.DateTimeField(db_column="last_end_time", null=True)),
                ("imd_peak", models.IntegerField(null=True)),
                ("imd_left", models.IntegerField(null=True)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "batch_performance_summary",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["batch_code", "business_date"], name="step_day_of_batch")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("business_date", "batch_code"), name="step_day_once_per_batch"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("job_id", models.CharField(help_text="BATCH_JOB_ID", max_length=14, unique=True)),
                ("source_batch_cd", models.CharField(max_length=8)),
                ("batch_nbr", models.BigIntegerField(help_text="0 until its run exists.")),
                ("rerun_nbr", models.BigIntegerField()),
                (
                    "status_code",
                    models.CharField(
                        help_text="PD, ST, ED, PC, CA, as CC&B wrote it.", max_length=8
                    ),
                ),
                ("requested_at", models.DateTimeField(null=True)),
                ("thread_count", models.IntegerField()),
                ("process_date", models.DateField(null=True)),
                ("method", models.CharField(max_length=8)),
                ("first_seen_at", models.DateTimeField()),
                ("status_since", models.DateTimeField()),
                ("orphan_since", models.DateTimeField(null=True)),
                ("over_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("over_at", None)),
                        fields=["job_id"],
                        name="submission_open",
                    ),
                    models.Index(fields=["over_at"], name="submission_over"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarDayEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "business_date",
                    models.DateField(
                        validators=[
                            django.core.validators.MinValueValidator(datetime.date(2000, 1, 1)),
                            django.core.validators.MaxValueValidator(datetime.date(2100, 12, 31)),
                        ],
                        verbose_name="business day",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ordinary", "ordinary day"),
                            ("month_end", "month end"),
                            ("holiday", "holiday"),
                        ],
                        default="holiday",
                        max_length=16,
                    ),
                ),
                (
                    "yearly",
                    models.BooleanField(
                        default=False,
                        help_text="The same date of each year, if not said else.",
                        verbose_name="every year",
                    ),
                ),
                (
                    "name",
                    models.CharField(blank=True, help_text="Such as Victory Day.", max_length=80),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="monitoring.calendarday",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ImdCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("business_object", models.CharField(max_length=30)),
                ("status", models.CharField(max_length=12)),
                ("count", models.IntegerField()),
                ("oldest_at", models.DateTimeField(null=True)),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imd_counts",
                        to="monitoring.poll",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("poll", "business_object", "status"), name="imd_count_once_per_poll"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SubmissionSample",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("job_id", models.CharField(max_length=14)),
                ("source_batch_cd", models.CharField(max_length=8)),
                ("batch_nbr", models.BigIntegerField()),
                ("rerun_nbr", models.BigIntegerField()),
                ("status_code", models.CharField(max_length=8)),
                ("requested_at", models.DateTimeField(null=True)),
                ("first_seen_at", models.DateTimeField()),
                ("orphan_since", models.DateTimeField(null=True)),
                ("over_at", models.DateTimeField(null=True)),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submission_samples",
                        to="monitoring.poll",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("poll", "job_id"), name="submission_sample_once_per_poll"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MonitoringConfigEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "poll_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="CC&B is read this often, by CC&B's clock.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                (
                    "stale_after_polls",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="After so many intervals without a good reading, states are unknown.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                (
                    "day_start",
                    models.TimeField(
                        db_column="day_start_time",
                        default=datetime.time(5, 0),
                        help_text="When a business day begins, on the site's clock. Runs seen before keep their day.",
                    ),
                ),
                (
                    "page_refresh_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="Pages follow by themselves; beside that they are drawn anew this often.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                    ),
                ),
                (
                    "log_retention_days",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="Runs are kept in detail so long; one row of each for three years.",
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(1095),
                        ],
                    ),
                ),
                (
                    "stuck_minutes",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="A run without progress for so long is stuck; a rule setting may differ.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "month_end_last_days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="So many business days at its end count as a month's end.",
                        validators=[django.core.validators.MaxValueValidator(7)],
                        verbose_name="last days of a month",
                    ),
                ),
                (
                    "month_end_first_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="So many at the beginning of the next month count as its end, too.",
                        validators=[django.core.validators.MaxValueValidator(7)],
                        verbose_name="first days of a month",
                    ),
                ),
                (
                    "day_deadline",
                    models.TimeField(
                        db_column="day_deadline_time",
                        default=datetime.time(18, 0),
                        help_text="By then the whole workflow should be done: the site's clock, the business day.",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="monitoring.monitoringconfig",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PlannedOutage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "begins_at",
                    models.DateTimeField(
                        validators=[
                            django.core.validators.MinValueValidator(
                                datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                            django.core.validators.MaxValueValidator(
                                datetime.datetime(2101, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                        ],
                        verbose_name="from",
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        validators=[
                            django.core.validators.MinValueValidator(
                                datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                            django.core.validators.MaxValueValidator(
                                datetime.datetime(2101, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                        ],
                        verbose_name="until",
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all of CC&B.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="planned_outages",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "verbose_name": "planned outage",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("begins_at__lt", models.F("ends_at"))),
                        name="planned_outage_ends_after_it_begins",
                        violation_error_message="It must end after it begins. Mend one of the two.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=40)),
                ("enabled", models.BooleanField(default=True)),
                ("thresholds", models.JSONField(default=dict)),
                ("step_values", models.JSONField(default=dict)),
                ("held", models.JSONField()),
                ("state", models.CharField(default="asked", max_length=16)),
                ("asked_by", models.CharField(max_length=255)),
                ("asked_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Business days to go through."
                    ),
                ),
                ("days_done", models.PositiveSmallIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("applied_at", models.DateTimeField(null=True)),
                ("applied_by", models.CharField(blank=True, default="", max_length=255)),
                (
                    "step",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replays",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "asked")), fields=["id"], name="replay_asked"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["asked", "done", "failed"])),
                        name="replay_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("state", "asked")),
                            models.Q(
                                models.Q(("state", "asked"), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="replay_over_has_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleSetting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("FAILED", "failed"),
                            ("STUCK", "stuck"),
                            ("LONG_RUNNING", "long running"),
                            ("NOT_STARTED", "not started"),
                            ("LOW_THROUGHPUT", "low throughput"),
                            ("LOW_RECORDS", "low records"),
                            ("TOO_FAST", "too fast"),
                            ("COMPLETED_WITH_ERRORS", "completed with errors"),
                            ("PENDING_TOO_LONG", "pending too long"),
                            ("JOB_ORPHAN", "orphan submission"),
                            ("OUT_OF_ORDER", "out of order"),
                            ("IMD_NOT_DRAINING", "IMD not draining"),
                            ("DEADLINE_AT_RISK", "deadline at risk"),
                            ("UNKNOWN_STATUS", "unknown status"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Off: it finds nothing, and what it found is over.",
                        verbose_name="on",
                    ),
                ),
                (
                    "record_only",
                    models.BooleanField(
                        default=False,
                        help_text="On trial: its alerts are kept and shown, and nobody is mailed or notified.",
                        verbose_name="only on record",
                    ),
                ),
                ("thresholds", models.JSONField(blank=True, default=dict)),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all steps without a setting of their own, and runs of no step.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rule_settings",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule setting",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rule", "step"),
                        name="rule_setting_once_per_step",
                        nulls_distinct=False,
                        violation_error_message="This rule has a setting for this step already: change that one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rule__in",
                                (
                                    "FAILED",
                                    "STUCK",
                                    "LONG_RUNNING",
                                    "NOT_STARTED",
                                    "LOW_THROUGHPUT",
                                    "LOW_RECORDS",
                                    "TOO_FAST",
                                    "COMPLETED_WITH_ERRORS",
                                    "PENDING_TOO_LONG",
                                    "JOB_ORPHAN",
                                    "OUT_OF_ORDER",
                                    "IMD_NOT_DRAINING",
                                    "DEADLINE_AT_RISK",
                                    "UNKNOWN_STATUS",
                                ),
                            )
                        ),
                        name="rule_setting_rule_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StepEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "batch_code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_-]+\\Z",
                                "Use letters, digits, - and _ only, as CC&B's codes do.",
                            )
                        ],
                    ),
                ),
                (
                    "source_batch_cd",
                    models.CharField(
                        help_text="At most 8 characters.",
                        max_length=8,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z0-9_-]+\\Z",
                                "Use letters, digits, - and _ only, as CC&B's codes do.",
                            )
                        ],
                        verbose_name="CC&B batch code",
                    ),
                ),
                ("name", models.CharField(db_column="batch_name", max_length=80)),
                ("sequence_order", models.PositiveSmallIntegerField()),
                (
                    "expected_start",
                    models.TimeField(
                        db_column="expected_start_time",
                        help_text="On the site's clock.",
                        verbose_name="expected start",
                    ),
                ),
                (
                    "grace_minutes",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="So long after the expected start the step is late.",
                        validators=[django.core.validators.MaxValueValidator(1440)],
                    ),
                ),
                (
                    "expected_minutes",
                    models.PositiveIntegerField(
                        db_column="expected_duration_minutes",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "max_minutes",
                    models.PositiveIntegerField(
                        db_column="max_duration_minutes",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "repeats",
                    models.BooleanField(
                        db_column="can_run_multiple",
                        default=False,
                        verbose_name="runs several times a day",
                    ),
                ),
                (
                    "drains_imd",
                    models.BooleanField(
                        default=False,
                        help_text="As D1-IMD does.",
                        verbose_name="runs until no IMD is pending",
                    ),
                ),
                (
                    "deadline",
                    models.TimeField(
                        blank=True,
                        db_column="deadline_time",
                        help_text="On the site's clock. Empty: only the day's own deadline counts.",
                        null=True,
                    ),
                ),
                ("is_critical", models.BooleanField(default=True)),
                (
                    "stuck_profile",
                    models.CharField(
                        choices=[
                            ("records", "by records and heartbeat"),
                            ("status_only", "by status alone"),
                            ("off", "never"),
                        ],
                        default="records",
                        max_length=16,
                    ),
                ),
                (
                    "rps_floor",
                    models.FloatField(
                        blank=True,
                        help_text="Empty: no floor.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="records per second, at least",
                    ),
                ),
                (
                    "depends_on",
                    models.ForeignKey(
                        blank=True,
                        db_column="depends_on_batch",
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="monitoring.step",
                        to_field="batch_code",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="RunEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("source_at", models.DateTimeField()),
                ("actor", models.CharField(max_length=255)),
                ("verb", models.CharField(max_length=20)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="monitoring.run",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["source_at"], name="run_event_age")],
            },
        ),
        migrations.CreateModel(
            name="RunSample",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(help_text="CC&B's clock at the poll.")),
                ("state", models.CharField(max_length=16)),
                ("status_code", models.CharField(max_length=8)),
                ("records_processed", models.BigIntegerField()),
                ("records_in_error", models.BigIntegerField()),
                ("heartbeat", models.BigIntegerField()),
                ("version", models.BigIntegerField()),
                ("instances", models.IntegerField()),
                ("threads", models.JSONField(help_text="How many threads per status code.")),
                (
                    "started_at",
                    models.DateTimeField(help_text="Empty: kept before this was.", null=True),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("own_ended_at", models.DateTimeField(null=True)),
                ("restarted_at", models.DateTimeField(null=True)),
                ("entered_at", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("seen_to_move", models.BooleanField(default=False)),
                ("business_date", models.DateField(null=True)),
                ("error_message", models.TextField(blank=True, default="")),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="samples",
                        to="monitoring.poll",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="samples",
                        to="monitoring.run",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["run", "-at"], name="run_sample_course"),
                    models.Index(fields=["at"], name="run_sample_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "poll"), name="run_sample_once_per_poll")
                ],
            },
        ),
        migrations.CreateModel(
            name="RunThread",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                (
                    "status_code",
                    models.CharField(help_text="THREAD_STATUS, as CC&B wrote it.", max_length=8),
                ),
                ("executions", models.IntegerField(help_text="More than one: it was restarted.")),
                ("retries", models.IntegerField()),
                ("records_processed", models.BigIntegerField()),
                ("records_in_error", models.BigIntegerField()),
                ("started_at", models.DateTimeField(null=True)),
                (
                    "ended_at",
                    models.DateTimeField(
                        help_text="Empty while its last execution goes on.", null=True
                    ),
                ),
                (
                    "last_message",
                    models.TextField(blank=True, default="", help_text="Of a thread in error."),
                ),
                (
                    "seen_at",
                    models.DateTimeField(help_text="CC&B's clock when it was last seen to change."),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="thread_rows",
                        to="monitoring.run",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["seen_at"], name="run_thread_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "number"), name="run_thread_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedOutageEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "begins_at",
                    models.DateTimeField(
                        validators=[
                            django.core.validators.MinValueValidator(
                                datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                            django.core.validators.MaxValueValidator(
                                datetime.datetime(2101, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                        ],
                        verbose_name="from",
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        validators=[
                            django.core.validators.MinValueValidator(
                                datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                            django.core.validators.MaxValueValidator(
                                datetime.datetime(2101, 1, 1, 0, 0, tzinfo=datetime.UTC)
                            ),
                        ],
                        verbose_name="until",
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="monitoring.plannedoutage",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Empty: all of CC&B.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="RuleSettingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("FAILED", "failed"),
                            ("STUCK", "stuck"),
                            ("LONG_RUNNING", "long running"),
                            ("NOT_STARTED", "not started"),
                            ("LOW_THROUGHPUT", "low throughput"),
                            ("LOW_RECORDS", "low records"),
                            ("TOO_FAST", "too fast"),
                            ("COMPLETED_WITH_ERRORS", "completed with errors"),
                            ("PENDING_TOO_LONG", "pending too long"),
                            ("JOB_ORPHAN", "orphan submission"),
                            ("OUT_OF_ORDER", "out of order"),
                            ("IMD_NOT_DRAINING", "IMD not draining"),
                            ("DEADLINE_AT_RISK", "deadline at risk"),
                            ("UNKNOWN_STATUS", "unknown status"),
                        ],
                        max_length=40,
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="Off: it finds nothing, and what it found is over.",
                        verbose_name="on",
                    ),
                ),
                (
                    "record_only",
                    models.BooleanField(
                        default=False,
                        help_text="On trial: its alerts are kept and shown, and nobody is mailed or notified.",
                        verbose_name="only on record",
                    ),
                ),
                ("thresholds", models.JSONField(blank=True, default=dict)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="monitoring.rulesetting",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Empty: all steps without a setting of their own, and runs of no step.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="monitoring.step",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendarday",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_calendardayevent" ("business_date", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "yearly") VALUES (NEW."business_date", NEW."id", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."yearly"); RETURN NULL;',
                    hash="9d176f845f7b0a455a8151a5793c31f3f20ded0c",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cc9eb",
                    table="monitoring_calendarday",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendarday",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "monitoring_calendardayevent" ("business_date", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "yearly") VALUES (NEW."business_date", NEW."id", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."yearly"); RETURN NULL;',
                    hash="c0f1b302618b4efe6f23cbe6f5a2e157aa857b03",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_5b662",
                    table="monitoring_calendarday",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendarday",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_calendardayevent" ("business_date", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "yearly") VALUES (OLD."business_date", OLD."id", OLD."kind", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."yearly"); RETURN NULL;',
                    hash="612f2a6e476155b02fe468f8ccc9c0289a58c909",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5bec3",
                    table="monitoring_calendarday",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monitoringconfig",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_monitoringconfigevent" ("day_deadline_time", "day_start_time", "id", "log_retention_days", "month_end_first_days", "month_end_last_days", "page_refresh_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "poll_minutes", "stale_after_polls", "stuck_minutes") VALUES (NEW."day_deadline_time", NEW."day_start_time", NEW."id", NEW."log_retention_days", NEW."month_end_first_days", NEW."month_end_last_days", NEW."page_refresh_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."poll_minutes", NEW."stale_after_polls", NEW."stuck_minutes"); RETURN NULL;',
                    hash="af329d004fcbbc0287989f969cbac1af97bee3ec",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_0c85a",
                    table="batch_monitoring_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monitoringconfig",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "monitoring_monitoringconfigevent" ("day_deadline_time", "day_start_time", "id", "log_retention_days", "month_end_first_days", "month_end_last_days", "page_refresh_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "poll_minutes", "stale_after_polls", "stuck_minutes") VALUES (NEW."day_deadline_time", NEW."day_start_time", NEW."id", NEW."log_retention_days", NEW."month_end_first_days", NEW."month_end_last_days", NEW."page_refresh_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."poll_minutes", NEW."stale_after_polls", NEW."stuck_minutes"); RETURN NULL;',
                    hash="86a00a4ba209e045efa71bee1937197c8ffdda11",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_49fad",
                    table="batch_monitoring_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monitoringconfig",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_monitoringconfigevent" ("day_deadline_time", "day_start_time", "id", "log_retention_days", "month_end_first_days", "month_end_last_days", "page_refresh_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "poll_minutes", "stale_after_polls", "stuck_minutes") VALUES (OLD."day_deadline_time", OLD."day_start_time", OLD."id", OLD."log_retention_days", OLD."month_end_first_days", OLD."month_end_last_days", OLD."page_refresh_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."poll_minutes", OLD."stale_after_polls", OLD."stuck_minutes"); RETURN NULL;',
                    hash="c06bbf509f859d9f484067b842f5dfb339e32a13",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c533f",
                    table="batch_monitoring_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendardayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="a79a70aa9d3f55bc6fd6d6ee4146772c5204daa9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_9b737",
                    table="monitoring_calendardayevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="calendardayevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="2cd672b7c2f173a182dd31731d1b6dc8fb85ea21",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_0c045",
                    table="monitoring_calendardayevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monitoringconfigevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="54e85e37e2717658c65881e6601a25fc81cf9f83",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_7b709",
                    table="monitoring_monitoringconfigevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monitoringconfigevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="397309b6552226d50e1745ab2ff141bd8b442b74",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_97ca3",
                    table="monitoring_monitoringconfigevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="runevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2e9156a43159e3c9504d8d25d47862886a076995",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_0d20d",
                    table="monitoring_runevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="runevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="af467e2aec6d6b26eeb390faaed586abfed845af",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_cbce5",
                    table="monitoring_runevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="step",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_stepevent" ("batch_code", "batch_name", "can_run_multiple", "deadline_time", "depends_on_batch", "drains_imd", "expected_duration_minutes", "expected_start_time", "grace_minutes", "id", "is_critical", "max_duration_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rps_floor", "sequence_order", "source_batch_cd", "stuck_profile") VALUES (NEW."batch_code", NEW."batch_name", NEW."can_run_multiple", NEW."deadline_time", NEW."depends_on_batch", NEW."drains_imd", NEW."expected_duration_minutes", NEW."expected_start_time", NEW."grace_minutes", NEW."id", NEW."is_critical", NEW."max_duration_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."rps_floor", NEW."sequence_order", NEW."source_batch_cd", NEW."stuck_profile"); RETURN NULL;',
                    hash="20a7a331b3c257e4bc75fa31696818f108af1afa",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_febbb",
                    table="batch_workflow_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="step",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "monitoring_stepevent" ("batch_code", "batch_name", "can_run_multiple", "deadline_time", "depends_on_batch", "drains_imd", "expected_duration_minutes", "expected_start_time", "grace_minutes", "id", "is_critical", "max_duration_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rps_floor", "sequence_order", "source_batch_cd", "stuck_profile") VALUES (NEW."batch_code", NEW."batch_name", NEW."can_run_multiple", NEW."deadline_time", NEW."depends_on_batch", NEW."drains_imd", NEW."expected_duration_minutes", NEW."expected_start_time", NEW."grace_minutes", NEW."id", NEW."is_critical", NEW."max_duration_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."rps_floor", NEW."sequence_order", NEW."source_batch_cd", NEW."stuck_profile"); RETURN NULL;',
                    hash="d3a903f7218f405ead22111ea40b105fbf659ac0",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_a9fe5",
                    table="batch_workflow_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="step",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_stepevent" ("batch_code", "batch_name", "can_run_multiple", "deadline_time", "depends_on_batch", "drains_imd", "expected_duration_minutes", "expected_start_time", "grace_minutes", "id", "is_critical", "max_duration_minutes", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rps_floor", "sequence_order", "source_batch_cd", "stuck_profile") VALUES (OLD."batch_code", OLD."batch_name", OLD."can_run_multiple", OLD."deadline_time", OLD."depends_on_batch", OLD."drains_imd", OLD."expected_duration_minutes", OLD."expected_start_time", OLD."grace_minutes", OLD."id", OLD."is_critical", OLD."max_duration_minutes", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."rps_floor", OLD."sequence_order", OLD."source_batch_cd", OLD."stuck_profile"); RETURN NULL;',
                    hash="037110615a98e39f37180fc9809b9a64af908810",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_85a8f",
                    table="batch_workflow_config",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rulesettingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="80b3e958dc86f66a642548cf0df0fb57a7d99877",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_5fcb0",
                    table="monitoring_rulesettingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rulesettingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0ae82af84e1d6b375321a9e7c4679ee164421fb2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_7a5d3",
                    table="monitoring_rulesettingevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rulesetting",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_rulesettingevent" ("enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "record_only", "rule", "step_id", "thresholds") VALUES (NEW."enabled", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."record_only", NEW."rule", NEW."step_id", NEW."thresholds"); RETURN NULL;',
                    hash="c456e63d29dd57478201fcc2d90896aab8817fde",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_4e50e",
                    table="monitoring_rulesetting",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rulesetting",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "monitoring_rulesettingevent" ("enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "record_only", "rule", "step_id", "thresholds") VALUES (NEW."enabled", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."record_only", NEW."rule", NEW."step_id", NEW."thresholds"); RETURN NULL;',
                    hash="074956c9e90c082bfff703f5ce722031614a4d36",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_98dd5",
                    table="monitoring_rulesetting",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="rulesetting",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_rulesettingevent" ("enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "record_only", "rule", "step_id", "thresholds") VALUES (OLD."enabled", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."record_only", OLD."rule", OLD."step_id", OLD."thresholds"); RETURN NULL;',
                    hash="50d9c5a5dc71e27d43e315316233cf8766774520",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_b1574",
                    table="monitoring_rulesetting",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plannedoutageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="7df6b83e0094be7244ff553a95784f91ba3d1595",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_3d6c7",
                    table="monitoring_plannedoutageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plannedoutageevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f7983d05c928ae068a7609ad9dda351124a95850",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_73283",
                    table="monitoring_plannedoutageevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plannedoutage",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_plannedoutageevent" ("begins_at", "ends_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "step_id") VALUES (NEW."begins_at", NEW."ends_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."reason", NEW."step_id"); RETURN NULL;',
                    hash="82920d4fcb5c36c5b675a66b53f54c1c640df716",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_62e0a",
                    table="monitoring_plannedoutage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plannedoutage",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "monitoring_plannedoutageevent" ("begins_at", "ends_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "step_id") VALUES (NEW."begins_at", NEW."ends_at", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."reason", NEW."step_id"); RETURN NULL;',
                    hash="c23a105aefadf5c2e771264a7212e11359b9c6f8",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_b781f",
                    table="monitoring_plannedoutage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plannedoutage",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "monitoring_plannedoutageevent" ("begins_at", "ends_at", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "step_id") VALUES (OLD."begins_at", OLD."ends_at", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."reason", OLD."step_id"); RETURN NULL;',
                    hash="46777827beeb7f5b75fd021854cf947af2b2c03b",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_884fa",
                    table="monitoring_plannedoutage",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stepevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="48b7b2c1d261d614d6dc8ee06d089addb503c790",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_45045",
                    table="monitoring_stepevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stepevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="81203c75178cc4dfb5d724d2a261b7c6bf725562",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e7ceb",
                    table="monitoring_stepevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
