"""Write reports as mails: a subject, and the same told as plain text and as HTML."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from alerts.lifecycle import Letter
from batchops.web.reports.daily import DailyReport
from batchops.web.reports.hand_over import HandOver


def of_day(report: DailyReport, *, note: str = "") -> Letter:
    """Write the mail of a daily report; `note` says what is odd about its sending."""
    subject = gettext("Daily report %(day)s: %(headline)s")
    path = f"{reverse('admin:daily_report')}?date={report.day}"
    told = {"report": report, "note": note, "link": f"{settings.PUBLIC_URL}{path}"}
    with timezone.override(settings.SITE_ZONE):
        return _letter(subject % {"day": report.day, "headline": report.headline}, "daily", told)


def of_hand_over(handed: HandOver, *, name: str, note: str = "") -> Letter:
    """Write the mail of a hand-over; `name` is that of the shift."""
    subject = gettext("Hand-over %(name)s: %(headline)s")
    link = f"{settings.PUBLIC_URL}{reverse('admin:hand_over')}"
    told = {"handed": handed, "name": name, "note": note, "link": link}
    with timezone.override(settings.SITE_ZONE):
        return _letter(subject % {"name": name, "headline": handed.headline}, "hand_over", told)


def _letter(subject: str, template: str, told: Mapping[str, Any]) -> Letter:
    context = {**told, "site": settings.PUBLIC_URL}
    text, html = (
        render_to_string(f"reports/mail/{template}.{form}", context) for form in ("txt", "html")
    )
    return Letter(subject, text, html)
