"""Store what is known of files: the ZIPs that jobs make."""

import secrets

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs import states


def new_storage_name() -> str:
    """Return a random name for a file: nobody guesses it, and nothing about its owner is in it."""
    return secrets.token_hex(16)


ATTEMPTS = 5


class Artifact(models.Model):
    """The ZIP of one generation of a job. Only jobs.lifecycle writes its state."""

    # Protected, for whoever removes the row first leaves its file behind for ever.
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, related_name="artifacts")
    generation = models.IntegerField()
    state = models.CharField(max_length=10, default=states.MAKING)
    # Emptied when no file of any attempt is left in the storage.
    storage_name = models.CharField(max_length=64, blank=True, default=new_storage_name)
    file_name = models.CharField(max_length=150, blank=True, default="", help_text="As shown.")
    size_bytes = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    attempts = models.SmallIntegerField(default=0)
    # More when somebody wants it tried again; names of attempts are never used twice.
    attempts_allowed = models.SmallIntegerField(default=ATTEMPTS)
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed.")
    not_before = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="artifact_state_known", condition=Q(state__in=states.ARTIFACT_STATES)
            ),
            models.CheckConstraint(
                name="artifact_ready_with_its_file",
                condition=~Q(state=states.READY)
                | (Q(size_bytes__gte=0, made_at__isnull=False) & ~Q(sha256="", storage_name="")),
            ),
            models.UniqueConstraint("job", "generation", name="artifact_one_per_generation"),
        ]
        indexes = [
            # queries.artifacts_due: those still to be made.
            models.Index("created_at", condition=Q(state=states.MAKING), name="artifact_due"),
            # queries.artifacts_failed: those that nobody could make.
            models.Index("id", condition=Q(state=states.FAILED), name="artifact_failed"),
            # queries.artifacts_outdated: those whose time is over.
            models.Index("expires_at", condition=Q(state=states.READY), name="artifact_outdated"),
            # queries.artifacts_to_remove: those whose files nobody needs any more.
            models.Index(
                "id",
                condition=Q(state__in=(states.FAILED, states.EXPIRED)) & ~Q(storage_name=""),
                name="artifact_to_remove",
            ),
        ]

    def __str__(self) -> str:
        return f"ZIP of {self.job_id}, generation {self.generation}"

    def stored_as(self, attempt: int | None = None) -> str:
        """Return the name in the storage of what one attempt made, the last if none is given.

        Each attempt has a name of its own: a worker that was given up for dead and comes back
        cannot touch what another made meanwhile.
        """
        return f"{self.storage_name}-{self.attempts if attempt is None else attempt}.zip"

    def stored_names(self) -> list[str]:
        """Return every name under which an attempt may have left something."""
        return [self.stored_as(attempt) for attempt in range(1, self.attempts + 1)]
