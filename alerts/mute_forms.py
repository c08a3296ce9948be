"""Check what people say about silences and windows, with sentences that name field and remedy."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.evidence import moment
from alerts.models import Alert, MaintenanceWindow, Silence
from alerts.states import LONGEST_REST
from batchops.calendar import business_date, business_day, site_day_start
from batchops.cron import Cron
from batchops.errors import InvalidInput
from batchops.inputs import ON_THIS_CLOCK
from batchops.moments import MomentInput

LOOKED_AT = 400  # beginnings of a window, within which two must not meet: a year of nights


class SilenceForm(forms.ModelForm[Silence]):
    """What is muted, from when until when, and why."""

    class Meta:
        model = Silence
        fields = ("rule", "batch_code", "severity", "from_at", "until_at", "reason")
        help_texts = dict.fromkeys(("from_at", "until_at"), ON_THIS_CLOCK)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "from_at" in self.fields and not self.instance.pk:
            self.fields["from_at"].initial = timezone.now

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = given.get("from_at"), given.get("until_at")
        if begins and ends and (problem := _span_problem(begins, ends, timezone.now())):
            self.add_error("until_at", problem)
        return given


class SnoozeForm(forms.Form):
    """Until when nobody is told of one alert, and why."""

    until = forms.DateTimeField(
        label=_("Until"),
        help_text=ON_THIS_CLOCK,
        widget=MomentInput({"data-key": "s"}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    every_type = forms.BooleanField(
        label=_("Whatever else opens on the same subject, too"), required=False
    )

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"]
        now = timezone.now()
        if problem := _span_problem(now, until, now):
            raise ValidationError(problem)
        return until

    def silence(self, alert: Alert, *, at: datetime) -> Silence:
        """Return the silence that the checked form asks for."""
        return Silence(
            rule="" if self.cleaned_data["every_type"] else alert.rule,
            key=alert.key,
            from_at=at,
            until_at=self.cleaned_data["until"],
            reason=self.cleaned_data["reason"],
        )


class WindowForm(forms.ModelForm[MaintenanceWindow]):
    """When a window begins, how long it is, and what it mutes."""

    class Meta:
        model = MaintenanceWindow
        fields = (
            "name",
            "cron",
            "zone",
            "minutes",
            "rule",
            "batch_code",
            "severity",
            "enabled",
        )

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"].strip()
        if zone not in available_timezones():
            said = gettext("'%s' is no time zone. Write it as Asia/Dhaka or UTC.")
            raise ValidationError(said % zone)
        return zone

    def clean_cron(self) -> str:
        try:
            return Cron.parse(self.cleaned_data["cron"], zone=settings.SITE_ZONE).text
        except InvalidInput as error:
            raise ValidationError(error.message) from error

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if {"cron", "zone", "minutes"} <= given.keys():
            begins = Cron.parse(given["cron"], zone=ZoneInfo(given["zone"]))
            times = begins.next_times(timezone.now(), count=LOOKED_AT)
            gap = min((b - a for a, b in pairwise(times)), default=None)
            if gap is not None and gap <= timedelta(minutes=given["minutes"]):
                self.add_error("minutes", _never_ends(gap))
        return given


def next_morning(at: datetime) -> datetime:
    """Return when the site's next business day begins, on its clock."""
    zone, starts = settings.SITE_ZONE, site_day_start()
    day = business_date(at, zone=zone, day_start=starts)
    return timezone.localtime(business_day(day, zone=zone, day_start=starts)[1])


def _never_ends(gap: timedelta) -> str:
    said = gettext(
        "It begins again after %(gap)d min, so it would never end: make it shorter than that, or "
        "let it begin less often."
    )
    return said % {"gap": gap.total_seconds() // 60}


def _span_problem(begins: datetime, ends: datetime, now: datetime) -> str:
    if ends <= begins or ends <= now:
        return gettext("Must be later than its beginning, and in the future.")
    if ends > max(begins, now) + LONGEST_REST:
        said = gettext("At most %(days)d days: choose %(at)s or earlier.")
        longest = max(begins, now) + LONGEST_REST
        return said % {"days": LONGEST_REST.days, "at": moment(longest)}
    return ""
