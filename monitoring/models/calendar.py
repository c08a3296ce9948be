"""Store what people know beforehand of business days: month ends, holidays, planned outages."""

from datetime import UTC, date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import ExtractDay, ExtractMonth
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from batchops.row_history import tracked
from monitoring.models.workflow import Step

LONGEST_OUTAGE = timedelta(days=31)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
WITHIN_REACH = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
MOMENTS_WITHIN_REACH = [
    MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC)),
    MaxValueValidator(datetime(2101, 1, 1, tzinfo=UTC)),
]


class DayKind(models.TextChoices):
    """The classes of business days; each is compared with its own only."""

    ORDINARY = "ordinary", _("ordinary day")
    MONTH_END = "month_end", _("month end")
    HOLIDAY = "holiday", _("holiday")

    @property
    def is_special(self) -> bool:
        return self is not DayKind.ORDINARY


@tracked
class CalendarDay(models.Model):
    """A business day that is of another kind than the calendar alone would say.

    One that is `yearly` stands for the same date of each year, where no row names that very day.
    """

    business_date = models.DateField(_("business day"), unique=True, validators=WITHIN_REACH)
    kind = models.CharField(max_length=16, choices=DayKind, default=DayKind.HOLIDAY)
    yearly = models.BooleanField(
        _("every year"), default=False, help_text=_("The same date of each year, if not said else.")
    )
    name = models.CharField(max_length=80, blank=True, help_text=_("Such as Victory Day."))

    class Meta:
        verbose_name = _("special day")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DayKind.values), name="calendar_day_kind_known"
            ),
            models.UniqueConstraint(
                ExtractMonth("business_date"),
                ExtractDay("business_date"),
                condition=Q(yearly=True),
                name="calendar_day_once_a_year",
                violation_error_message=_(
                    "Another row stands for this date of every year already: change that one."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} ({self.get_kind_display()})"


@tracked
class PlannedOutage(models.Model):
    """A time in which CC&B, or one step of the workflow, is known not to work.

    A step that should start meanwhile is expected at its end, what it touches is no measure of
    other days, and nobody is told that CC&B is silent while all of it is out.
    """

    step = models.ForeignKey(
        Step,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="planned_outages",
        help_text=_("Empty: all of CC&B."),
    )
    begins_at = models.DateTimeField(_("from"), validators=MOMENTS_WITHIN_REACH)
    ends_at = models.DateTimeField(_("until"), validators=MOMENTS_WITHIN_REACH)
    reason = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("planned outage")
        constraints = [
            models.CheckConstraint(
                condition=Q(begins_at__lt=F("ends_at")),
                name="planned_outage_ends_after_it_begins",
                violation_error_message=_("It must end after it begins. Mend one of the two."),
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    def clean(self) -> None:
        begins_at: datetime | None = self.begins_at  # None of a field that was refused
        ends_at: datetime | None = self.ends_at
        if begins_at and ends_at and ends_at - begins_at > LONGEST_OUTAGE:
            said = gettext("It may last at most %(days)d days. Enter it in parts.")
            raise ValidationError({"ends_at": said % {"days": LONGEST_OUTAGE.days}})
