"""Have PostgreSQL keep what happened as it was written: rows are added, never changed."""

from collections.abc import Iterator
from datetime import timedelta

import pgtrigger
from django.apps import apps
from django.db.models import Model

# What people did is kept for so long at least, whoever asks for its removal.
KEPT = timedelta(days=30)
NEVER_CHANGED = "never_changed"
NEVER_REMOVED = "append_only"


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers of a model whose rows are never changed and never removed."""
    both = pgtrigger.Update | pgtrigger.Delete
    return [pgtrigger.Protect(name=NEVER_REMOVED, operation=both), never_emptied()]


def kept_until_old(*, acts_of_people: bool = False) -> list[pgtrigger.Trigger]:
    """Return those of one whose rows are never changed, and removed by clean-up alone.

    With `acts_of_people` the model has `at` and `actor`, and nobody removes what anybody but the
    system did within KEPT.
    """
    triggers = [pgtrigger.Protect(name=NEVER_CHANGED, operation=pgtrigger.Update), never_emptied()]
    if acts_of_people:
        young = f"OLD.at > now() - interval '{KEPT.days} days'"
        triggers.append(
            pgtrigger.Protect(
                name="kept_while_young",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition(f"{young} AND NOT starts_with(OLD.actor, 'system:')"),
            )
        )
    return triggers


def never_emptied() -> pgtrigger.Trigger:
    """Return the trigger that refuses TRUNCATE, which row triggers do not see."""
    return pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'Cannot truncate table %', TG_TABLE_NAME;",
    )


def taken_rights() -> Iterator[tuple[str, str]]:
    """Yield each table that is only added to, and the rights on it that nobody is to have."""
    for model in apps.get_models():
        names = {trigger.name for trigger in _triggers(model)}
        if NEVER_REMOVED in names:
            yield model._meta.db_table, "UPDATE, DELETE, TRUNCATE"
        elif NEVER_CHANGED in names:
            yield model._meta.db_table, "UPDATE, TRUNCATE"


def _triggers(model: type[Model]) -> list[pgtrigger.Trigger]:
    return list(getattr(model._meta, "triggers", ()))
