import datetime

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import alerts.models.muting
import alerts.states


class Migration(migrations.Migration):
    replaces = [
        ("alerts", "0001_initial"),
        ("alerts", "0002_notices"),
        ("alerts", "0003_search_and_lists"),
        ("alerts", "0004_missed_schedule"),
        ("alerts", "0005_what_is_told"),
        ("alerts", "0006_mails_given_up"),
        ("alerts", "0007_job_without_zip"),
        ("alerts", "0008_record_only"),
        ("alerts", "0009_channel_history"),
        ("alerts", "0010_channels"),
        ("alerts", "0011_silences_and_escalation"),
        ("alerts", "0012_bulletins"),
        ("alerts", "0013_append_only"),
        ("alerts", "0014_by_end"),
    ]

    initial = True

    dependencies = [
        ("batchops", "0005_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bulletin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("daily_report", "Daily report"),
                            ("hand_over", "Shift hand-over"),
                        ],
                        default=alerts.states.BulletinKind["HAND_OVER"],
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Such as Morning shift; it stands in the subject.",
                        max_length=60,
                        unique=True,
                    ),
                ),
                (
                    "at",
                    models.TimeField(
                        blank=True,
                        help_text="On the site's clock. Empty, for the daily report: at the day's deadline.",
                        null=True,
                        verbose_name="time",
                    ),
                ),
                (
                    "recipients",
                    models.TextField(
                        blank=True, default="", help_text="E-mail addresses, one on each line."
                    ),
                ),
                ("enabled", models.BooleanField(default=False, verbose_name="on")),
                ("set_at", models.DateTimeField(editable=False)),
            ],
            options={
                "verbose_name": "report by mail",
                "verbose_name_plural": "reports by mail",
                "permissions": [
                    ("view_report", "Can see daily reports and hand-over lists"),
                    ("send_bulletin", "Can have a hand-over list mailed now"),
                ],
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", alerts.states.BulletinKind["DAILY_REPORT"])),
                        fields=("kind",),
                        name="bulletin_one_daily_report",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", alerts.states.BulletinKind["DAILY_REPORT"]),
                            models.Q(
                                ("at__isnull", False),
                                ("kind", alerts.states.BulletinKind["HAND_OVER"]),
                            ),
                            _connector="OR",
                        ),
                        name="bulletin_hand_over_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200, unique=True)),
                ("subject", models.CharField(max_length=200)),
                ("lines", models.JSONField(default=list)),
                ("url", models.CharField(blank=True, default="", max_length=300)),
                ("event", models.CharField(blank=True, default="", max_length=40)),
                ("facts", models.JSONField(default=dict)),
                ("text", models.TextField(blank=True, default="")),
                ("html", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("webhook", "Webhook"),
                            ("chat", "Chat or SMS"),
                        ],
                        default=alerts.states.ChannelKind["EMAIL"],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "recipients",
                    models.TextField(
                        blank=True, default="", help_text="E-mail addresses, one on each line."
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=260,
                        verbose_name="sends to",
                    ),
                ),
                (
                    "minimum_severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default=alerts.states.Severity["CRITICAL"],
                        help_text="It hears of alerts of this severity and of worse ones.",
                        max_length=16,
                        verbose_name="from severity",
                    ),
                ),
                (
                    "rules",
                    models.JSONField(blank=True, default=list, verbose_name="types of alerts"),
                ),
                (
                    "batches",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Codes of steps or of job types, one on each line; empty: all.",
                        verbose_name="steps and job types",
                    ),
                ),
                (
                    "job_ends",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("bad", "Failed, or completed with errors"),
                            ("all", "All"),
                        ],
                        default=alerts.states.JobEnds["NONE"],
                        help_text="Of which ends of the site's own jobs it tells, beside alerts.",
                        max_length=16,
                        verbose_name="ends of jobs",
                    ),
                ),
                ("days", models.JSONField(blank=True, default=list, verbose_name="on days")),
                ("hours_from", models.TimeField(blank=True, null=True, verbose_name="from")),
                (
                    "hours_until",
                    models.TimeField(
                        blank=True,
                        help_text="Site time; an end before the beginning is on the next day. Outside these hours it waits, and tells what is still open when they begin.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "per_minute",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="What is more comes as one; empty: as MAIL_LIMIT says.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="messages a minute",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("is_default", models.BooleanField(default=False, editable=False)),
                ("secret_changed_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="channel_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "minimum_severity__in",
                                [
                                    alerts.states.Severity["CRITICAL"],
                                    alerts.states.Severity["WARNING"],
                                    alerts.states.Severity["INFO"],
                                ],
                            )
                        ),
                        name="channel_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    alerts.states.ChannelKind["EMAIL"],
                                    alerts.states.ChannelKind["WEBHOOK"],
                                    alerts.states.ChannelKind["CHAT"],
                                ],
                            )
                        ),
                        name="channel_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
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
                            ("SOURCE_STALE", "source stale"),
                            ("JOB_FAILED", "job failed"),
                            ("JOB_STUCK", "job stuck"),
                            ("JOB_LATE", "job late"),
                            ("JOB_COMPLETED_WITH_ERRORS", "job completed with errors"),
                            ("JOB_NO_SUMMARY", "job without summary"),
                            ("JOB_NO_ZIP", "job without ZIP"),
                            ("MISSED_SCHEDULE", "missed schedule"),
                            ("CHANNEL_FAILING", "channel failing"),
                        ],
                        db_column="alert_type",
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                ("key", models.CharField(db_column="alert_key", max_length=200)),
                ("occurrence", models.CharField(blank=True, default="", max_length=80)),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        db_column="alert_severity",
                        max_length=16,
                    ),
                ),
                ("message", models.TextField(db_column="alert_message")),
                ("evidence", models.JSONField(default=dict)),
                (
                    "batch_code",
                    models.CharField(blank=True, default="", max_length=40, verbose_name="batch"),
                ),
                ("business_date", models.DateField(null=True)),
                ("subject", models.CharField(blank=True, default="", max_length=120)),
                ("subject_url", models.CharField(blank=True, default="", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("acknowledged", "Acknowledged"),
                            ("resolved", "Resolved"),
                        ],
                        default=alerts.states.State["OPEN"],
                        max_length=16,
                    ),
                ),
                ("opened_at", models.DateTimeField(db_column="created_at", verbose_name="opened")),
                ("acknowledged_at", models.DateTimeField(null=True)),
                (
                    "acknowledged_by",
                    models.CharField(
                        blank=True, default="", max_length=255, verbose_name="who has it"
                    ),
                ),
                ("acknowledged_until", models.DateTimeField(null=True)),
                ("acknowledged_note", models.TextField(blank=True, default="")),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, default="", max_length=255)),
                ("resolved_by_hand", models.BooleanField(default=False)),
                ("is_held", models.BooleanField(db_default=False, default=False)),
                ("email_sent", models.BooleanField(default=False)),
                ("record_only", models.BooleanField(db_default=False, default=False)),
                ("muted_until", models.DateTimeField(null=True)),
                (
                    "withheld",
                    models.CharField(blank=True, db_default="", default="", max_length=16),
                ),
                ("openings", models.PositiveIntegerField(db_default=1, default=1)),
                ("damped_until", models.DateTimeField(null=True)),
                ("unanswered_since", models.DateTimeField(null=True)),
                ("escalated_minutes", models.PositiveIntegerField(db_default=0, default=0)),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "acknowledged",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.ExpressionWrapper(
                            models.Q(("state", alerts.states.State["OPEN"]), _negated=True),
                            output_field=models.BooleanField(),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            "message",
                            "batch_code",
                            "key",
                            "rule",
                            "subject",
                            "acknowledged_note",
                            arg_joiner=" || ' ' || ",
                            template="to_tsvector('simple'::regconfig, regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g'))",
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "cause",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="caused",
                        to="alerts.alert",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="following",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "db_table": "batch_monitoring_alerts",
                "permissions": [
                    ("acknowledge_alert", "Can acknowledge alerts"),
                    ("resolve_alert", "Can resolve alerts by hand"),
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                (alerts.states.State["OPEN"], alerts.states.State["ACKNOWLEDGED"]),
                            )
                        ),
                        fields=["-opened_at", "-id"],
                        name="alert_active_newest",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("acknowledged_until__isnull", False),
                            ("state", alerts.states.State["ACKNOWLEDGED"]),
                        ),
                        fields=["acknowledged_until"],
                        name="alert_acknowledged_until",
                    ),
                    models.Index(fields=["rule", "key", "-id"], name="alert_last_of_key"),
                    models.Index(fields=["-opened_at", "-id"], name="alert_newest"),
                    models.Index(
                        fields=["batch_code", "-opened_at", "-id"], name="alert_newest_by_batch"
                    ),
                    models.Index(fields=["rule", "-opened_at", "-id"], name="alert_newest_of_rule"),
                    models.Index(
                        fields=["severity", "-opened_at", "-id"], name="alert_newest_of_severity"
                    ),
                    models.Index(
                        condition=models.Q(("acknowledged_by", ""), _negated=True),
                        fields=["acknowledged_by", "-opened_at", "-id"],
                        name="alert_newest_of_person",
                    ),
                    models.Index(
                        condition=models.Q(("resolved_by_hand", True)),
                        fields=["-opened_at", "-id"],
                        name="alert_newest_by_hand",
                    ),
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", False)),
                        fields=["-resolved_at"],
                        name="alert_newest_end",
                    ),
                    models.Index(
                        condition=models.Q(("is_held", True)), fields=["rule"], name="alert_held"
                    ),
                    models.Index(
                        condition=models.Q(("cause__isnull", False)),
                        fields=["cause"],
                        name="alert_of_cause",
                    ),
                    models.Index(
                        condition=models.Q(("muted_until__isnull", False)),
                        fields=["muted_until"],
                        name="alert_muted",
                    ),
                    models.Index(fields=["business_date"], name="alert_of_day"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search"], name="alert_search"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                (alerts.states.State["OPEN"], alerts.states.State["ACKNOWLEDGED"]),
                            )
                        ),
                        fields=("rule", "key"),
                        name="alert_one_active_per_rule_and_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("acknowledged_at", None),
                                ("resolved_at", None),
                                ("state", alerts.states.State["OPEN"]),
                            ),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                ("resolved_at", None),
                                ("state", alerts.states.State["ACKNOWLEDGED"]),
                            ),
                            models.Q(
                                ("resolved_at__isnull", False),
                                ("state", alerts.states.State["RESOLVED"]),
                            ),
                            _connector="OR",
                        ),
                        name="alert_state_and_times_agree",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("acknowledged_at", None),
                                ("acknowledged_by", ""),
                                ("acknowledged_until", None),
                            ),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                models.Q(("acknowledged_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="alert_acknowledged_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "severity__in",
                                [
                                    alerts.states.Severity["CRITICAL"],
                                    alerts.states.Severity["WARNING"],
                                    alerts.states.Severity["INFO"],
                                ],
                            )
                        ),
                        name="alert_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "acknowledged_until__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("acknowledged_at"),
                                    "+",
                                    models.Value(datetime.timedelta(days=365)),
                                ),
                            )
                        ),
                        name="alert_rests_a_year_at_most",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
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
                        blank=True,
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
                            ("SOURCE_STALE", "source stale"),
                            ("JOB_FAILED", "job failed"),
                            ("JOB_STUCK", "job stuck"),
                            ("JOB_LATE", "job late"),
                            ("JOB_COMPLETED_WITH_ERRORS", "job completed with errors"),
                            ("JOB_NO_SUMMARY", "job without summary"),
                            ("JOB_NO_ZIP", "job without ZIP"),
                            ("MISSED_SCHEDULE", "missed schedule"),
                            ("CHANNEL_FAILING", "channel failing"),
                        ],
                        default="",
                        help_text="Empty: alerts of every type.",
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As alerts show it, such as CM-DMRU. Empty: every step and job type.",
                        max_length=40,
                        verbose_name="step or job type",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default="",
                        help_text="Just this severity: one that gets worse is told. Empty: every severity.",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "cron",
                    models.CharField(
                        help_text="Minute, hour, day of the month, month, day of the week; such as 0 22 * * SAT.",
                        max_length=100,
                        verbose_name="begins at",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default=alerts.models.muting.site_zone,
                        help_text="On whose clock, such as Asia/Dhaka.",
                        max_length=60,
                    ),
                ),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        help_text="As they pass: in a night that changes the clocks it ends at another hour.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="length in minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
            ],
            options={
                "default_permissions": ("add", "change", "delete", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gte", 1), ("minutes__lte", 10080)),
                        name="maintenance_window_a_week_at_most",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        max_length=16,
                        unique=True,
                    ),
                ),
                (
                    "every_minutes",
                    models.PositiveIntegerField(
                        help_text="At least 5. Of an acknowledged or silenced alert nobody is reminded.",
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="every so many minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
            ],
            options={
                "default_permissions": ("add", "change", "delete", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "severity__in",
                                [
                                    alerts.states.Severity["CRITICAL"],
                                    alerts.states.Severity["WARNING"],
                                    alerts.states.Severity["INFO"],
                                ],
                            )
                        ),
                        name="reminder_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every_minutes__gte", 5), ("every_minutes__lte", 10080)
                        ),
                        name="reminder_not_too_often",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Silence",
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
                        blank=True,
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
                            ("SOURCE_STALE", "source stale"),
                            ("JOB_FAILED", "job failed"),
                            ("JOB_STUCK", "job stuck"),
                            ("JOB_LATE", "job late"),
                            ("JOB_COMPLETED_WITH_ERRORS", "job completed with errors"),
                            ("JOB_NO_SUMMARY", "job without summary"),
                            ("JOB_NO_ZIP", "job without ZIP"),
                            ("MISSED_SCHEDULE", "missed schedule"),
                            ("CHANNEL_FAILING", "channel failing"),
                        ],
                        default="",
                        help_text="Empty: alerts of every type.",
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As alerts show it, such as CM-DMRU. Empty: every step and job type.",
                        max_length=40,
                        verbose_name="step or job type",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default="",
                        help_text="Just this severity: one that gets worse is told. Empty: every severity.",
                        max_length=16,
                    ),
                ),
                ("key", models.CharField(blank=True, default="", max_length=200)),
                ("from_at", models.DateTimeField(verbose_name="from")),
                ("until_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(max_length=200)),
                ("made_by", models.CharField(editable=False, max_length=255)),
            ],
            options={
                "default_permissions": ("add", "change", "view"),
                "indexes": [models.Index(fields=["until_at"], name="silence_until")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("from_at"))),
                        name="silence_ends_after_it_begins",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BulletinEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("daily_report", "Daily report"),
                            ("hand_over", "Shift hand-over"),
                        ],
                        default=alerts.states.BulletinKind["HAND_OVER"],
                        editable=False,
                        max_length=16,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Such as Morning shift; it stands in the subject.", max_length=60
                    ),
                ),
                (
                    "at",
                    models.TimeField(
                        blank=True,
                        help_text="On the site's clock. Empty, for the daily report: at the day's deadline.",
                        null=True,
                        verbose_name="time",
                    ),
                ),
                (
                    "recipients",
                    models.TextField(
                        blank=True, default="", help_text="E-mail addresses, one on each line."
                    ),
                ),
                ("enabled", models.BooleanField(default=False, verbose_name="on")),
                ("set_at", models.DateTimeField(editable=False)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.bulletin",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="BulletinSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("business_date", models.DateField()),
                ("due_at", models.DateTimeField(help_text="By CC&B's clock, as business days go.")),
                ("decided_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("posted", "Mailed"), ("missed", "Not mailed")], max_length=8
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("readers", models.PositiveIntegerField(default=0)),
                (
                    "bulletin",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to="alerts.bulletin",
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="alerts.notice",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bulletin", "business_date"), name="bulletin_once_a_business_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("outcome", alerts.states.SlotOutcome["POSTED"]), ("reason", "")
                            ),
                            models.Q(
                                ("outcome", alerts.states.SlotOutcome["MISSED"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bulletin_missed_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("email", "E-mail"),
                            ("webhook", "Webhook"),
                            ("chat", "Chat or SMS"),
                        ],
                        default=alerts.states.ChannelKind["EMAIL"],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "recipients",
                    models.TextField(
                        blank=True, default="", help_text="E-mail addresses, one on each line."
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        max_length=260,
                        verbose_name="sends to",
                    ),
                ),
                (
                    "minimum_severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default=alerts.states.Severity["CRITICAL"],
                        help_text="It hears of alerts of this severity and of worse ones.",
                        max_length=16,
                        verbose_name="from severity",
                    ),
                ),
                (
                    "rules",
                    models.JSONField(blank=True, default=list, verbose_name="types of alerts"),
                ),
                (
                    "batches",
                    models.TextField(
                        blank=True,
                        default="",
                        help_text="Codes of steps or of job types, one on each line; empty: all.",
                        verbose_name="steps and job types",
                    ),
                ),
                (
                    "job_ends",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("bad", "Failed, or completed with errors"),
                            ("all", "All"),
                        ],
                        default=alerts.states.JobEnds["NONE"],
                        help_text="Of which ends of the site's own jobs it tells, beside alerts.",
                        max_length=16,
                        verbose_name="ends of jobs",
                    ),
                ),
                ("days", models.JSONField(blank=True, default=list, verbose_name="on days")),
                ("hours_from", models.TimeField(blank=True, null=True, verbose_name="from")),
                (
                    "hours_until",
                    models.TimeField(
                        blank=True,
                        help_text="Site time; an end before the beginning is on the next day. Outside these hours it waits, and tells what is still open when they begin.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "per_minute",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="What is more comes as one; empty: as MAIL_LIMIT says.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                        verbose_name="messages a minute",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("is_default", models.BooleanField(default=False, editable=False)),
                ("secret_changed_at", models.DateTimeField(editable=False, null=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.channel",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ChannelSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("address", "address"), ("signing", "signing")], max_length=16
                    ),
                ),
                ("sealed", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secrets",
                        to="alerts.channel",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at", None)),
                        fields=("channel", "purpose"),
                        name="channel_secret_one_in_use",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EscalationStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "after_minutes",
                    models.PositiveIntegerField(
                        help_text="So long open without anybody having it; counted anew when it got worse, when an acknowledgement ran out and after a silence.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="after minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="escalations",
                        to="alerts.channel",
                    ),
                ),
            ],
            options={
                "default_permissions": ("add", "change", "delete", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("severity", "after_minutes", "channel"), name="escalation_step_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "severity__in",
                                [
                                    alerts.states.Severity["CRITICAL"],
                                    alerts.states.Severity["WARNING"],
                                    alerts.states.Severity["INFO"],
                                ],
                            )
                        ),
                        name="escalation_severity_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("after_minutes__gte", 1), ("after_minutes__lte", 10080)
                        ),
                        name="escalation_after_a_week_at_most",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelHealth",
            fields=[
                (
                    "channel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="alerts.channel",
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("rests_until", models.DateTimeField(null=True)),
                ("gone_at", models.DateTimeField(null=True)),
                ("gave_up_at", models.DateTimeField(null=True)),
                ("sentence", models.TextField(blank=True, default="")),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.CharField(blank=True, default="", max_length=254)),
                ("permission", models.CharField(blank=True, default="", max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("escalated", "escalated"),
                            ("opened", "opened"),
                            ("raised", "raised"),
                            ("reminder", "reminder"),
                            ("resolved", "resolved"),
                            ("notice", "notice"),
                        ],
                        max_length=16,
                    ),
                ),
                ("severity", models.CharField(blank=True, default="", max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Due"),
                            ("sending", "Being sent"),
                            ("failed", "Failed, will be retried"),
                            ("sent", "Sent"),
                            ("partly", "Sent in part"),
                            ("given_up", "Given up"),
                        ],
                        default=alerts.states.DeliveryState["PENDING"],
                        max_length=16,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "next_try_at",
                    models.DateTimeField(help_text="While it is being sent: when the lease ends."),
                ),
                ("give_up_at", models.DateTimeField()),
                ("lease", models.UUIDField(null=True)),
                ("delivered_to", models.JSONField(default=list)),
                ("message_id", models.CharField(blank=True, default="", max_length=250)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="alerts.alert",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="alerts.channel",
                    ),
                ),
                (
                    "reader",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="alerts.notice",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "permissions": [("retry_delivery", "Can have deliveries tried again")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    alerts.states.DeliveryState["PENDING"],
                                    alerts.states.DeliveryState["SENDING"],
                                    alerts.states.DeliveryState["FAILED"],
                                ),
                            )
                        ),
                        fields=["channel", "alert"],
                        name="delivery_unfinished",
                    ),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", False)),
                        fields=["channel", "-sent_at"],
                        name="delivery_sent_lately",
                    ),
                    models.Index(
                        condition=models.Q(("lease__isnull", False)),
                        fields=["lease"],
                        name="delivery_lease",
                    ),
                    models.Index(fields=["state", "-id"], name="delivery_newest_of_state"),
                    models.Index(
                        condition=models.Q(("state", alerts.states.DeliveryState["GIVEN_UP"])),
                        fields=["given_up_at"],
                        name="delivery_given_up_lately",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    alerts.states.DeliveryKind["OPENED"],
                                    alerts.states.DeliveryKind["RESOLVED"],
                                ],
                            )
                        ),
                        fields=("alert", "channel", "kind"),
                        name="delivery_once_per_alert_and_channel",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", alerts.states.DeliveryKind["RAISED"])),
                        fields=("alert", "channel", "severity"),
                        name="delivery_raised_once_to_each_severity",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("notice__isnull", False)),
                        fields=("notice", "channel", "reader", "address"),
                        name="delivery_once_per_notice_and_reader",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(
                                    ("alert__isnull", False),
                                    ("channel__isnull", False),
                                    ("notice", None),
                                ),
                                models.Q(
                                    ("kind", alerts.states.DeliveryKind["NOTICE"]), _negated=True
                                ),
                                models.Q(("address", ""), ("reader", None)),
                            ),
                            models.Q(
                                models.Q(
                                    ("alert", None),
                                    ("kind", alerts.states.DeliveryKind["NOTICE"]),
                                    ("notice__isnull", False),
                                ),
                                models.Q(
                                    models.Q(
                                        ("address", ""),
                                        ("channel", None),
                                        ("reader__isnull", False),
                                    ),
                                    models.Q(
                                        ("channel", None),
                                        ("reader", None),
                                        models.Q(("address", ""), _negated=True),
                                    ),
                                    models.Q(
                                        ("address", ""),
                                        ("channel__isnull", False),
                                        ("reader", None),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_of_an_alert_or_a_notice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease__isnull", False),
                                ("state", alerts.states.DeliveryState["SENDING"]),
                            ),
                            models.Q(
                                models.Q(
                                    ("state", alerts.states.DeliveryState["SENDING"]), _negated=True
                                ),
                                ("lease", None),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_sending_under_a_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("sent_at__isnull", False),
                                (
                                    "state__in",
                                    (
                                        alerts.states.DeliveryState["SENT"],
                                        alerts.states.DeliveryState["PARTLY"],
                                    ),
                                ),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "state__in",
                                        (
                                            alerts.states.DeliveryState["SENT"],
                                            alerts.states.DeliveryState["PARTLY"],
                                        ),
                                    ),
                                    _negated=True,
                                ),
                                ("sent_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_sent_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=255)),
                ("verb", models.CharField(max_length=20)),
                ("note", models.TextField(blank=True, default="")),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="alerts.alert",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindowEvent",
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
                        blank=True,
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
                            ("SOURCE_STALE", "source stale"),
                            ("JOB_FAILED", "job failed"),
                            ("JOB_STUCK", "job stuck"),
                            ("JOB_LATE", "job late"),
                            ("JOB_COMPLETED_WITH_ERRORS", "job completed with errors"),
                            ("JOB_NO_SUMMARY", "job without summary"),
                            ("JOB_NO_ZIP", "job without ZIP"),
                            ("MISSED_SCHEDULE", "missed schedule"),
                            ("CHANNEL_FAILING", "channel failing"),
                        ],
                        default="",
                        help_text="Empty: alerts of every type.",
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As alerts show it, such as CM-DMRU. Empty: every step and job type.",
                        max_length=40,
                        verbose_name="step or job type",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default="",
                        help_text="Just this severity: one that gets worse is told. Empty: every severity.",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "cron",
                    models.CharField(
                        help_text="Minute, hour, day of the month, month, day of the week; such as 0 22 * * SAT.",
                        max_length=100,
                        verbose_name="begins at",
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default=alerts.models.muting.site_zone,
                        help_text="On whose clock, such as Asia/Dhaka.",
                        max_length=60,
                    ),
                ),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        help_text="As they pass: in a night that changes the clocks it ends at another hour.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="length in minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.maintenancewindow",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ReminderEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "every_minutes",
                    models.PositiveIntegerField(
                        help_text="At least 5. Of an acknowledged or silenced alert nobody is reminded.",
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="every so many minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.reminder",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="SilenceEvent",
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
                        blank=True,
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
                            ("SOURCE_STALE", "source stale"),
                            ("JOB_FAILED", "job failed"),
                            ("JOB_STUCK", "job stuck"),
                            ("JOB_LATE", "job late"),
                            ("JOB_COMPLETED_WITH_ERRORS", "job completed with errors"),
                            ("JOB_NO_SUMMARY", "job without summary"),
                            ("JOB_NO_ZIP", "job without ZIP"),
                            ("MISSED_SCHEDULE", "missed schedule"),
                            ("CHANNEL_FAILING", "channel failing"),
                        ],
                        default="",
                        help_text="Empty: alerts of every type.",
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                (
                    "batch_code",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="As alerts show it, such as CM-DMRU. Empty: every step and job type.",
                        max_length=40,
                        verbose_name="step or job type",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        default="",
                        help_text="Just this severity: one that gets worse is told. Empty: every severity.",
                        max_length=16,
                    ),
                ),
                ("key", models.CharField(blank=True, default="", max_length=200)),
                ("from_at", models.DateTimeField(verbose_name="from")),
                ("until_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(max_length=200)),
                ("made_by", models.CharField(editable=False, max_length=255)),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.silence",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="EscalationStepEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField(null=True)),
                ("pgh_context_id", models.UUIDField(null=True)),
                ("id", models.BigIntegerField()),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("CRITICAL", "Critical"),
                            ("WARNING", "Warning"),
                            ("INFO", "Info"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "after_minutes",
                    models.PositiveIntegerField(
                        help_text="So long open without anybody having it; counted anew when it got worse, when an acknowledgement ran out and after a silence.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="after minutes",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "channel",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="alerts.channel",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="versions",
                        related_query_name="version",
                        to="alerts.escalationstep",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("took_s", models.FloatField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("partly", "Sent in part"),
                            ("failed", "Failed"),
                            ("lost", "Unknown"),
                            ("asked", "Asked for again"),
                        ],
                        max_length=16,
                    ),
                ),
                ("sentence", models.TextField()),
                ("replies", models.JSONField(default=dict)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="alerts.delivery",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulletin",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_bulletinevent" ("at", "enabled", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "set_at") VALUES (NEW."at", NEW."enabled", NEW."id", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."recipients", NEW."set_at"); RETURN NULL;',
                    hash="0ecbeb1abe1c2f930ad58d5d2be81e6fd800fa05",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_ef578",
                    table="alerts_bulletin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulletin",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_bulletinevent" ("at", "enabled", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "set_at") VALUES (NEW."at", NEW."enabled", NEW."id", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."recipients", NEW."set_at"); RETURN NULL;',
                    hash="f2bfaccd14fdf664b7c882e0714b5e9a0af78caa",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8e533",
                    table="alerts_bulletin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulletin",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_bulletinevent" ("at", "enabled", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "recipients", "set_at") VALUES (OLD."at", OLD."enabled", OLD."id", OLD."kind", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."recipients", OLD."set_at"); RETURN NULL;',
                    hash="a241b4da7023a9f040e0c1856cd026fedf91c8cd",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5864a",
                    table="alerts_bulletin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_channelevent" ("batches", "days", "enabled", "hours_from", "hours_until", "id", "is_default", "job_ends", "kind", "minimum_severity", "name", "per_minute", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "recipients", "rules", "secret_changed_at") VALUES (NEW."batches", NEW."days", NEW."enabled", NEW."hours_from", NEW."hours_until", NEW."id", NEW."is_default", NEW."job_ends", NEW."kind", NEW."minimum_severity", NEW."name", NEW."per_minute", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."place", NEW."recipients", NEW."rules", NEW."secret_changed_at"); RETURN NULL;',
                    hash="63c027ffc29fe8af9d1eeaa1c4b06aac4b4b8145",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e91c3",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_channelevent" ("batches", "days", "enabled", "hours_from", "hours_until", "id", "is_default", "job_ends", "kind", "minimum_severity", "name", "per_minute", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "recipients", "rules", "secret_changed_at") VALUES (NEW."batches", NEW."days", NEW."enabled", NEW."hours_from", NEW."hours_until", NEW."id", NEW."is_default", NEW."job_ends", NEW."kind", NEW."minimum_severity", NEW."name", NEW."per_minute", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."place", NEW."recipients", NEW."rules", NEW."secret_changed_at"); RETURN NULL;',
                    hash="b2ca40766052ba521ca01aacd6fbd9e67e5ef4a3",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_f798d",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channel",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_channelevent" ("batches", "days", "enabled", "hours_from", "hours_until", "id", "is_default", "job_ends", "kind", "minimum_severity", "name", "per_minute", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "recipients", "rules", "secret_changed_at") VALUES (OLD."batches", OLD."days", OLD."enabled", OLD."hours_from", OLD."hours_until", OLD."id", OLD."is_default", OLD."job_ends", OLD."kind", OLD."minimum_severity", OLD."name", OLD."per_minute", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."place", OLD."recipients", OLD."rules", OLD."secret_changed_at"); RETURN NULL;',
                    hash="bb4d9ed003ab4f8a503b719d07bf0a6d0b16a7e7",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_8f02b",
                    table="alerts_channel",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancewindow",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_maintenancewindowevent" ("batch_code", "cron", "enabled", "id", "minutes", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "severity", "zone") VALUES (NEW."batch_code", NEW."cron", NEW."enabled", NEW."id", NEW."minutes", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."rule", NEW."severity", NEW."zone"); RETURN NULL;',
                    hash="a7afe3a4697a11709cb05e685489b577cc9693bd",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_6c597",
                    table="alerts_maintenancewindow",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancewindow",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_maintenancewindowevent" ("batch_code", "cron", "enabled", "id", "minutes", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "severity", "zone") VALUES (NEW."batch_code", NEW."cron", NEW."enabled", NEW."id", NEW."minutes", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."rule", NEW."severity", NEW."zone"); RETURN NULL;',
                    hash="fd4b73ce031c45232fab01f425828a7ceae74276",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_58d37",
                    table="alerts_maintenancewindow",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancewindow",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_maintenancewindowevent" ("batch_code", "cron", "enabled", "id", "minutes", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "severity", "zone") VALUES (OLD."batch_code", OLD."cron", OLD."enabled", OLD."id", OLD."minutes", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."rule", OLD."severity", OLD."zone"); RETURN NULL;',
                    hash="b6f316752739d222c73204e62dea58fe54482256",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_143a8",
                    table="alerts_maintenancewindow",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reminder",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_reminderevent" ("enabled", "every_minutes", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (NEW."enabled", NEW."every_minutes", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."severity"); RETURN NULL;',
                    hash="913702b0647a7b9faa4bd480a4f6b667ef1befe5",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_ae576",
                    table="alerts_reminder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reminder",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_reminderevent" ("enabled", "every_minutes", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (NEW."enabled", NEW."every_minutes", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."severity"); RETURN NULL;',
                    hash="16c4c2278db97ddbf23f74960b96eb6aa7fc5b46",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_86452",
                    table="alerts_reminder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reminder",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_reminderevent" ("enabled", "every_minutes", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (OLD."enabled", OLD."every_minutes", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."severity"); RETURN NULL;',
                    hash="54fee41e939dccede96d9a5a177aaecb3b06393e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_4cd58",
                    table="alerts_reminder",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="silence",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_silenceevent" ("batch_code", "from_at", "id", "key", "made_by", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "severity", "until_at") VALUES (NEW."batch_code", NEW."from_at", NEW."id", NEW."key", NEW."made_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."reason", NEW."rule", NEW."severity", NEW."until_at"); RETURN NULL;',
                    hash="63334917d46cd74073e60db4e79061d4afebc821",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_ca3a5",
                    table="alerts_silence",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="silence",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_silenceevent" ("batch_code", "from_at", "id", "key", "made_by", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "severity", "until_at") VALUES (NEW."batch_code", NEW."from_at", NEW."id", NEW."key", NEW."made_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."reason", NEW."rule", NEW."severity", NEW."until_at"); RETURN NULL;',
                    hash="2219a82b957a8587564bbe39fdff0b693cb8557f",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6f2fa",
                    table="alerts_silence",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="silence",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_silenceevent" ("batch_code", "from_at", "id", "key", "made_by", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "rule", "severity", "until_at") VALUES (OLD."batch_code", OLD."from_at", OLD."id", OLD."key", OLD."made_by", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."reason", OLD."rule", OLD."severity", OLD."until_at"); RETURN NULL;',
                    hash="d95dd9d502d7e642054de08c9bf7257da4c5061e",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_92eae",
                    table="alerts_silence",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c4291561419247b4521e58e62c7f57f65465c4a7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_2fa35",
                    table="alerts_alertevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="alertevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="faa48a5eee1aa351b5c0b3c99df0c287c8034b76",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_6c46f",
                    table="alerts_alertevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulletinevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="b08fee3ae5c24f1bf8d392fb0701a3764c63a351",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_2bcb2",
                    table="alerts_bulletinevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulletinevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b41b7bcef830162b454d1655ecf51494b8eb4d40",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_38c4d",
                    table="alerts_bulletinevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channelevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="de1a3286c5c06d936a8cc059a9c280e3839aeba9",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_71886",
                    table="alerts_channelevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="channelevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a1ab01e99ed89fc7f5832564bab7eec1af89a57f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9983b",
                    table="alerts_channelevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deliveryattempt",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="3240342bea735e627dcb8ab4a9f31f949f1743cc",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_172d3",
                    table="alerts_deliveryattempt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deliveryattempt",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="73f1b190f449bd2bc2f8a6aed662c072be062d94",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_d710d",
                    table="alerts_deliveryattempt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="escalationstep",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_escalationstepevent" ("after_minutes", "channel_id", "enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (NEW."after_minutes", NEW."channel_id", NEW."enabled", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."severity"); RETURN NULL;',
                    hash="bdf0caf45bf9dc19009edad126c492f2fdd12b8d",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_5eb3c",
                    table="alerts_escalationstep",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="escalationstep",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "alerts_escalationstepevent" ("after_minutes", "channel_id", "enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (NEW."after_minutes", NEW."channel_id", NEW."enabled", NEW."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."severity"); RETURN NULL;',
                    hash="e4b99c240bcfb6bfee55d3e2925cfafcb17fb490",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_dd430",
                    table="alerts_escalationstep",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="escalationstep",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "alerts_escalationstepevent" ("after_minutes", "channel_id", "enabled", "id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "severity") VALUES (OLD."after_minutes", OLD."channel_id", OLD."enabled", OLD."id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', OLD."id", OLD."severity"); RETURN NULL;',
                    hash="2baeccdf48f54a736a37203d0a50127c5b521206",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_1df7f",
                    table="alerts_escalationstep",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="escalationstepevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="e52a3ce953073bf91264968790ab44ca91bdc196",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_25d41",
                    table="alerts_escalationstepevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="escalationstepevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="4c918478770836f28eb8c1895564b9d2c708ed44",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_be75e",
                    table="alerts_escalationstepevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancewindowevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="22aa32d48b63b3fbb1867d3dc968eba35dfe8a59",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_5c1ab",
                    table="alerts_maintenancewindowevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="maintenancewindowevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cf760dc9b481405b447cdfe7f535bb9dddc02db2",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b194b",
                    table="alerts_maintenancewindowevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reminderevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="04270a28978d2192e5881099f4e8460dddf38e1a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_e6f1d",
                    table="alerts_reminderevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reminderevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="17c0911672fa3338a8c246150e5abafd5d1d625c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b8a95",
                    table="alerts_reminderevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="silenceevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="45691d7a12a73dce89f882de11ef0701efdfb7cf",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_24356",
                    table="alerts_silenceevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="silenceevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="8699c1cb8fcca0e29e82d071c838e32cf793d99e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_53713",
                    table="alerts_silenceevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
