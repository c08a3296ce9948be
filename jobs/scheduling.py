"""Start jobs when their schedules are due: once each, late if that is allowed, or on the record."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile

from django.conf import settings
from django.db import transaction

from batchops.cluster.ticks import Tick, register
from batchops.cron import Cron
from batchops.db import database_now
from batchops.errors import BatchOpsError, InvalidInput
from jobs import lifecycle, queries, states
from jobs.errors import AlreadyRunning
from jobs.models import Job, Schedule
from jobs.start import Order, checked, start_job

log = logging.getLogger("jobs.schedule")

# After a long outage the slots that nobody can start any more are recorded so many at a time.
SLOTS_A_TURN = 500
NOBODY = "No cluster was running to start it in time."
REPLACED = "No cluster was running at its time, and a later start stands for it."
BROKEN = "Its job type failed while the job was made; the log of the watch cluster says how."


def register_ticks() -> None:
    """Let the wrapper of a watch cluster look for due schedules; that takes milliseconds."""
    register(Tick("jobs.schedules", "watch", timedelta(seconds=1), start_due))


def start_due() -> None:
    """Decide every due slot of every schedule that is on; one broken schedule stops no other."""
    at = database_now()
    for schedule in queries.schedules_on():
        try:
            if schedule.waits or _wants_a_look(schedule, at):
                decide_slots(schedule.pk)
        except InvalidInput as error:  # its alert says so
            log.debug("Schedule %s cannot be read: %s", schedule.pk, error)
        except Exception:
            log.exception("Schedule %s could not be looked at; the others go on.", schedule.pk)


@transaction.atomic
def decide_slots(schedule_id: int) -> None:
    """Start, skip or miss what is due of one schedule, by the database's clock.

    The job and the slot that names it are written in one transaction under the schedule's lock,
    so whoever dies or comes second changes nothing.

    :raises InvalidInput: when its cron text can no longer be read.
    """
    schedule = lifecycle.hold_schedule(schedule_id)
    if schedule is None or schedule.decided_until is None:
        return
    at = database_now()
    if schedule.decided_until > at:  # the clock was ahead for a while
        lifecycle.decide_until(schedule, at)
        return
    waiting = list(schedule.slots.filter(outcome=states.WAITING).values_list("due_at", flat=True))
    due = _due(schedule, at)
    if due:
        _decide(schedule, due, waiting=waiting, at=at)
    elif waiting:
        _start(schedule, waiting[0], at=at)


def run_now(schedule_id: int, *, actor: str) -> Job:
    """Start a schedule's job at once, whether it is on or off; its due times stay as they are.

    :raises ScheduleNotFound: when there is none.
    :raises InvalidInput: when its type does not know its params any more.
    :raises UnknownType: when nobody registered its type.
    :raises Unavailable: when no jobs cluster is alive.
    :raises AlreadyRunning: when only one job of its type may be open, and one is.
    """
    with transaction.atomic():
        schedule = lifecycle.lock_schedule(schedule_id)
        job = start_job(order_of(schedule), actor=actor)
        lifecycle.note_run(schedule, job, actor=actor)
    return job


def enable(schedule_id: int, *, actor: str) -> Schedule:
    """Switch a schedule on after looking whether it could start.

    :raises ScheduleNotFound: when there is none.
    :raises InvalidInput: when its cron text, type or params cannot be used.
    """
    with transaction.atomic():
        found = troubles(lifecycle.lock_schedule(schedule_id))
        if found:
            sentences = " ".join(one for each in found.values() for one in each)
            raise InvalidInput(
                f"This schedule cannot be switched on: {sentences} Edit it first.", found
            )
        return lifecycle.enable_schedule(schedule_id, actor=actor)


def troubles(schedule: Schedule) -> dict[str, list[str]]:
    """Return by field why a schedule could not start a job; empty when it could."""
    found: dict[str, list[str]] = {}
    try:
        cron_of(schedule)
    except InvalidInput as error:
        found |= error.extra["errors"]
    try:
        checked(order_of(schedule), actor="")
    except InvalidInput as error:
        found |= error.extra["errors"]
    return found


def cron_of(schedule: Schedule) -> Cron:
    """Return a schedule's cron on the site's clock.

    :raises InvalidInput: when its text cannot be read.
    """
    return Cron.parse(schedule.cron, zone=settings.SITE_ZONE)


def order_of(schedule: Schedule) -> Order:
    """Return what a schedule asks for at each start."""
    return Order(
        type=schedule.type,
        params=schedule.params,
        title=schedule.title,
        priority=schedule.priority,
    )


def _wants_a_look(schedule: Schedule, at: datetime) -> bool:
    if schedule.decided_until is None or schedule.decided_until > at:
        return True
    return next(cron_of(schedule).after(schedule.decided_until), at) <= at


def _due(schedule: Schedule, at: datetime) -> list[datetime]:
    """Return what is due and not decided; one more than is decided in a turn if there is more."""
    assert schedule.decided_until is not None
    after = cron_of(schedule).after(schedule.decided_until)
    return list(islice(takewhile(lambda due_at: due_at <= at, after), SLOTS_A_TURN + 1))


def _decide(
    schedule: Schedule, due: list[datetime], *, waiting: Sequence[datetime], at: datetime
) -> None:
    for due_at in waiting:  # it could not be started until the next was due
        _miss(schedule, due_at)
    _pass_over(schedule, due[:-1], at=at)
    if len(due) > SLOTS_A_TURN:
        due.pop()  # of these even the last has a successor, which is for the next turn
    else:
        _start(schedule, due[-1], at=at)
    lifecycle.decide_until(schedule, due[-1])


def _pass_over(schedule: Schedule, slots: Sequence[datetime], *, at: datetime) -> None:
    """Record slots for which a later one stands."""
    for due_at in slots:
        if at > due_at + schedule.late_window:
            _miss(schedule, due_at)
        else:
            lifecycle.record_slot(schedule, due_at, states.SKIPPED, reason=REPLACED)


def _miss(schedule: Schedule, due_at: datetime) -> None:
    waited = schedule.slots.filter(due_at=due_at).exclude(reason="").first()
    reason = waited.reason if waited else NOBODY
    lifecycle.record_slot(schedule, due_at, states.MISSED, reason=reason)


def _start(schedule: Schedule, due_at: datetime, *, at: datetime) -> None:
    if schedule.slots.filter(due_at=due_at).exclude(outcome=states.WAITING).exists():
        return  # the clock was set back to before it
    if at > due_at + schedule.late_window:
        _miss(schedule, due_at)
        return
    try:
        with transaction.atomic():
            job = start_job(order_of(schedule), actor=f"system:schedule/{schedule.name}")
            lifecycle.record_slot(schedule, due_at, states.STARTED, job=job)
    except Exception as error:  # noqa: BLE001 (a type's own code; what it raised is recorded)
        outcome, reason = _why_not(schedule, error)
        lifecycle.record_slot(schedule, due_at, outcome, reason=reason)


def _why_not(schedule: Schedule, error: Exception) -> tuple[str, str]:
    if isinstance(error, AlreadyRunning) and (running := error.extra["running"]):
        return (
            states.SKIPPED,
            f"Job {running['jobId']} was still running, and only one of its type may.",
        )
    if isinstance(error, BatchOpsError):
        return states.WAITING, error.message
    log.error("Schedule %s could not start its job.", schedule.pk, exc_info=error)
    return states.WAITING, BROKEN
