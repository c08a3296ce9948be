"""Store which reports go out by mail at set times, and what became of each of these times."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models.outbox import Notice
from alerts.states import BULLETIN_KINDS, SLOT_LOOKS, BulletinKind, SlotOutcome
from batchops.looks import Look
from batchops.row_history import tracked


@tracked
class Bulletin(models.Model):
    """A report that is mailed once on each business day, at a time and to addresses people set.

    There is one daily report; of hand-overs there is one for each change of shifts. `set_at` is
    when it was last switched on or its time was changed: nothing due before that is sent.
    """

    kind = models.CharField(
        max_length=16,
        choices=[(kind.value, label) for kind, label in BULLETIN_KINDS.items()],
        default=BulletinKind.HAND_OVER,
        editable=False,
    )
    name = models.CharField(
        max_length=60, unique=True, help_text=_("Such as Morning shift; it stands in the subject.")
    )
    at = models.TimeField(
        _("time"),
        null=True,
        blank=True,
        help_text=_("On the site's clock. Empty, for the daily report: at the day's deadline."),
    )
    recipients = models.TextField(
        blank=True, default="", help_text=_("E-mail addresses, one on each line.")
    )
    enabled = models.BooleanField(_("on"), default=False)
    set_at = models.DateTimeField(editable=False)

    class Meta:
        default_permissions = ("add", "change", "view")
        permissions = [
            ("view_report", "Can see daily reports and hand-over lists"),
            ("send_bulletin", "Can have a hand-over list mailed now"),
        ]
        verbose_name = _("report by mail")
        verbose_name_plural = _("reports by mail")
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind=BulletinKind.DAILY_REPORT),
                name="bulletin_one_daily_report",
            ),
            models.CheckConstraint(
                condition=Q(kind=BulletinKind.DAILY_REPORT)
                | Q(kind=BulletinKind.HAND_OVER, at__isnull=False),
                name="bulletin_hand_over_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        return self.recipients.split()


class BulletinSlot(models.Model):
    """What became of a bulletin on one business day: written once, when that was decided."""

    bulletin = models.ForeignKey(Bulletin, on_delete=models.PROTECT, related_name="slots")
    business_date = models.DateField()
    due_at = models.DateTimeField(help_text="By CC&B's clock, as business days go.")
    decided_at = models.DateTimeField()
    outcome = models.CharField(
        max_length=8, choices=[(o.value, look.label) for o, look in SLOT_LOOKS.items()]
    )
    reason = models.CharField(max_length=300, blank=True, default="")
    readers = models.PositiveIntegerField(default=0)
    notice = models.ForeignKey(Notice, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["bulletin", "business_date"], name="bulletin_once_a_business_day"
            ),
            models.CheckConstraint(
                condition=Q(outcome=SlotOutcome.POSTED, reason="")
                | (Q(outcome=SlotOutcome.MISSED) & ~Q(reason="")),
                name="bulletin_missed_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bulletin_id} on {self.business_date}: {self.outcome}"

    @property
    def look(self) -> Look:
        return SLOT_LOOKS[SlotOutcome(self.outcome)]
