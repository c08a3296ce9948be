"""Put in place what every installation starts with; calling it again changes nothing edited."""

from collections.abc import Mapping

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from alerts.lifecycle import seed_default_channel
from batchops.web.roles import ROLES
from jobs.types.bill_stop.lifecycle import seed_schedule
from monitoring.lifecycle import seed_workflow


@transaction.atomic
def load_first_data() -> None:
    """Create the roles, steps, settings, channel and schedule where they are missing.

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
    seed_default_channel()
    seed_schedule()


def _permission(label: str, known: Mapping[str, int]) -> int:
    if label not in known:
        raise LookupError(f"No model declares the permission '{label}'.")
    return known[label]
