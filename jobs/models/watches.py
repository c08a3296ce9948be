"""Store whom a mail tells how jobs have ended."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class JobWatch(models.Model):
    """Whom a mail tells that a job, or each job of a type, has ended in which way."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Written to while they are active and may view jobs.",
    )
    address = models.EmailField(
        blank=True, default="", help_text="Instead of a user: somebody who has no account."
    )
    job = models.ForeignKey(
        "jobs.Job", on_delete=models.CASCADE, null=True, blank=True, related_name="watches"
    )
    type = models.CharField(max_length=40, blank=True, default="")
    on_completed = models.BooleanField("completed", default=True)
    on_failed = models.BooleanField("failed, or completed with errors", default=True)
    on_cancelled = models.BooleanField("cancelled", default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    if TYPE_CHECKING:
        job_id: str | None

    class Meta:
        verbose_name = "mail about jobs"
        verbose_name_plural = "mails about jobs"
        constraints = [
            models.UniqueConstraint(
                "user", "address", "job", "type", nulls_distinct=False, name="watch_once"
            ),
            models.CheckConstraint(
                name="watch_by_one_reader",
                condition=Q(user__isnull=False, address="") | (Q(user=None) & ~Q(address="")),
            ),
            models.CheckConstraint(
                name="watch_of_a_job_or_a_type",
                condition=Q(job__isnull=False, type="") | (Q(job=None) & ~Q(type="")),
            ),
            models.CheckConstraint(
                name="watch_of_some_end",
                condition=Q(on_completed=True) | Q(on_failed=True) | Q(on_cancelled=True),
            ),
        ]
        indexes = [models.Index("type", condition=Q(job=None), name="watch_of_type")]

    def __str__(self) -> str:
        return f"{self.user or self.address}: {self.job_id or self.type}"
