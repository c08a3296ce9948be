"""Store what the jobs of each business day came to, for ever."""

from math import inf

from django.contrib.postgres.fields import ArrayField
from django.db import models

# A job takes from under a second to a night; the last bound counts all that began.
SECONDS_BOUNDS = (1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, inf)


class JobDay(models.Model):
    """One type's jobs of one business day; jobs.statistics computes it from their events.

    A job that is retried ends more than once, and counts in each day in which it ended.
    """

    date = models.DateField()
    type = models.CharField(max_length=40)
    started = models.IntegerField()
    completed = models.IntegerField()
    completed_with_errors = models.IntegerField()
    failed = models.IntegerField()
    cancelled = models.IntegerField()
    items_succeeded = models.BigIntegerField()
    items_failed = models.BigIntegerField()
    seconds_sum = models.FloatField()
    seconds_p50 = models.FloatField(null=True)
    seconds_p95 = models.FloatField(null=True)
    # How many ended within each of SECONDS_BOUNDS; null on days counted before these were.
    seconds_within = ArrayField(models.IntegerField(), null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("date", "type", name="day_once_per_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} on {self.date}"

    @property
    def ended(self) -> int:
        """Count the jobs that ended in any way."""
        return self.completed + self.completed_with_errors + self.failed + self.cancelled
