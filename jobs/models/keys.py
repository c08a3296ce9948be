"""Store the keys by which a repeated request starts one job."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class StartKey(models.Model):
    """An Idempotency-Key: for 24 hours the same key of the same user means the same job."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint("user", "key", name="start_key_one_per_user")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"
