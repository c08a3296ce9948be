"""Look at jobs: whether what is open moves, and whether schedules start what they should."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

from batchops.db import database_now
from batchops.doctor.findings import Found, ok, span, warn
from batchops.errors import InvalidInput
from jobs import queries, states
from jobs.models import Claim, Schedule
from jobs.scheduling import cron_of

# A cluster decides due times every second; a moment's delay is none.
UNDECIDED = timedelta(minutes=1)
NAMED = 5


def look_at_jobs() -> Sequence[Found]:
    """Say what is open, what stands still, and which leases nobody took back."""
    still = [job for job in queries.jobs().open()[:1000] if queries.no_progress_since(job)]
    found = queries.open_jobs()
    open_count, left = sum(each.jobs for each in found), sum(each.items_left for each in found)
    seen = f"{open_count} open, with {left:,} items left."
    if still:
        named = ", ".join(job.pk for job in still[:NAMED])
        seen = f"{seen} {len(still)} settle nothing for longer than usual: {named}."
        return [warn("jobs", seen, "Open them in the console; their page says what holds them.")]
    return [ok("jobs", seen), _leases()]


def look_at_schedules() -> Sequence[Found]:
    """Say which schedules cannot start, wait to start, missed their last start or stand still."""
    on = [each for each in queries.schedules() if each.enabled]
    found = [warn("schedules", seen, remedy) for each in on for seen, remedy in _troubles(each)]
    return found or [ok("schedules", f"{len(on)} are on, and none is behind.")]


def _leases() -> Found:
    patience = 2 * settings.JOBS_SWEEP_INTERVAL
    left = Claim.objects.filter(expires_at__lt=database_now() - patience).count()
    if left:
        seen = f"{left} leases of workers ran out and nobody took their items back."
        return warn("leases", seen, "Start a cluster; its sweep does that every half minute.")
    return ok("leases", "None ran out.")


def _troubles(schedule: Schedule) -> list[tuple[str, str]]:
    said = f"'{schedule.name}'"
    try:
        due_at = next(cron_of(schedule).after(schedule.decided_until or database_now()), None)
    except InvalidInput as error:
        return [(f"{said} cannot be read: {error.message}", "Edit its cron text.")]
    found = []
    late = database_now() - due_at if due_at else timedelta()
    if late > UNDECIDED:
        remedy = "Start a cluster `watch`, which decides them."
        found.append((f"{said} was due {span(late)} ago and nobody decided.", remedy))
    last = schedule.last_slots[0] if schedule.last_slots else None
    if last and last.outcome == states.WAITING:
        found.append((f"{said} waits to start: {last.reason}", "Remove that cause."))
    if last and last.outcome == states.MISSED:
        remedy = "Start it by hand if it is still needed."
        found.append((f"{said} missed its start of {last.due_at:%d %b %H:%M} UTC.", remedy))
    return found
