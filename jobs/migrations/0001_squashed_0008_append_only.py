import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.fields.json
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import jobs.models.files
import jobs.models.jobs
import jobs.words


class Migration(migrations.Migration):
    replaces = [
        ("jobs", "0001_initial"),
        ("jobs", "0002_breadth"),
        ("jobs", "0003_zip_again"),
        ("jobs", "0004_bill_stop"),
        ("jobs", "0005_turns_by_time"),
        ("jobs", "0006_job_to_cancel"),
        ("jobs", "0007_metrics"),
        ("jobs", "0008_append_only"),
    ]

    initial = True

    dependencies = [
        ("batchops", "0005_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=jobs.models.jobs.new_job_id,
                        editable=False,
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("type", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("campaign_id", models.CharField(blank=True, default="", max_length=64)),
                ("external_id", models.CharField(blank=True, default="", max_length=64)),
                ("params", models.JSONField(default=dict)),
                ("priority", models.SmallIntegerField(default=0)),
                ("single_flight_key", models.CharField(blank=True, default="", max_length=100)),
                (
                    "makes_artifact",
                    models.BooleanField(
                        db_default=False, default=False, help_text="A ZIP is made when it ends."
                    ),
                ),
                ("state", models.CharField(default="pending", max_length=24)),
                ("generation", models.IntegerField(default=1)),
                (
                    "error",
                    models.TextField(blank=True, default="", help_text="Why its type gave up."),
                ),
                ("created_by", models.CharField(max_length=255)),
                ("cancel_requested_by", models.CharField(blank=True, default="", max_length=255)),
                ("items_total", models.IntegerField(null=True)),
                (
                    "next_position",
                    models.IntegerField(default=0, help_text="Where making items goes on."),
                ),
                (
                    "cut_short",
                    models.BooleanField(
                        default=False, help_text="A cancel ended the making of items."
                    ),
                ),
                ("expand_deaths", models.SmallIntegerField(default=0)),
                ("succeeded", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                ("cancelled", models.IntegerField(default=0)),
                (
                    "carried",
                    models.IntegerField(default=0, help_text="Done in earlier generations."),
                ),
                (
                    "recent_rate",
                    models.FloatField(default=0, help_text="Items a second at last_settled_at."),
                ),
                (
                    "served_s",
                    models.FloatField(db_default=0, default=0, help_text="Of workers' time."),
                ),
                (
                    "served_from_s",
                    models.FloatField(
                        db_default=0, default=0, help_text="The same when it was chosen last."
                    ),
                ),
                (
                    "item_s",
                    models.FloatField(
                        db_default=1, default=1, help_text="What an item lately took."
                    ),
                ),
                (
                    "waits_until",
                    models.DateTimeField(
                        help_text="Until then all items left wait for another attempt.", null=True
                    ),
                ),
                ("reopen_from", models.IntegerField(db_default=0, default=0)),
                ("reopen_failed", models.IntegerField(db_default=0, default=0)),
                ("reopen_cancelled", models.IntegerField(db_default=0, default=0)),
                (
                    "artifact_state",
                    models.CharField(db_default="none", default="none", max_length=10),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("started_at", models.DateTimeField(null=True)),
                ("expanded_at", models.DateTimeField(null=True)),
                ("cancel_requested_at", models.DateTimeField(null=True)),
                ("last_served_at", models.DateTimeField(null=True)),
                ("last_settled_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("summarised_at", models.DateTimeField(null=True)),
                (
                    "items_removed_at",
                    models.DateTimeField(help_text="When retention began to.", null=True),
                ),
                (
                    "items_purged",
                    models.BooleanField(db_default=False, help_text="The last one is removed."),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("start_job", "Can start jobs"),
                    ("cancel_job", "Can cancel jobs"),
                    ("retry_job", "Can retry failed items"),
                    ("prioritise_job", "Can change a job's priority"),
                    ("work_job", "Can do items of jobs from outside"),
                ],
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("priority"), descending=True),
                        models.F("served_s"),
                        models.F("created_at"),
                        condition=models.Q(
                            ("state__in", ("pending", "processing")), ("waits_until", None)
                        ),
                        name="job_next_to_serve",
                    ),
                    models.Index(
                        models.F("served_from_s"),
                        condition=models.Q(("state__in", ("pending", "processing"))),
                        name="job_served_from",
                    ),
                    models.Index(
                        models.F("waits_until"),
                        condition=models.Q(("waits_until__isnull", False)),
                        name="job_waits_until",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(
                            ("cancel_requested_at__isnull", False),
                            ("state__in", ("pending", "processing")),
                        ),
                        name="job_to_cancel",
                    ),
                    models.Index(
                        models.F("finished_at"),
                        condition=models.Q(("finished_at__isnull", False), ("summarised_at", None)),
                        name="job_to_summarise",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(
                            ("reopen_failed__gt", 0), ("reopen_cancelled__gt", 0), _connector="OR"
                        ),
                        name="job_to_reopen",
                    ),
                    models.Index(
                        models.F("type"),
                        models.F("finished_at"),
                        condition=models.Q(
                            ("finished_at__isnull", False), ("items_removed_at", None)
                        ),
                        name="job_with_items",
                    ),
                    models.Index(
                        models.F("items_removed_at"),
                        condition=models.Q(
                            ("items_purged", False), ("items_removed_at__isnull", False)
                        ),
                        name="job_losing_items",
                    ),
                    models.Index(
                        models.F("finished_at"),
                        condition=models.Q(("items_purged", True)),
                        name="job_without_items",
                    ),
                    models.Index(
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="job_newest",
                    ),
                    models.Index(
                        models.F("state"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="job_state_newest",
                    ),
                    models.Index(
                        models.F("type"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="job_type_newest",
                    ),
                    models.Index(
                        models.F("type"),
                        models.F("state"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="job_type_state_newest",
                    ),
                    models.Index(
                        models.F("campaign_id"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("campaign_id", ""), _negated=True),
                        name="job_campaign_newest",
                    ),
                    models.Index(
                        fields=["created_by", "-created_at"],
                        name="job_by_newest",
                        opclasses=["varchar_pattern_ops", "timestamptz_ops"],
                    ),
                    models.Index(
                        models.F("type"),
                        models.OrderBy(models.F("finished_at"), descending=True),
                        condition=models.Q(("state__in", ("completed", "completed_with_errors"))),
                        name="job_good_of_type",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        jobs.words.Words(
                            "title",
                            "campaign_id",
                            "external_id",
                            "type",
                            django.db.models.functions.text.Left("error", 1000),
                        ),
                        fastupdate=False,
                        name="job_words",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    "pending",
                                    "processing",
                                    "completed",
                                    "completed_with_errors",
                                    "failed",
                                    "cancelled",
                                ),
                            )
                        ),
                        name="job_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False),
                                (
                                    "state__in",
                                    ("completed", "completed_with_errors", "failed", "cancelled"),
                                ),
                            ),
                            models.Q(
                                ("finished_at", None), ("state__in", ("pending", "processing"))
                            ),
                            _connector="OR",
                        ),
                        name="job_ended_with_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("expanded_at", None), ("items_total", None)),
                            models.Q(
                                ("expanded_at__isnull", False), ("items_total__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="job_total_with_expansion",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("items_purged", False), ("items_removed_at", None)),
                            models.Q(
                                ("finished_at__isnull", False), ("items_removed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="job_ended_before_its_items_went",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cancelled__gte", 0),
                            ("failed__gte", 0),
                            ("succeeded__gte", 0),
                            models.Q(
                                ("items_total", None),
                                (
                                    "items_total__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("succeeded"), "+", models.F("failed")
                                        ),
                                        "+",
                                        models.F("cancelled"),
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="job_counters_within_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reopen_cancelled", 0), ("reopen_failed", 0)),
                            models.Q(
                                ("reopen_cancelled__gte", 0),
                                ("reopen_failed__gte", 0),
                                ("state__in", ("pending", "processing")),
                            ),
                            _connector="OR",
                        ),
                        name="job_reopens_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("artifact_state__in", ("none", "making", "ready", "failed", "expired"))
                        ),
                        name="job_artifact_state_known",
                    ),
                    models.UniqueConstraint(
                        models.F("single_flight_key"),
                        condition=models.Q(
                            ("state__in", ("pending", "processing")),
                            models.Q(("single_flight_key", ""), _negated=True),
                        ),
                        name="job_single_flight",
                    ),
                    models.UniqueConstraint(
                        models.F("external_id"),
                        condition=models.Q(("external_id", ""), _negated=True),
                        name="job_external_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("date", models.DateField()),
                ("type", models.CharField(max_length=40)),
                ("started", models.IntegerField()),
                ("completed", models.IntegerField()),
                ("completed_with_errors", models.IntegerField()),
                ("failed", models.IntegerField()),
                ("cancelled", models.IntegerField()),
                ("items_succeeded", models.BigIntegerField()),
                ("items_failed", models.BigIntegerField()),
                ("seconds_sum", models.FloatField()),
                ("seconds_p50", models.FloatField(null=True)),
                ("seconds_p95", models.FloatField(null=True)),
                (
                    "seconds_within",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), null=True, size=None
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("date"), models.F("type"), name="day_once_per_type"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What people call it.",
                        max_length=100,
                        unique=True,
                        verbose_name="name",
                    ),
                ),
                ("type", models.CharField(max_length=40, verbose_name="job type")),
                (
                    "params",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="A JSON object, as the type asks.",
                        verbose_name="parameters",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="May stay empty: then the type names them.",
                        max_length=200,
                        verbose_name="title of its jobs",
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        default=0,
                        help_text="-100 to 100; jobs with a higher one go first.",
                        validators=[
                            django.core.validators.MinValueValidator(-100),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="priority",
                    ),
                ),
                (
                    "cron",
                    models.CharField(
                        help_text="Minute, hour, day, month, weekday, on the site's clock: 0 5 * * MON-FRI",
                        max_length=100,
                        verbose_name="cron text",
                    ),
                ),
                (
                    "missed_policy",
                    models.CharField(
                        choices=[
                            ("run_late", "Start once, late"),
                            ("skip", "Leave it out and record that"),
                        ],
                        default="run_late",
                        max_length=10,
                        verbose_name="when a start was missed",
                    ),
                ),
                (
                    "late_minutes",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="1 to 10,080 (a week), and never past the next start; then it is missed.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="minutes a start may be late",
                    ),
                ),
                ("enabled", models.BooleanField(default=False)),
                ("decided_until", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "default_permissions": ("view", "add", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("missed_policy__in", ("run_late", "skip"))),
                        name="schedule_policy_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("late_minutes__gte", 1), ("late_minutes__lte", 10080)),
                        name="schedule_late_within_a_week",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("enabled", False), ("decided_until__isnull", False), _connector="OR"
                        ),
                        name="schedule_on_from_a_moment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillStopSnapshot",
            fields=[
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="bill_stop",
                        serialize=False,
                        to="jobs.job",
                    ),
                ),
                ("as_of_date", models.DateField(null=True)),
                (
                    "counts_from_date",
                    models.DateField(help_text="Billed on this day or later: active.", null=True),
                ),
                ("summary_count", models.IntegerField(default=0)),
                ("details_count", models.IntegerField(default=0)),
                ("login_refused", models.BooleanField(default=False)),
                ("lists_removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.IntegerField()),
                ("state", models.CharField(default="making", max_length=10)),
                (
                    "storage_name",
                    models.CharField(
                        blank=True, default=jobs.models.files.new_storage_name, max_length=64
                    ),
                ),
                (
                    "file_name",
                    models.CharField(blank=True, default="", help_text="As shown.", max_length=150),
                ),
                ("size_bytes", models.BigIntegerField(null=True)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                ("attempts", models.SmallIntegerField(default=0)),
                ("attempts_allowed", models.SmallIntegerField(default=5)),
                (
                    "error",
                    models.TextField(
                        blank=True, default="", help_text="Why the last attempt failed."
                    ),
                ),
                ("not_before", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("made_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="artifacts",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("created_at"),
                        condition=models.Q(("state", "making")),
                        name="artifact_due",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("state", "failed")),
                        name="artifact_failed",
                    ),
                    models.Index(
                        models.F("expires_at"),
                        condition=models.Q(("state", "ready")),
                        name="artifact_outdated",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(
                            ("state__in", ("failed", "expired")),
                            models.Q(("storage_name", ""), _negated=True),
                        ),
                        name="artifact_to_remove",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("making", "ready", "failed", "expired"))),
                        name="artifact_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                ("made_at__isnull", False),
                                ("size_bytes__gte", 0),
                                models.Q(("sha256", ""), ("storage_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="artifact_ready_with_its_file",
                    ),
                    models.UniqueConstraint(
                        models.F("job"), models.F("generation"), name="artifact_one_per_generation"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("worker", models.CharField(max_length=300)),
                ("token", models.UUIDField()),
                (
                    "item_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("cancel_seen", models.BooleanField(default=False)),
                ("first_position", models.IntegerField(null=True)),
                ("last_position", models.IntegerField(null=True)),
                ("item_id", models.BigIntegerField(null=True)),
                ("item_since", models.DateTimeField(null=True)),
                ("progress_done", models.BigIntegerField(null=True)),
                ("progress_total", models.BigIntegerField(null=True)),
                (
                    "progress_note",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("expires_at"), name="claim_expiry")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ("expand", "items", "summary", "artifact", "reopen"))
                        ),
                        name="claim_kind_known",
                    ),
                    models.UniqueConstraint(
                        models.F("job"),
                        models.F("kind"),
                        condition=models.Q(("kind", "items"), _negated=True),
                        name="claim_one_per_step",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=20)),
                (
                    "actor",
                    models.CharField(help_text="user:, token: or system:<part>", max_length=255),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reason", models.TextField(blank=True, default="")),
                ("generation", models.IntegerField()),
                ("before", models.CharField(blank=True, default="", max_length=24)),
                ("after", models.CharField(blank=True, default="", max_length=24)),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("job"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="job_event_newest",
                    ),
                    models.Index(
                        models.F("at"),
                        condition=models.Q(("verb__in", ("start", "finish"))),
                        name="job_event_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                ("params", models.JSONField(null=True)),
                ("state", models.CharField(default="pending", max_length=10)),
                ("claim_id", models.BigIntegerField(null=True)),
                (
                    "attempts",
                    models.SmallIntegerField(default=0, help_text="Begun in this generation."),
                ),
                (
                    "deaths",
                    models.SmallIntegerField(default=0, help_text="Workers that died on it alone."),
                ),
                (
                    "suspect",
                    models.BooleanField(
                        default=False, help_text="Its worker died: worked on alone."
                    ),
                ),
                ("result", models.JSONField(null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("not_before", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("job"),
                        models.OrderBy(models.F("not_before"), nulls_first=True),
                        models.F("position"),
                        condition=models.Q(("state", "pending")),
                        name="item_pending",
                    ),
                    models.Index(
                        models.F("job"),
                        models.F("position"),
                        condition=models.Q(("state", "failed")),
                        name="item_failed",
                    ),
                    models.Index(
                        models.F("job"),
                        models.F("position"),
                        condition=models.Q(("state", "cancelled")),
                        name="item_cancelled",
                    ),
                    models.Index(
                        jobs.words.Label(
                            django.db.models.fields.json.KeyTextTransform(
                                "label", models.F("params")
                            )
                        ),
                        models.F("job"),
                        condition=models.Q(("params__has_key", "label")),
                        name="item_label",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        jobs.words.Words(django.db.models.functions.text.Left("error", 500)),
                        condition=models.Q(("state", "failed")),
                        fastupdate=False,
                        name="item_error_words",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("job"), models.F("position"), name="item_position"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at__isnull", False),
                                ("state__in", ("succeeded", "failed", "cancelled")),
                            ),
                            models.Q(("finished_at", None), ("state__in", ("pending", "running"))),
                            _connector="OR",
                        ),
                        name="item_ended_with_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claim_id__isnull", False), ("state", "running")),
                            models.Q(
                                models.Q(("state", "running"), _negated=True), ("claim_id", None)
                            ),
                            _connector="OR",
                        ),
                        name="item_runs_under_a_claim",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobWatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address",
                    models.EmailField(
                        blank=True,
                        default="",
                        help_text="Instead of a user: somebody who has no account.",
                        max_length=254,
                    ),
                ),
                ("type", models.CharField(blank=True, default="", max_length=40)),
                ("on_completed", models.BooleanField(default=True, verbose_name="completed")),
                (
                    "on_failed",
                    models.BooleanField(
                        default=True, verbose_name="failed, or completed with errors"
                    ),
                ),
                ("on_cancelled", models.BooleanField(default=True, verbose_name="cancelled")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watches",
                        to="jobs.job",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="Written to while they are active and may view jobs.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "mail about jobs",
                "verbose_name_plural": "mails about jobs",
                "indexes": [
                    models.Index(
                        models.F("type"), condition=models.Q(("job", None)), name="watch_of_type"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"),
                        models.F("address"),
                        models.F("job"),
                        models.F("type"),
                        name="watch_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("address", ""), ("user__isnull", False)),
                            models.Q(("user", None), models.Q(("address", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="watch_by_one_reader",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("job__isnull", False), ("type", "")),
                            models.Q(("job", None), models.Q(("type", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="watch_of_a_job_or_a_type",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("on_completed", True),
                            ("on_failed", True),
                            ("on_cancelled", True),
                            _connector="OR",
                        ),
                        name="watch_of_some_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunSummary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.IntegerField()),
                ("state", models.CharField(max_length=24)),
                ("items_total", models.IntegerField()),
                ("succeeded", models.IntegerField()),
                ("failed", models.IntegerField()),
                ("cancelled", models.IntegerField()),
                ("details", models.JSONField(default=dict, help_text="What its type adds.")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="summaries",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("job"), models.F("generation"), name="summary_one_per_generation"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StartKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("body_digest", models.CharField(max_length=64)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("user"), models.F("key"), name="start_key_one_per_user"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=jobs.models.jobs.new_job_id,
                        editable=False,
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("state", models.CharField(default="receiving", max_length=10)),
                ("name", models.CharField(help_text="As shown.", max_length=150)),
                (
                    "kind",
                    models.CharField(
                        blank=True, default="", help_text="By its content.", max_length=10
                    ),
                ),
                ("size_bytes", models.BigIntegerField()),
                ("part_bytes", models.IntegerField(help_text="Of each part but the last.")),
                ("expected_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("sha256", models.CharField(blank=True, default="", max_length=64)),
                (
                    "position",
                    models.SmallIntegerField(help_text="Among the files of its job.", null=True),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("completed_at", models.DateTimeField(null=True)),
                (
                    "expires_at",
                    models.DateTimeField(help_text="Then it goes, if no job took it.", null=True),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="jobs.job",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("expires_at"),
                        condition=models.Q(("state__in", ("receiving", "checking", "complete"))),
                        name="upload_outdated",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("state", "removed")),
                        name="upload_to_forget",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("receiving", "checking", "complete", "used", "removed"))
                        ),
                        name="upload_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("part_bytes__gt", 0), ("size_bytes__gt", 0)),
                        name="upload_has_content",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ("complete", "used")), _negated=True),
                            models.Q(
                                ("completed_at__isnull", False),
                                models.Q(("sha256", ""), _negated=True),
                                models.Q(("kind", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="upload_checked_before_use",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "used"), _negated=True),
                            models.Q(("job__isnull", False), ("position__isnull", False)),
                            _connector="OR",
                        ),
                        name="upload_used_by_a_job",
                    ),
                    models.UniqueConstraint(
                        models.F("job"),
                        models.F("position"),
                        condition=models.Q(("state", "used")),
                        name="upload_one_per_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduleEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=20)),
                (
                    "actor",
                    models.CharField(help_text="user:, token: or system:<part>", max_length=255),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="jobs.schedule",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ScheduleSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("outcome", models.CharField(max_length=10)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "decided_at",
                    models.DateTimeField(help_text="When the outcome was last written."),
                ),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="schedule_slots",
                        to="jobs.job",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="jobs.schedule",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("schedule"), models.F("due_at"), name="slot_once"
                    ),
                    models.UniqueConstraint(
                        models.F("schedule"),
                        condition=models.Q(("outcome", "waiting")),
                        name="slot_one_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome__in", ("waiting", "started", "skipped", "missed"))
                        ),
                        name="slot_outcome_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillStopCrp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("crp_account_no", models.CharField(max_length=254)),
                ("total", models.IntegerField()),
                ("stopped", models.IntegerField()),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="crps",
                        to="jobs.billstopsnapshot",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("snapshot"), models.F("crp_account_no"), name="bill_stop_crp_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stopped__gte", 0), ("total__gte", models.F("stopped"))
                        ),
                        name="bill_stop_crp_adds_up",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillStopConnection",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sa_id", models.CharField(max_length=10)),
                ("crp_account_no", models.CharField(max_length=254)),
                ("cpc_customer_no", models.CharField(max_length=254)),
                ("meter_no", models.CharField(max_length=120)),
                ("customer_name", models.CharField(max_length=254)),
                ("address", models.TextField()),
                ("phone_no", models.CharField(max_length=254)),
                ("nocs_name", models.CharField(max_length=60)),
                ("sa_status_desc", models.CharField(max_length=60)),
                ("last_bill_date", models.DateField(null=True)),
                ("days_since_bill", models.IntegerField(null=True)),
                ("is_stopped", models.BooleanField()),
                ("reason", models.CharField(max_length=24)),
                ("balance_cents", models.BigIntegerField()),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="connections",
                        to="jobs.billstopsnapshot",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("view_customer", "Can see customers' names, addresses and phones")
                ],
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        models.F("snapshot"),
                        models.F("crp_account_no"),
                        models.F("cpc_customer_no"),
                        models.F("id"),
                        name="bill_stop_of_crp",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("snapshot"), models.F("sa_id"), name="bill_stop_connection_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("state", models.CharField(default="writing", max_length=10)),
                (
                    "storage_name",
                    models.CharField(default=jobs.models.files.new_storage_name, max_length=64),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received",
                        to="jobs.upload",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("created_at"),
                        condition=models.Q(("state", "kept"), _negated=True),
                        name="upload_part_to_remove",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("writing", "kept", "unwanted"))),
                        name="upload_part_state_known",
                    ),
                    models.UniqueConstraint(
                        models.F("upload"),
                        models.F("number"),
                        condition=models.Q(("state", "kept")),
                        name="upload_part_once",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="jobevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="5ac77d7c2a3b910c0b7456781874444124694744",
                    operation="UPDATE",
                    pgid="pgtrigger_never_changed_874c4",
                    table="jobs_jobevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="jobevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="861b38368a02abe35f94d6185a9559dad4233207",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_3cd84",
                    table="jobs_jobevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="jobevent",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_while_young",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.at > now() - interval '30 days' AND NOT starts_with(OLD.actor, 'system:'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a4d5ed0627ce2b38a749474a411a46c32254fc68",
                    operation="DELETE",
                    pgid="pgtrigger_kept_while_young_9bb40",
                    table="jobs_jobevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scheduleevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d99907c0b50cd484d91744502e1b7de89b21a8c8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_be4e0",
                    table="jobs_scheduleevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="scheduleevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_emptied",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
                    hash="c71709afe35c866b4bfaa1704582f2f596b574a1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_emptied_b13cf",
                    table="jobs_scheduleevent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
