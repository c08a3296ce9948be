"""Read jobs, items and what follows from their counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from batchops.db import REVISION_SQL
from jobs import states
from jobs.errors import JobNotFound
from jobs.models import Job, JobItem, JobQuerySet, RunSummary

Row = TypeVar("Row")

# An estimate from less would jump about.
ETA_AFTER_S = 5
ETA_AFTER_ITEMS = 5


def jobs() -> JobQuerySet:
    """Return all jobs, each with the `revision` and the time of the snapshot it is read in.

    Both come from the statement that reads the job, so they can never be of another moment.
    """
    moment: dict[str, Any] = {
        "revision": RawSQL(f"({REVISION_SQL})", []),  # noqa: S611 (a constant)
        "read_at": Now(),
    }
    return Job.objects.annotate(**moment)


def find_job(name: str) -> Job:
    """Return the job whose id or external id is `name`.

    :raises JobNotFound: when there is none.
    """
    job = jobs().named(name).order_by("created_at").first()
    if job is None:
        raise JobNotFound(
            f"There is no job '{name}'. Check the id; it may have been removed by retention."
        )
    return job


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What a list of jobs is narrowed down to; empty values mean all."""

    status: str = ""
    type: str = ""
    campaign_id: str = ""
    search: str = ""

    def apply(self, found: JobQuerySet) -> JobQuerySet:
        """Return those of `found` that match."""
        if self.status:
            found = found.filter(state__in=states.FILTERS[self.status])
        if self.type:
            found = found.filter(type=self.type)
        if self.campaign_id:
            found = found.filter(campaign_id=self.campaign_id)
        if self.search:
            words = Q(title__icontains=self.search) | Q(campaign_id__iexact=self.search)
            found = found.filter(words | Q(pk__startswith=self.search))
        return found


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a long list, and the key after which the next one begins, None at the end."""

    rows: list[Row]
    next_key: tuple[Any, ...] | None


JobKey = tuple[datetime, str]


def page_of_jobs(wanted: JobFilter, *, limit: int, after: JobKey | None = None) -> Page[Job]:
    """Return up to `limit` jobs, newest first, that come after the key `after`."""
    found = wanted.apply(jobs())
    if after is not None:
        created_at, job_id = after
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=job_id)
        found = found.filter(older, created_at__lte=created_at)
    rows = list(found.order_by("-created_at", "-pk")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].created_at, rows[-1].pk) if more else None)


def page_of_items(
    job_id: str, *, state: str = "", limit: int, after: int | None = None
) -> Page[JobItem]:
    """Return up to `limit` items of a job by position, after position `after`."""
    found = JobItem.objects.filter(job_id=job_id)
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(position__gt=after)
    rows = list(found.order_by("position")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].position,) if more else None)


def count_by_state(found: JobQuerySet | None = None) -> dict[str, int]:
    """Count jobs by state, every state named, of all jobs or of those given."""
    counted = (Job.objects if found is None else found).order_by()
    rows = counted.values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(states.STATES, 0) | dict(rows)


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


def holder_of(single_flight_key: str) -> dict[str, Any] | None:
    """Return who holds a single-flight key, as the 409 names it; None when nobody does."""
    job = jobs().open().filter(single_flight_key=single_flight_key).first()
    if job is None:
        return None
    return {
        "jobId": job.pk,
        "startTime": job.started_at or job.created_at,
        "startedBy": job.created_by,
        "status": job.state,
        "progressPercent": progress_pct(job),
        "etaSeconds": eta_s(job),
    }


def states_to_retry(job: Job, *, include_cancelled: bool) -> tuple[str, ...]:
    """Return the states of the items that a retry of this job does again."""
    if include_cancelled or job.error:
        return (states.FAILED, states.CANCELLED)
    return (states.FAILED,)


def count_to_retry(job: Job, again: Sequence[str]) -> int:
    """Count the items in the states `again`."""
    counters = {states.FAILED: job.failed, states.CANCELLED: job.cancelled}
    return sum(counters[state] for state in again)


def items_by_state(job_id: str) -> dict[str, int]:
    """Count a job's open items by state, from the rows themselves."""
    found = JobItem.objects.filter(job_id=job_id, state__in=states.ITEM_OPEN).order_by()
    counted = found.values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(states.ITEM_OPEN, 0) | dict(counted)


def cancels_left() -> JobQuerySet:
    """Return the open jobs that are to be cancelled and still have pending items."""
    pending = JobItem.objects.filter(job=OuterRef("pk"), state=states.PENDING)
    return Job.objects.open().filter(Exists(pending), cancel_requested_at__isnull=False)


def summary_of(job: Job) -> RunSummary | None:
    """Return the summary of a job's present generation, None when it was not made yet."""
    return RunSummary.objects.filter(job=job, generation=job.generation).first()


def to_summarise(*, types: Sequence[str] | None = None) -> QuerySet[Job]:
    """Return the ended jobs whose summary is missing and that nobody makes it for."""
    found = Job.objects.filter(finished_at__isnull=False, summarised_at=None)
    if types is not None:
        found = found.filter(type__in=types)
    return found.exclude(claims__kind=states.SUMMARY).order_by("finished_at")
