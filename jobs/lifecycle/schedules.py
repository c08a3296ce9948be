"""Change schedules, and record what becomes of each of their due times."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from batchops.live.publish import publish
from jobs import states
from jobs.errors import ScheduleNotFound
from jobs.models import Job, Schedule, ScheduleEvent, ScheduleSlot

log = logging.getLogger("jobs.lifecycle")

EDITED = (
    "name",
    "type",
    "params",
    "title",
    "priority",
    "cron",
    "missed_policy",
    "late_minutes",
)
SWITCHED_OFF = "The schedule was switched off before it could start."
REPLANNED = "The schedule was given another cron text before it could start."


@transaction.atomic
def create_schedule(schedule: Schedule, *, actor: str) -> Schedule:
    """Store a new schedule, switched off, and return it."""
    schedule.enabled, schedule.decided_until = False, None
    schedule.save(force_insert=True)
    _note(schedule, "create", actor=actor, after=_edited(schedule))
    return schedule


@transaction.atomic
def edit_schedule(schedule: Schedule, *, actor: str) -> Schedule:
    """Store what a person changed on a schedule; what was due under another cron text is over.

    :raises ScheduleNotFound: when there is none.
    """
    before, after = _edited(lock_schedule(schedule.pk)), _edited(schedule)
    changed = [name for name in EDITED if before[name] != after[name]]
    if changed:
        moved: dict[str, Any] = {name: after[name] for name in changed}
        if "cron" in changed:
            moved["decided_until"] = Now()
            _give_up_waiting(schedule, REPLANNED)
        Schedule.objects.filter(pk=schedule.pk).update(**moved)
        was = {name: before[name] for name in changed}
        _note(
            schedule, "edit", actor=actor, before=was, after={name: after[name] for name in changed}
        )
    return schedule


@transaction.atomic
def enable_schedule(schedule_id: int, *, actor: str) -> Schedule:
    """Switch a schedule on, from its next due time on; one that is on stays as it is.

    :raises ScheduleNotFound: when there is none.
    """
    return _switch(lock_schedule(schedule_id), "enable", actor=actor, enabled=True)


@transaction.atomic
def disable_schedule(schedule_id: int, *, actor: str) -> Schedule:
    """Switch a schedule off, and give up a start that still waits; one that is off stays so.

    :raises ScheduleNotFound: when there is none.
    """
    schedule = _switch(lock_schedule(schedule_id), "disable", actor=actor, enabled=False)
    _give_up_waiting(schedule, SWITCHED_OFF)
    return schedule


def note_run(schedule: Schedule, job: Job, *, actor: str) -> None:
    """Record that somebody started a schedule's job by hand; part of the caller's transaction."""
    _note(schedule, "run_now", actor=actor, after={"job": job.pk})


def lock_schedule(schedule_id: int) -> Schedule:
    """Return a schedule with its row locked until the transaction ends.

    :raises ScheduleNotFound: when there is none.
    """
    schedule = Schedule.objects.select_for_update(no_key=True).filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotFound(f"There is no schedule {schedule_id}. Open the list anew.")
    return schedule


def hold_schedule(schedule_id: int) -> Schedule | None:
    """Lock a schedule that is on, to decide its slots; None when it is off or somebody has it."""
    held = Schedule.objects.select_for_update(no_key=True, skip_locked=True)
    return held.filter(pk=schedule_id, enabled=True).first()


def decide_until(schedule: Schedule, moment: datetime) -> None:
    """Say up to when every due time has its row; the caller holds the schedule."""
    Schedule.objects.filter(pk=schedule.pk).update(decided_until=moment)


def record_slot(
    schedule: Schedule, due_at: datetime, outcome: str, *, reason: str = "", job: Job | None = None
) -> bool:
    """Write what became of a due time, whose schedule the caller holds; say if that is news.

    A slot that waits may come to any outcome; any other outcome is final.
    """
    slot = schedule.slots.filter(due_at=due_at).first()
    if slot is None:
        slot = ScheduleSlot(schedule=schedule, due_at=due_at)
    elif slot.outcome != states.WAITING or (slot.outcome, slot.reason) == (outcome, reason):
        return False
    slot.outcome, slot.reason, slot.job = outcome, reason, job
    slot.decided_at = Now()
    slot.save()
    log.info("schedule=%s due=%s %s %s", schedule.pk, due_at.isoformat(), outcome, reason)
    publish("schedules")
    return True


def _give_up_waiting(schedule: Schedule, reason: str) -> None:
    waiting = schedule.slots.filter(outcome=states.WAITING)
    waiting.update(outcome=states.SKIPPED, reason=reason, decided_at=Now())


def _switch(schedule: Schedule, verb: str, *, actor: str, enabled: bool) -> Schedule:
    changed = Schedule.objects.filter(pk=schedule.pk, enabled=not enabled).update(
        enabled=enabled, decided_until=Now()
    )
    schedule.refresh_from_db()
    if changed:
        _note(schedule, verb, actor=actor)
    return schedule


def _note(
    schedule: Schedule,
    verb: str,
    *,
    actor: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    ScheduleEvent.objects.create(
        schedule=schedule, verb=verb, actor=actor, before=before or {}, after=after or {}
    )
    log.info("%s schedule=%s by=%s", verb, schedule.pk, actor)
    publish("schedules")


def _edited(schedule: Schedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in EDITED}
