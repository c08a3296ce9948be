"""Work out what follows from the counters of a job: share, rate, time left."""

import math
from datetime import datetime, timedelta

from jobs import states
from jobs.models import Job

# A rate from less would jump about; a time left from less would be a guess.
RATE_AFTER_S = 5
ETA_AFTER_S = 15
SOME_ITEMS = 5
# How fast the recent rate forgets; lifecycle.record writes it.
RECENT_S = 60
# The recent rate moves the range of the time left by this factor at most.
SPREAD = 3
STEP_SHARE = 0.05
STEPS_S = (1, 5, 10, 30, 60, 300, 600, 1800, 3600)
# Quieter than this, and than so many items usually take, a job makes no progress.
QUIET_S = 120
QUIET_ITEMS = 5


def progress_pct(job: Job) -> int:
    """Return the share of settled items in percent, rounded down; 0 while the total is unknown.

    A job that did its items shows 100 when it completes, not before; a cancelled or failed one
    keeps the share that was really worked on.
    """
    if job.state in (states.COMPLETED, states.COMPLETED_WITH_ERRORS):
        return 100
    if not job.items_total:
        return 0
    share = 100 * job.processed // job.items_total
    return min(share, 99) if job.is_open else share


def success_pct(job: Job) -> int:
    """Return the share of succeeded items in percent, rounded down; at most progress_pct."""
    if not job.items_total:
        return progress_pct(job)
    return min(100 * job.succeeded // job.items_total, progress_pct(job))


def rate(job: Job) -> float | None:
    """Return the items settled a second in this generation, None before there is evidence."""
    elapsed = elapsed_s(job)
    done = job.processed - job.carried
    if elapsed is None or elapsed < RATE_AFTER_S or done < SOME_ITEMS:
        return done / elapsed if elapsed and done > 0 and not job.is_open else None
    return done / elapsed


def recent_rate(job: Job) -> float | None:
    """Return the items settled a second in about the last minute, None before they began."""
    elapsed = elapsed_s(job)
    if not elapsed or job.last_settled_at is None:
        return None
    quiet = max(0.0, (job.read_at - job.last_settled_at).total_seconds())
    seen = 1 - math.exp(-elapsed / RECENT_S)  # less than a whole minute, at the start
    return job.recent_rate * math.exp(-quiet / RECENT_S) / seen


def eta_s(job: Job) -> int | None:
    """Return the seconds that the rest will about take, None when nobody can say."""
    left = _left(job)
    speed = rate(job)
    if not left or not speed or (elapsed_s(job) or 0) < ETA_AFTER_S:
        return None
    return max(1, round(left / speed))


def eta_range_s(job: Job) -> tuple[int, int] | None:
    """Return between how many seconds the rest will take, None when nobody can say.

    One end comes from the rate of the whole generation, the other from that of the last minute;
    both are rounded, outwards, to a step of about 5 %.
    """
    point, whole, recent = eta_s(job), rate(job), recent_rate(job)
    if point is None or not whole or recent is None or no_progress_since(job):
        return None
    other = point * whole / min(max(recent, whole / SPREAD), whole * SPREAD)
    low, high = sorted((float(point), other))
    step = next((s for s in STEPS_S if s >= high * STEP_SHARE), STEPS_S[-1])
    return max(step, math.floor(low / step) * step), max(step, math.ceil(high / step) * step)


def progress_at(job: Job) -> datetime | None:
    """Return when the working job last settled an item, or began; None when it does not work."""
    if job.state != states.PROCESSING or job.started_at is None:
        return None
    return max(job.started_at, job.last_settled_at or job.started_at)


def quiet_s(job: Job) -> float:
    """Return for how many seconds it is usual that no item of the job ends."""
    return max(QUIET_S, QUIET_ITEMS / (rate(job) or math.inf))


def no_progress_since(job: Job) -> datetime | None:
    """Return since when no item ended, None while that is as short as usual."""
    at = progress_at(job)
    if at is None or job.read_at - at < timedelta(seconds=quiet_s(job)):
        return None
    return at


def elapsed_s(job: Job) -> float | None:
    """Return the seconds this generation ran, or has run so far; None before it started."""
    if job.started_at is None:
        return None
    until = job.finished_at or job.read_at
    return max(0.0, (until - job.started_at).total_seconds())


def _left(job: Job) -> int:
    """Return the items that are sure to be done yet; 0 of one that ends or is counting."""
    if not job.is_open or job.items_total is None or job.cancel_requested_at:
        return 0
    return job.items_total - job.settled
