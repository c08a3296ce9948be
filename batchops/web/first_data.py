"""Put in place what every installation starts with; calling it again changes nothing edited."""

from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from alerts.lifecycle import seed_daily_report, seed_default_channel, seed_reminder
from batchops.ccb.simulator import profiles
from batchops.db import database_now
from batchops.web.roles import ROLES
from jobs.types.bill_stop.lifecycle import seed_schedule
from monitoring.lifecycle import seed_calendar, seed_workflow

A_YEAR = 2026  # in which the yearly holidays are written


@transaction.atomic
def load_first_data() -> None:
    """Create the roles, steps, settings, channel, report and schedule where they are missing.

    Where the simulated CC&B is watched, its holidays and month ends go into the calendar.
    Permissions of the four roles are set as batchops/web/roles.py lists them each time; steps,
    settings, channels and schedules that people edited stay as they are.

    :raises LookupError: when a role names a permission that no model declares.
    """
    known = {
        f"{app_label}.{codename}": pk
        for app_label, codename, pk in Permission.objects.values_list(
            "content_type__app_label", "codename", "pk"
        ).order_by()
    }
    for name, labels in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([_permission(label, known) for label in labels])
    seed_workflow()
    if "clock=simulated" in settings.CCB_URL:
        _seed_simulated_calendar()
    seed_default_channel()
    seed_reminder()
    seed_daily_report(at=database_now())
    seed_schedule()


def _seed_simulated_calendar() -> None:
    days = [date(A_YEAR, month, day) for month, day in sorted(profiles.HOLIDAYS)]
    seed_calendar(
        [day for day in days if profiles.class_of(day) == profiles.HOLIDAY],
        last_days=profiles.LAST_DAYS,
        first_days=profiles.FIRST_DAYS,
    )


def _permission(label: str, known: Mapping[str, int]) -> int:
    if label not in known:
        raise LookupError(f"No model declares the permission '{label}'.")
    return known[label]
