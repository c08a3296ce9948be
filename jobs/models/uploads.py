"""Store what is known of files that people send: each in parts, until a job takes it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs import states
from jobs.models.files import new_storage_name
from jobs.models.jobs import new_job_id


class Upload(models.Model):
    """One file that somebody sends. Only jobs.lifecycle writes its state."""

    id = models.CharField(primary_key=True, max_length=16, default=new_job_id, editable=False)
    # Whose it is; nobody else learns that it exists.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, default=states.RECEIVING)
    name = models.CharField(max_length=150, help_text="As shown.")
    kind = models.CharField(max_length=10, blank=True, default="", help_text="By its content.")
    size_bytes = models.BigIntegerField()
    part_bytes = models.IntegerField(help_text="Of each part but the last.")
    expected_sha256 = models.CharField(max_length=64, blank=True, default="")
    sha256 = models.CharField(max_length=64, blank=True, default="")
    # Protected, for whoever removes the row first leaves its files behind for ever.
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, null=True, related_name="uploads")
    position = models.SmallIntegerField(null=True, help_text="Among the files of its job.")
    created_at = models.DateTimeField(db_default=Now())
    completed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="Then it goes, if no job took it.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="upload_state_known", condition=Q(state__in=states.UPLOAD_STATES)
            ),
            models.CheckConstraint(
                name="upload_has_content", condition=Q(size_bytes__gt=0, part_bytes__gt=0)
            ),
            models.CheckConstraint(
                name="upload_checked_before_use",
                condition=~Q(state__in=(states.UPLOADED, states.USED))
                | (Q(completed_at__isnull=False) & ~Q(sha256="") & ~Q(kind="")),
            ),
            models.CheckConstraint(
                name="upload_used_by_a_job",
                condition=~Q(state=states.USED) | Q(job__isnull=False, position__isnull=False),
            ),
            models.UniqueConstraint(
                "job", "position", condition=Q(state=states.USED), name="upload_one_per_place"
            ),
        ]
        indexes = [
            # lifecycle.uploads: those whose time is over.
            models.Index(
                "expires_at", condition=Q(state__in=states.UNUSED), name="upload_outdated"
            ),
            # lifecycle.uploads: those of which only files may be left.
            models.Index("id", condition=Q(state=states.UPLOAD_REMOVED), name="upload_to_forget"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.pk})"

    @property
    def parts_total(self) -> int:
        """Return how many parts it has."""
        return -(-self.size_bytes // self.part_bytes)

    def part_length(self, number: int) -> int:
        """Return how many bytes a part has, the first being number 1."""
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)


class UploadPart(models.Model):
    """One file in the storage; its row is there before it and goes after it."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="received")
    number = models.IntegerField()
    state = models.CharField(max_length=10, default=states.PART_WRITING)
    storage_name = models.CharField(max_length=64, default=new_storage_name)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="upload_part_state_known", condition=Q(state__in=states.PART_STATES)
            ),
            models.UniqueConstraint(
                "upload", "number", condition=Q(state=states.PART_KEPT), name="upload_part_once"
            ),
        ]
        indexes = [
            # lifecycle.uploads: those whose files nobody needs any more.
            models.Index(
                "created_at", condition=~Q(state=states.PART_KEPT), name="upload_part_to_remove"
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.upload_id}"
