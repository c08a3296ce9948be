"""Read schedules and what became of their due times."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from jobs import states
from jobs.errors import ScheduleNotFound
from jobs.models import Schedule, ScheduleSlot

SLOTS_SHOWN = 5


def schedules_on() -> QuerySet[Schedule]:
    """Return the schedules that are on, each with `waits`: whether a start of it is overdue."""
    waiting = ScheduleSlot.objects.filter(schedule=OuterRef("pk"), outcome=states.WAITING)
    waits: dict[str, Any] = {"waits": Exists(waiting)}
    return Schedule.objects.filter(enabled=True).annotate(**waits).order_by("pk")


def schedules() -> QuerySet[Schedule]:
    """Return all schedules by name, each with its newest slots in `last_slots`."""
    newest = ScheduleSlot.objects.order_by("-due_at")[:SLOTS_SHOWN]
    shown: Any = Prefetch("slots", newest, to_attr="last_slots")
    return Schedule.objects.prefetch_related(shown).order_by("name")


def find_schedule(schedule_id: int) -> Schedule:
    """Return one schedule as `schedules` does.

    :raises ScheduleNotFound: when there is none.
    """
    schedule = schedules().filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFound(f"There is no schedule {schedule_id}. Open the list anew.")
    return schedule


def last_decided(schedule: Schedule) -> ScheduleSlot | None:
    """Return the newest slot of a schedule that was started or missed, None before the first."""
    decided = schedule.slots.filter(outcome__in=(states.STARTED, states.MISSED))
    return decided.order_by("-due_at").first()
