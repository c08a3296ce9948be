"""Find jobs: one by its name, pages of them, counts by state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from batchops.db import REVISION_SQL
from jobs import states
from jobs.errors import JobNotFound
from jobs.models import Job, JobQuerySet
from jobs.queries.figures import eta_s, progress_pct
from jobs.queries.paging import Page

JobKey = tuple[datetime, str]


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


def count_by_state(found: JobQuerySet | None = None) -> dict[str, int]:
    """Count jobs by state, every state named, of all jobs or of those given."""
    counted = (Job.objects if found is None else found).order_by()
    rows = counted.values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(states.STATES, 0) | dict(rows)


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
