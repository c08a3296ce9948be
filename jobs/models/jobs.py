"""Store jobs: fields, constraints, indexes and chainable filters."""

import secrets
import string
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from batchops.append_only import kept_until_old
from jobs import states
from jobs.models import indexes

ALPHABET = string.ascii_letters + string.digits


def new_job_id() -> str:
    """Return 16 random letters and digits: 95 bits, so nobody guesses another's job."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


class JobQuerySet(models.QuerySet["Job"]):
    """Narrow down jobs."""

    def open(self) -> "JobQuerySet":
        """Keep those that have not ended."""
        return self.filter(state__in=states.OPEN)

    def named(self, name: str) -> "JobQuerySet":
        """Keep the one whose id or external id is `name`."""
        return self.filter(Q(pk=name) | Q(external_id=name))


class Job(models.Model):
    """One batch. Only jobs.lifecycle writes its state, counters and times."""

    id = models.CharField(primary_key=True, max_length=16, default=new_job_id, editable=False)
    type = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    campaign_id = models.CharField(max_length=64, blank=True, default="")
    external_id = models.CharField(max_length=64, blank=True, default="")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    params = models.JSONField(default=dict)
    priority = models.SmallIntegerField(default=0)
    single_flight_key = models.CharField(max_length=100, blank=True, default="")
    makes_artifact = models.BooleanField(
        default=False, db_default=False, help_text="A ZIP is made when it ends."
    )

    state = models.CharField(max_length=24, default=states.PENDING)
    generation = models.IntegerField(default=1)
    error = models.TextField(blank=True, default="", help_text="Why its type gave up.")
    created_by = models.CharField(max_length=255)
    cancel_requested_by = models.CharField(max_length=255, blank=True, default="")

    # Null until `expanded_at`: until then nobody knows how many there will be.
    items_total = models.IntegerField(null=True)
    next_position = models.IntegerField(default=0, help_text="Where making items goes on.")
    cut_short = models.BooleanField(default=False, help_text="A cancel ended the making of items.")
    expand_deaths = models.SmallIntegerField(default=0)
    succeeded = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    carried = models.IntegerField(default=0, help_text="Done in earlier generations.")
    recent_rate = models.FloatField(default=0, help_text="Items a second at last_settled_at.")
    # Who is served next: see lifecycle.turns.
    served_s = models.FloatField(default=0, db_default=0, help_text="Of workers' time.")
    served_from_s = models.FloatField(
        default=0, db_default=0, help_text="The same when it was chosen last."
    )
    item_s = models.FloatField(default=1, db_default=1, help_text="What an item lately took.")
    waits_until = models.DateTimeField(
        null=True, help_text="Until then all items left wait for another attempt."
    )
    # Of a retry: where opening items again goes on, and how many are left, by how they ended.
    reopen_from = models.IntegerField(default=0, db_default=0)
    reopen_failed = models.IntegerField(default=0, db_default=0)
    reopen_cancelled = models.IntegerField(default=0, db_default=0)

    artifact_state = models.CharField(
        max_length=10, default=states.NO_ARTIFACT, db_default=states.NO_ARTIFACT
    )

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    expanded_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    last_served_at = models.DateTimeField(null=True)
    last_settled_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    summarised_at = models.DateTimeField(null=True)
    items_removed_at = models.DateTimeField(null=True, help_text="When retention began to.")
    items_purged = models.BooleanField(db_default=False, help_text="The last one is removed.")

    objects = JobQuerySet.as_manager()

    # Number of ended transactions of the snapshot it was read in; see queries.jobs().
    if TYPE_CHECKING:
        revision: int
        read_at: datetime

    class Meta:
        permissions = [
            ("start_job", "Can start jobs"),
            ("cancel_job", "Can cancel jobs"),
            ("retry_job", "Can retry failed items"),
            ("prioritise_job", "Can change a job's priority"),
            ("work_job", "Can do items of jobs from outside"),
        ]
        constraints = [
            models.CheckConstraint(name="job_state_known", condition=Q(state__in=states.STATES)),
            models.CheckConstraint(
                name="job_ended_with_its_time",
                condition=Q(state__in=states.ENDED, finished_at__isnull=False)
                | Q(state__in=states.OPEN, finished_at=None),
            ),
            models.CheckConstraint(
                name="job_total_with_expansion",
                condition=Q(items_total=None, expanded_at=None)
                | Q(items_total__isnull=False, expanded_at__isnull=False),
            ),
            # Nobody does items again that are gone.
            models.CheckConstraint(
                name="job_ended_before_its_items_went",
                condition=Q(items_removed_at=None, items_purged=False)
                | Q(items_removed_at__isnull=False, finished_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_counters_within_total",
                condition=Q(succeeded__gte=0, failed__gte=0, cancelled__gte=0)
                & (
                    Q(items_total=None)
                    | Q(items_total__gte=F("succeeded") + F("failed") + F("cancelled"))
                ),
            ),
            models.CheckConstraint(
                name="job_reopens_while_open",
                condition=Q(reopen_failed=0, reopen_cancelled=0)
                | Q(state__in=states.OPEN, reopen_failed__gte=0, reopen_cancelled__gte=0),
            ),
            models.CheckConstraint(
                name="job_artifact_state_known",
                condition=Q(artifact_state__in=(states.NO_ARTIFACT, *states.ARTIFACT_STATES)),
            ),
            # Single-flight is this index, never a check before the insert.
            models.UniqueConstraint(
                "single_flight_key",
                condition=Q(state__in=states.OPEN) & ~Q(single_flight_key=""),
                name="job_single_flight",
            ),
            models.UniqueConstraint(
                "external_id", condition=~Q(external_id=""), name="job_external_id"
            ),
        ]
        indexes = [
            # lifecycle.turns: the next job to serve, where the others stand, who waits.
            models.Index(
                F("priority").desc(),
                F("served_s"),
                F("created_at"),
                condition=Q(state__in=states.OPEN, waits_until=None),
                name="job_next_to_serve",
            ),
            models.Index(
                "served_from_s", condition=Q(state__in=states.OPEN), name="job_served_from"
            ),
            models.Index(
                "waits_until", condition=Q(waits_until__isnull=False), name="job_waits_until"
            ),
            # queries.cancels_left: open jobs that are to end.
            models.Index(
                "id",
                condition=Q(state__in=states.OPEN, cancel_requested_at__isnull=False),
                name="job_to_cancel",
            ),
            # lifecycle.summaries: ended jobs whose summary is still to be made.
            models.Index(
                "finished_at",
                condition=Q(finished_at__isnull=False, summarised_at=None),
                name="job_to_summarise",
            ),
            # queries.to_reopen: retried jobs whose items are still to be opened again.
            models.Index(
                "id",
                condition=Q(reopen_failed__gt=0) | Q(reopen_cancelled__gt=0),
                name="job_to_reopen",
            ),
            # lifecycle.retention: ended jobs whose items are kept, the oldest first; and those
            # whose items are being removed, which are never many.
            models.Index(
                "type",
                "finished_at",
                condition=Q(finished_at__isnull=False, items_removed_at=None),
                name="job_with_items",
            ),
            models.Index(
                "items_removed_at",
                condition=Q(items_removed_at__isnull=False, items_purged=False),
                name="job_losing_items",
            ),
            # lifecycle.retention: the oldest rows.
            models.Index("finished_at", condition=Q(items_purged=True), name="job_without_items"),
            *indexes.OF_JOBS,
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.id})"

    @property
    def settled(self) -> int:
        """Count the items that need no more work: succeeded, failed or cancelled."""
        return self.succeeded + self.failed + self.cancelled

    @property
    def processed(self) -> int:
        """Count the items whose work was done, well or badly."""
        return self.succeeded + self.failed

    @property
    def to_reopen(self) -> int:
        """Count the items that a retry has still to open again."""
        return self.reopen_failed + self.reopen_cancelled

    @property
    def is_open(self) -> bool:
        return self.state in states.OPEN

    @property
    def cancel_asked_at(self) -> datetime | None:
        """Return when somebody asked to cancel it; None when its type gave up by itself."""
        by_us = self.cancel_requested_by.startswith("system:")
        return None if by_us else self.cancel_requested_at

    @property
    def has_artifact(self) -> bool:
        """Say whether its ZIP is there to be handed out."""
        return self.artifact_state == states.READY

    @property
    def is_settled(self) -> bool:
        """Say whether every item is known and settled, so that the job is over."""
        return self.items_total is not None and self.settled == self.items_total


class JobItem(models.Model):
    """One piece of a job's work. Only jobs.lifecycle writes its state, result and counts."""

    id = models.BigAutoField(primary_key=True)
    # The indexes below begin with the job; one of its own would only slow down each settle.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.IntegerField()
    params = models.JSONField(null=True)
    state = models.CharField(max_length=10, default=states.PENDING)
    # Of the claim that holds it. No foreign key: its trigger would run at every claim and settle.
    claim_id = models.BigIntegerField(null=True)
    attempts = models.SmallIntegerField(default=0, help_text="Begun in this generation.")
    deaths = models.SmallIntegerField(default=0, help_text="Workers that died on it alone.")
    suspect = models.BooleanField(default=False, help_text="Its worker died: worked on alone.")
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    not_before = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # Of queries.items_of() and queries.page_of_items().
    if TYPE_CHECKING:
        is_taken: bool

    class Meta:
        constraints = [
            models.UniqueConstraint("job", "position", name="item_position"),
            models.CheckConstraint(
                name="item_ended_with_its_time",
                condition=Q(state__in=states.ITEM_ENDED, finished_at__isnull=False)
                | Q(state__in=states.ITEM_OPEN, finished_at=None),
            ),
            models.CheckConstraint(
                name="item_runs_under_a_claim",
                condition=Q(state=states.RUNNING, claim_id__isnull=False)
                | (~Q(state=states.RUNNING) & Q(claim_id=None)),
            ),
        ]
        indexes = [
            # lifecycle.claims: the next items of a job, and whether one that waits is due by now,
            # however many others wait; cancel: those still to cancel.
            models.Index(
                "job",
                F("not_before").asc(nulls_first=True),
                "position",
                condition=Q(state=states.PENDING),
                name="item_pending",
            ),
            # queries.page_of_items with ?status=failed, and retry: few among very many.
            models.Index("job", "position", condition=Q(state=states.FAILED), name="item_failed"),
            models.Index(
                "job", "position", condition=Q(state=states.CANCELLED), name="item_cancelled"
            ),
            *indexes.OF_ITEMS,
        ]

    def __str__(self) -> str:
        return f"item {self.position} of {self.job_id}"

    @property
    def shown_state(self) -> str:
        """Return its state as people and programs see it: one that nobody has begun is pending."""
        return states.PENDING if self.is_taken else self.state


class Claim(models.Model):
    """One worker's lease on a chunk of items, or on a step of a job; deleted when it ends."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="claims")
    kind = models.CharField(max_length=8)
    worker = models.CharField(max_length=300)
    # Who settles must show it: a worker that was given up for dead cannot.
    token = models.UUIDField()
    item_ids = ArrayField(models.BigIntegerField(), default=list)
    created_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    cancel_seen = models.BooleanField(default=False)
    # Of the items it holds; null for a step.
    first_position = models.IntegerField(null=True)
    last_position = models.IntegerField(null=True)
    # What the item at work reports of itself; without `item_id` it is about all of them.
    item_id = models.BigIntegerField(null=True)
    item_since = models.DateTimeField(null=True)
    progress_done = models.BigIntegerField(null=True)
    progress_total = models.BigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="claim_kind_known", condition=Q(kind__in=states.CLAIM_KINDS)
            ),
            # One worker at a time makes a job's items, and one its summary.
            models.UniqueConstraint(
                "job", "kind", condition=~Q(kind=states.ITEMS), name="claim_one_per_step"
            ),
        ]
        # lifecycle.claims expire_claims: leases that ran out.
        indexes = [models.Index("expires_at", name="claim_expiry")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id} by {self.worker}"


class JobEvent(models.Model):
    """One thing that happened to a job: who, when, why, before and after. Only ever added."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events", db_index=False)
    verb = models.CharField(max_length=20)
    actor = models.CharField(max_length=255, help_text="user:, token: or system:<part>")
    at = models.DateTimeField(db_default=Now())
    reason = models.TextField(blank=True, default="")
    generation = models.IntegerField()
    before = models.CharField(max_length=24, blank=True, default="")
    after = models.CharField(max_length=24, blank=True, default="")

    class Meta:
        triggers = kept_until_old(acts_of_people=True)
        # The job page: what happened, newest first.
        # jobs.statistics: what began and ended in the last days.
        indexes = [
            models.Index("job", F("id").desc(), name="job_event_newest"),
            models.Index("at", condition=Q(verb__in=("start", "finish")), name="job_event_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.job_id} by {self.actor}"


class RunSummary(models.Model):
    """What one generation of a job came to, kept when its items are gone."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="summaries")
    generation = models.IntegerField()
    state = models.CharField(max_length=24)
    items_total = models.IntegerField()
    succeeded = models.IntegerField()
    failed = models.IntegerField()
    cancelled = models.IntegerField()
    details = models.JSONField(default=dict, help_text="What its type adds.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint("job", "generation", name="summary_one_per_generation"),
        ]

    def __str__(self) -> str:
        return f"summary of {self.job_id}, generation {self.generation}"
