"""Store what each business day of CC&B came to, for ever."""

from django.db import models

WHOLE_DAY = ""


class StepDay(models.Model):
    """One batch's runs of one business day, and the whole day's where `batch_code` is empty.

    A day is reckoned anew whenever a poll or an import changes one of its runs. Durations are
    those of runs that have an end; `avg_rps` is the sum of records through the sum of seconds.
    `imd_peak` and `imd_left` are the day's greatest and last count of pending IMDs, of the whole
    day only, None when no poll saw that day.
    """

    business_date = models.DateField()
    batch_code = models.CharField(max_length=40, blank=True, help_text="Empty: the whole day.")
    total_runs = models.IntegerField(default=0)
    successful_runs = models.IntegerField(default=0)
    failed_runs = models.IntegerField(
        default=0, help_text="Failed now; repaired ones have succeeded."
    )
    restarts = models.IntegerField(default=0, help_text="Executions of threads beyond the first.")
    total_records = models.BigIntegerField(default=0)
    records_in_error = models.BigIntegerField(default=0)
    total_duration_seconds = models.BigIntegerField(default=0)
    avg_duration_seconds = models.FloatField(null=True)
    min_duration_seconds = models.IntegerField(null=True)
    max_duration_seconds = models.IntegerField(null=True)
    avg_rps = models.FloatField(null=True)
    first_started_at = models.DateTimeField(db_column="first_start_time", null=True)
    last_ended_at = models.DateTimeField(db_column="last_end_time", null=True)
    imd_peak = models.IntegerField(null=True)
    imd_left = models.IntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "batch_performance_summary"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["business_date", "batch_code"], name="step_day_once_per_batch"
            ),
        ]
        indexes = [
            # The course of one batch over the days.
            models.Index(fields=["batch_code", "business_date"], name="step_day_of_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_code or 'all'} on {self.business_date}"
