"""Store each reading of CC&B, and what it holds beside runs."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


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


class Submission(models.Model):
    """One entry of CC&B's submission queue (CI_BATCH_JOB), as it was last seen.

    Its times are of CC&B's clock at polls: `status_since` when it was first seen in its status,
    `orphan_since` when it was first seen started while its run was over (None: it is not), and
    `over_at` when it was first seen to be over. Not ended and not seen any more is over, too.
    """

    job_id = models.CharField(max_length=14, unique=True, help_text="BATCH_JOB_ID")
    source_batch_cd = models.CharField(max_length=8)
    batch_nbr = models.BigIntegerField(help_text="0 until its run exists.")
    rerun_nbr = models.BigIntegerField()
    status_code = models.CharField(max_length=8, help_text="PD, ST, ED, PC, CA, as CC&B wrote it.")
    requested_at = models.DateTimeField(null=True)
    thread_count = models.IntegerField()
    process_date = models.DateField(null=True)
    method = models.CharField(max_length=8)
    first_seen_at = models.DateTimeField()
    status_since = models.DateTimeField()
    orphan_since = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            # What each poll compares with: the few that are open.
            models.Index(fields=["job_id"], condition=Q(over_at=None), name="submission_open"),
            # What retention removes.
            models.Index(fields=["over_at"], name="submission_over"),
        ]

    def __str__(self) -> str:
        return f"{self.source_batch_cd} {self.job_id}"


class SubmissionSample(models.Model):
    """What a poll saw of an entry of the submission queue; kept when it differs from the last."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="submission_samples")
    job_id = models.CharField(max_length=14)
    source_batch_cd = models.CharField(max_length=8)
    batch_nbr = models.BigIntegerField()
    rerun_nbr = models.BigIntegerField()
    status_code = models.CharField(max_length=8)
    requested_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    orphan_since = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["poll", "job_id"], name="submission_sample_once_per_poll"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source_batch_cd} {self.job_id} ({self.poll_id})"


class HistoryImport(models.Model):
    """One import of older runs: from `until` backwards, chunk by chunk, down to `since`.

    All that began at `reached_at` or later is stored; a stopped import goes on from there. Times
    are of CC&B's clock.
    """

    since = models.DateTimeField()
    until = models.DateTimeField()
    reached_at = models.DateTimeField()
    runs_read = models.IntegerField(default=0)
    runs_changed = models.IntegerField(default=0)
    asked_by = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at=None), name="history_import_one_open"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(reached_at=models.F("since")),
                name="history_import_finished_reached_all",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} to {self.until:%Y-%m-%d} ({self.pk})"
