"""Store each forecast of a business day, and how good forecasts of past days would have been."""

from django.db import models
from django.db.models import F, Q


class Forecast(models.Model):
    """When a business day's workflow was expected to be done, as one good reading let expect it.

    One for each reading until the day is done; the last one then has `finished_at` and a chance
    of 0 or 100. All moments are of CC&B's clock; `at` is the reading's. P10, P50 and P90 are the
    moments before which the whole is done in 10, 50 and 90 of 100 cases; `miss_pct` is in how
    many of 100 it is later than `deadline_at`. With fewer than 20 comparable days (`days`) these
    four are None and `steps` is empty: `days` of 20 is "not enough history".

    `steps` holds one object for each step of the workflow, in its order:

        {"code": "CM_BSGGN", "state": "done" | "running" | "failed" | "waiting",
         "start_at": began, or is expected to begin in the median (ISO 8601),
         "p10_at": ..., "p50_at": ..., "p90_at": its finish; of one that is done all the same,
         "deadline_at": its own, or null; "miss_pct": of its own deadline, or null,
         "basis": by what it was reckoned: "done" | "records" | "drain" | "time" | "overrun" |
         "still" | "waits", "days": how many past days stand behind it}

    `compared` says which days: {"kind": "ordinary days", "weekday": 0 to 6 or null for all,
    "from": first, "to": last (ISO dates)}. `because` says what moved the median since the forecast
    before by a minute or more, the greatest first: {"code": step, "what": "starts" | "takes",
    "by_s": seconds, more or later than before if over 0}.
    """

    business_date = models.DateField()
    at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    days = models.IntegerField(help_text="Comparable days behind it.")
    compared = models.JSONField(default=dict)
    p10_at = models.DateTimeField(null=True)
    p50_at = models.DateTimeField(null=True)
    p90_at = models.DateTimeField(null=True)
    miss_pct = models.FloatField(null=True)
    finished_at = models.DateTimeField(null=True, help_text="The whole is done since then.")
    steps = models.JSONField(default=list)
    because = models.JSONField(default=list)

    class Meta:
        default_permissions = ()
        constraints = [
            # Also how the newest of a day is found.
            models.UniqueConstraint(fields=["business_date", "at"], name="forecast_once"),
            models.CheckConstraint(
                condition=Q(p10_at=None, p50_at=None, p90_at=None, miss_pct=None)
                | Q(p10_at__lte=F("p50_at"), p50_at__lte=F("p90_at"), miss_pct__range=(0, 100)),
                name="forecast_whole_or_none",
            ),
        ]
        # What retention removes.
        indexes = [models.Index(fields=["at"], name="forecast_age")]

    def __str__(self) -> str:
        return f"{self.business_date} as seen {self.at:%Y-%m-%d %H:%M:%S}"


class ForecastTest(models.Model):
    """How forecasts of one past business day come out, from the days before it alone.

    Reckoned once a day is over, by `method` (a number that grows when the reckoning changes) from
    the days since `history_from`, and kept for ever; anew when older days are imported.
    `finished_s` None: the workflow was never done that day. `announced_s` is when
    DEADLINE_AT_RISK would have opened, None if at no time. `checks` holds, for each part of the
    day that had passed ("0", "25", "50", "75" of 100), {"p10_s", "p50_s", "p90_s", "miss_pct"};
    `rivals` what the naive say: {"yesterday", "mean", "weekday"}; `steps` the same by step, at
    parts of the step's own run. All of these are seconds since the business day began.
    """

    business_date = models.DateField(unique=True)
    method = models.IntegerField()
    made_at = models.DateTimeField()
    history_from = models.DateField()
    days = models.IntegerField(help_text="Comparable days behind it.")
    finished_s = models.FloatField(null=True, help_text="Since the business day began.")
    deadline_s = models.FloatField(help_text="Since the business day began.")
    announced_s = models.FloatField(null=True, help_text="Since the business day began.")
    checks = models.JSONField(default=dict)
    rivals = models.JSONField(default=dict)
    steps = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"forecasts of {self.business_date}"

    @property
    def missed(self) -> bool:
        """Whether the day's deadline was missed."""
        return self.finished_s is None or self.finished_s > self.deadline_s
