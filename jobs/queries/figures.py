"""Work out what follows from the counters of a job: share, rate, time left."""

from jobs import states
from jobs.models import Job

# An estimate from less would jump about.
ETA_AFTER_S = 5
ETA_AFTER_ITEMS = 5


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


def rate(job: Job) -> float | None:
    """Return the items settled a second in this generation, None before there is evidence."""
    elapsed = elapsed_s(job)
    done = job.processed - job.carried
    if elapsed is None or elapsed < ETA_AFTER_S or done < ETA_AFTER_ITEMS:
        return done / elapsed if elapsed and done > 0 and not job.is_open else None
    return done / elapsed


def eta_s(job: Job) -> int | None:
    """Return the seconds that the rest will about take, None when nobody can say."""
    speed = rate(job)
    if not speed or not job.is_open or job.items_total is None or job.cancel_requested_at:
        return None
    return max(1, round((job.items_total - job.settled) / speed))


def elapsed_s(job: Job) -> float | None:
    """Return the seconds this generation ran, or has run so far; None before it started."""
    if job.started_at is None:
        return None
    until = job.finished_at or job.read_at
    return max(0.0, (until - job.started_at).total_seconds())
