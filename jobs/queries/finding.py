"""Find jobs: one by its name, pages of them, counts by state."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from batchops.db import REVISION_SQL
from jobs import states
from jobs.errors import HolderBody, JobNotFound
from jobs.models import Job, JobQuerySet
from jobs.queries.figures import eta_s, progress_pct
from jobs.queries.paging import Page
from jobs.queries.searching import NEWEST, newest_led_to, search_jobs

JobKey = tuple[datetime, str]
# A count that says "10,000 or more" reads this many index entries, however many jobs there are.
COUNTED = 10_000
COUNT_CAPPED_SQL = """
    SELECT s.state, n.counted
      FROM unnest(%(states)s::text[]) AS s (state),
           LATERAL (SELECT count(*) AS counted
                      FROM (SELECT FROM jobs_job AS j
                             WHERE j.state = s.state LIMIT %(limit)s) AS first) AS n
"""
# A move that commits after later ones must still be among the newest.
MOVES_SEEN_SQL = """
    SELECT coalesce(sum(id), 0) FROM (SELECT id FROM jobs_jobevent ORDER BY id DESC LIMIT 100) AS e
"""


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
    """What a list of jobs is narrowed down to; empty values mean all.

    `created_by` is a user's name, which stands for the user and all tokens of theirs, or
    an actor as job rows keep it; `created_before` is exclusive.
    """

    status: str = ""
    type: str = ""
    campaign_id: str = ""
    search: str = ""
    created_by: str = ""
    created_from: datetime | None = None
    created_before: datetime | None = None

    def apply(self, found: JobQuerySet) -> JobQuerySet:
        """Return those of `found` that match; a search reads items before it returns."""
        found = self.narrow(found)
        return search_jobs(found, self.search) if self.search else found

    def narrow(self, found: JobQuerySet) -> JobQuerySet:
        """Return those of `found` that match, whatever is searched for."""
        if self.status:
            found = found.filter(state__in=states.FILTERS[self.status])
        if self.created_by:
            found = found.filter(_started_by(self.created_by))
        return found.filter(**self._exact())

    def _exact(self) -> dict[str, Any]:
        wanted = {
            "type": self.type,
            "campaign_id": self.campaign_id,
            "created_at__gte": self.created_from,
            "created_at__lt": self.created_before,
        }
        return {field: value for field, value in wanted.items() if value}


def _started_by(name: str) -> Q:
    if ":" in name:
        return Q(created_by=name)
    return Q(created_by=f"user:{name}") | Q(created_by__startswith=f"token:{name}/")


def page_of_jobs(wanted: JobFilter, *, limit: int, after: JobKey | None = None) -> Page[Job]:
    """Return up to `limit` jobs, newest first, that come after the key `after`."""
    found = wanted.narrow(jobs())
    if after is not None:
        created_at, job_id = after
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, pk__lt=job_id)
        found = found.filter(older, created_at__lte=created_at)
    if wanted.search:
        rows = newest_led_to(found, wanted.search, limit=limit + 1)
    else:
        rows = list(found.order_by(*NEWEST)[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, (rows[-1].created_at, rows[-1].pk) if more else None)


def newest_open(*fields: str, limit: int) -> list[tuple[Any, ...]]:
    """Return fields of the open jobs, newest first; at most `limit`."""
    return list(Job.objects.open().order_by(*NEWEST).values_list(*fields)[:limit])


def count_by_state(found: JobQuerySet | None = None) -> dict[str, int]:
    """Count jobs by state, every state named, of all jobs or of those given, to the last one."""
    counted = (Job.objects if found is None else found).order_by()
    rows = counted.values_list("state").annotate(n=Count("pk"))
    return dict.fromkeys(states.STATES, 0) | dict(rows)


def count_capped(*, limit: int = COUNTED) -> dict[str, int]:
    """Count jobs by state, every state named, each up to `limit`; its time does not grow."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CAPPED_SQL, {"states": list(states.STATES), "limit": limit})
        return dict(cursor.fetchall())


def count_up_to(found: JobQuerySet, *, limit: int = COUNTED) -> int:
    """Count the jobs given, up to `limit`."""
    return found.order_by().values("pk")[:limit].count()


def newest_moves() -> int:
    """Return a number that differs once any job has made a move, however moves overlap."""
    with connection.cursor() as cursor:
        cursor.execute(MOVES_SEEN_SQL)
        return int(cursor.fetchone()[0])


def holder_of(single_flight_key: str) -> HolderBody | None:
    """Return who holds a single-flight key, as the 409 names it; None when nobody does."""
    job = jobs().open().filter(single_flight_key=single_flight_key).first()
    if job is None:
        return None
    return {
        "jobId": job.pk,
        "startTime": (job.started_at or job.created_at).isoformat(),
        "startedBy": job.created_by,
        "status": job.state,
        "progressPercent": progress_pct(job),
        "etaSeconds": eta_s(job),
    }
