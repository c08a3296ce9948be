"""Put schedules into the shape that pages draw, programs read and screens watch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings

from batchops.cron import Cron
from batchops.db import database_now
from batchops.errors import InvalidInput
from batchops.looks import Look
from batchops.templatetags.batchops import exact
from jobs import queries, registry
from jobs.models import Schedule, ScheduleSlot
from jobs.scheduling import cron_of, troubles

TIMES_SHOWN = 5
ON = Look("on", "On", "ok", "check")
OFF = Look("off", "Switched off", "neutral", "ban")
TROUBLE = Look("trouble", "Cannot start", "bad", "warning")


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule with its words, its next times and what became of the last ones.

    `next_times` is when it would start, also while it is off.
    """

    schedule: Schedule
    look: Look
    type_label: str
    cron_words: str
    next_times: list[datetime]
    trouble: str
    slots: list[ScheduleSlot]

    @classmethod
    def of(cls, schedule: Schedule, *, at: datetime) -> "ScheduleRow":
        """Return the row of a schedule that queries.schedules() read."""
        trouble = " ".join(one for each in troubles(schedule).values() for one in each)
        words, times = _plan(schedule, at)
        look = ON if schedule.enabled else OFF
        return cls(
            schedule=schedule,
            look=TROUBLE if trouble else look,
            type_label=registry.label_or_gone(schedule.type),
            cron_words=words,
            next_times=times,
            trouble=trouble,
            slots=schedule.last_slots,
        )

    @property
    def last(self) -> ScheduleSlot | None:
        """Return the newest slot, None before the first."""
        return self.slots[0] if self.slots else None


class SlotBody(TypedDict):
    """What became of one due time: waiting, started, skipped or missed; and why."""

    dueAt: str
    outcome: str
    reason: str | None
    jobId: str | None
    decidedAt: str


class ScheduleBody(TypedDict):
    """A schedule with its next times, also while it is off, and the last due times first."""

    id: int
    name: str
    type: str
    params: dict[str, Any]
    title: str
    priority: int
    cron: str
    cronText: str
    timeZone: str
    missedPolicy: str
    lateMinutes: int
    enabled: bool
    trouble: str | None
    nextTimes: list[str]
    lastOutcomes: list[SlotBody]


class SchedulesBody(TypedDict):
    """All schedules, by name."""

    schedules: list[ScheduleBody]


def schedule_rows() -> list[ScheduleRow]:
    """Return every schedule by name, as things stand by the database's clock."""
    at = database_now()
    return [ScheduleRow.of(schedule, at=at) for schedule in queries.schedules()]


def schedule_row(schedule_id: int) -> ScheduleRow:
    """Return one schedule.

    :raises ScheduleNotFound: when there is none.
    """
    return ScheduleRow.of(queries.find_schedule(schedule_id), at=database_now())


def schedule_body(row: ScheduleRow) -> ScheduleBody:
    """Return a schedule as the API shows it."""
    schedule = row.schedule
    return {
        "id": schedule.pk,
        "name": schedule.name,
        "type": schedule.type,
        "params": schedule.params,
        "title": schedule.title,
        "priority": schedule.priority,
        "cron": schedule.cron,
        "cronText": row.cron_words,
        "timeZone": settings.SITE_TIME_ZONE,
        "missedPolicy": schedule.missed_policy,
        "lateMinutes": schedule.late_minutes,
        "enabled": schedule.enabled,
        "trouble": row.trouble or None,
        "nextTimes": [due_at.isoformat() for due_at in row.next_times],
        "lastOutcomes": [slot_body(slot) for slot in row.slots],
    }


def slot_body(slot: ScheduleSlot) -> SlotBody:
    """Return what became of one due time."""
    return {
        "dueAt": slot.due_at.isoformat(),
        "outcome": slot.outcome,
        "reason": slot.reason or None,
        "jobId": slot.job_id,
        "decidedAt": slot.decided_at.isoformat(),
    }


def preview(text: str, *, at: datetime) -> list[str]:
    """Return, in lines to read, what a cron text means and when it is due next after `at`."""
    try:
        cron = Cron.parse(text, zone=settings.SITE_ZONE)
    except InvalidInput as error:
        return [error.message]
    return [cron.words, *(exact(due_at) for due_at in cron.next_times(at, count=TIMES_SHOWN))]


def _plan(schedule: Schedule, at: datetime) -> tuple[str, list[datetime]]:
    try:
        cron = cron_of(schedule)
    except InvalidInput:
        return schedule.cron, []
    return cron.words, cron.next_times(at, count=TIMES_SHOWN)
