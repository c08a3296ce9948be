"""Store the runs of CC&B: each as it was last seen, its threads, and how it came there."""

from typing import Self

from django.db import models
from django.db.models import Case, F, Func, Q, Value, When

from batchops.append_only import kept_until_old
from batchops.looks import Look
from monitoring.models.source import Poll
from monitoring.states import OPEN, WORDS, RunState, look_of, state_of


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
    restarted_at = models.DateTimeField(
        null=True, help_text="When a thread was last executed again; empty: none was."
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
    moved_at = models.DateTimeField(
        null=True,
        help_text="CC&B's clock at the last good poll that saw progress; empty: never seen open.",
    )
    entered_at = models.DateTimeField(
        null=True, help_text="When it came to its state, by CC&B's clock; empty: history."
    )
    seen_to_move = models.BooleanField(
        default=False, help_text="A poll saw it come from another state to the one it is in."
    )
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
            # How the runs went that ended in a window; counted without looking into the rows.
            models.Index(fields=["ended_at"], include=["state"], name="run_ended"),
            # A run by the number that people read in CC&B.
            models.Index(fields=["batch_nbr"], name="run_by_number"),
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


class RunThread(models.Model):
    """One thread of a run, as it was last seen, over all its executions."""

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="thread_rows", db_index=False
    )
    number = models.IntegerField()
    status_code = models.CharField(max_length=8, help_text="THREAD_STATUS, as CC&B wrote it.")
    executions = models.IntegerField(help_text="More than one: it was restarted.")
    retries = models.IntegerField()
    records_processed = models.BigIntegerField()
    records_in_error = models.BigIntegerField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="Empty while its last execution goes on.")
    last_message = models.TextField(blank=True, default="", help_text="Of a thread in error.")
    seen_at = models.DateTimeField(help_text="CC&B's clock when it was last seen to change.")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="run_thread_once"),
        ]
        # What retention removes.
        indexes = [models.Index(fields=["seen_at"], name="run_thread_age")]

    def __str__(self) -> str:
        return f"{self.run_id}, thread {self.number}"

    @property
    def look(self) -> Look:
        return look_of(state_of(self.status_code), self.status_code)


class RunSample(models.Model):
    """What a poll saw of a run; kept when it differs from the last one kept.

    A run has one from each poll at which it changed, from the first that saw it. It holds all
    that rules may know, so that any past poll can be judged anew. History has none.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="samples", db_index=False)
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField(help_text="CC&B's clock at the poll.")
    state = models.CharField(max_length=16)
    status_code = models.CharField(max_length=8)
    records_processed = models.BigIntegerField()
    records_in_error = models.BigIntegerField()
    heartbeat = models.BigIntegerField()
    version = models.BigIntegerField()
    instances = models.IntegerField()
    threads = models.JSONField(help_text="How many threads per status code.")
    started_at = models.DateTimeField(null=True, help_text="Empty: kept before this was.")
    ended_at = models.DateTimeField(null=True)
    own_ended_at = models.DateTimeField(null=True)
    restarted_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    seen_to_move = models.BooleanField(default=False)
    business_date = models.DateField(null=True)
    error_message = models.TextField(blank=True, default="")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["run", "poll"], name="run_sample_once_per_poll"),
        ]
        indexes = [
            # A run's course, and how it stood at any moment of a replay.
            models.Index(fields=["run", "-at"], name="run_sample_course"),
            # What retention removes.
            models.Index(fields=["at"], name="run_sample_age"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} at {self.at:%Y-%m-%d %H:%M:%S}"


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
        triggers = kept_until_old()
        default_permissions = ()
        # What retention removes.
        indexes = [models.Index(fields=["source_at"], name="run_event_age")]

    def __str__(self) -> str:
        return f"{self.verb} ({self.run_id})"
