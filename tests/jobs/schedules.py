"""Make schedules for tests, set their clock, and read what became of their times."""

from collections.abc import Callable
from datetime import datetime

from jobs.models import Schedule, ScheduleSlot

Plan = Callable[..., Schedule]
Clock = Callable[[datetime], None]


def outcomes(schedule: Schedule) -> list[str]:
    return list(schedule.slots.order_by("due_at").values_list("outcome", flat=True))


def last(schedule: Schedule) -> ScheduleSlot:
    return schedule.slots.order_by("-due_at")[0]
