"""Put jobs and items into the shape that templates draw."""

from dataclasses import dataclass

from batchops.looks import Look
from jobs import queries, states
from jobs.models import Job, JobItem


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with its look and figures, as lists and its own page show it."""

    job: Job
    look: Look
    percent: int | None
    elapsed_s: float | None
    eta_s: int | None
    rate: float | None
    left: int
    can_cancel: bool
    can_retry: bool

    @classmethod
    def of(cls, job: Job) -> "JobRow":
        """Return the row of a job that queries.jobs() read."""
        cancelling = job.cancel_asked_at is not None
        known = job.items_total is not None
        return cls(
            job=job,
            look=states.look_of(job.state, cancelling=cancelling),
            percent=queries.progress_pct(job) if known else None,
            elapsed_s=queries.elapsed_s(job),
            eta_s=queries.eta_s(job),
            rate=queries.rate(job),
            left=max(0, (job.items_total or job.next_position) - job.settled),
            can_cancel=job.is_open and job.cancel_requested_at is None,
            can_retry=not job.is_open and bool(job.failed or job.error),
        )


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with its look."""

    item: JobItem
    look: Look

    @classmethod
    def of(cls, item: JobItem) -> "ItemRow":
        """Return the row of an item."""
        return cls(item, states.ITEM_LOOKS[item.state])


def running_rows(*, limit: int = 5) -> list[JobRow]:
    """Return the open jobs, newest first, for Today."""
    found = queries.page_of_jobs(queries.JobFilter(status="active"), limit=limit)
    return [JobRow.of(job) for job in found.rows]
