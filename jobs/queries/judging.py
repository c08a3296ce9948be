"""Read what the rules judge jobs by: those that stand still, those that run, and their like."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Min, OuterRef, Subquery
from django.db.models.functions import Now
from django.urls import reverse

from batchops.models import Heartbeat
from jobs import rules, states
from jobs.models import Claim, Job, JobEvent, JobQuerySet
from jobs.rules import JobFacts

GOOD = (states.COMPLETED, states.COMPLETED_WITH_ERRORS)
MOVED = ("create", "start", "expand", "retry")
LAST_EVENTS = 200
# Open jobs without a move since their limit. Only these are looked at closely: when their last
# event came, since when their claims are held, and when the first of their items is due.
QUIET_SQL = """
    WITH limits AS (
        SELECT * FROM unnest(%(types)s::text[], %(work)s::interval[], %(expand)s::interval[])
                      AS l (type, work, expand)),
    quiet AS MATERIALIZED (
        SELECT j.id, limits.type IS NOT NULL AS type_known,
               coalesce(CASE WHEN j.expanded_at IS NULL THEN limits.expand ELSE limits.work END,
                        %(other)s::interval) AS patience,
               greatest(j.created_at, j.started_at, j.expanded_at, j.last_settled_at) AS moved_at
          FROM jobs_job AS j LEFT JOIN limits USING (type)
         WHERE j.state IN ('pending', 'processing'))
    SELECT q.id, q.type_known, q.patience, greatest(q.moved_at, event.at, held.since),
           held.since, coalesce(held.items, 0),
           CASE WHEN held.since IS NULL AND NOT EXISTS (
                SELECT FROM jobs_jobitem AS i
                 WHERE i.job_id = q.id AND i.state = 'pending' AND i.not_before IS NULL)
           THEN (SELECT min(i.not_before) FROM jobs_jobitem AS i
                  WHERE i.job_id = q.id AND i.state = 'pending') END
      FROM quiet AS q
     CROSS JOIN LATERAL (
           SELECT max(at) AS at FROM jobs_jobevent AS e
            WHERE e.job_id = q.id AND e.verb = ANY(%(moved)s)) AS event
     CROSS JOIN LATERAL (
           SELECT min(created_at) AS since, sum(cardinality(item_ids)) AS items
             FROM jobs_claim AS c WHERE c.job_id = q.id AND c.kind <> 'summary') AS held
     WHERE q.moved_at < %(at)s - q.patience
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a job may settle nothing, by its type: while its items are made, then, and after."""

    expand: timedelta
    work: timedelta
    summary: timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """An open job that has not moved since `moved_at`; `due_at`: its items wait until then."""

    job_id: str
    type_known: bool
    limit: timedelta
    moved_at: datetime
    held_since: datetime | None
    items_held: int
    due_at: datetime | None


def facts_of(job: Job) -> JobFacts:
    """Return what rules may know of a job."""
    return JobFacts(
        id=job.pk,
        type=job.type,
        title=job.title,
        state=job.state,
        generation=job.generation,
        error=job.error,
        items_total=job.items_total,
        succeeded=job.succeeded,
        failed=job.failed,
        cancelled=job.cancelled,
        started_at=job.started_at,
        finished_at=job.finished_at,
        url=lambda: reverse("admin:job", args=[job.pk]),
    )


def quiet_jobs(limits: Mapping[str, Limits], *, other: Limits, at: datetime) -> list[Quiet]:
    """Return the open jobs without a move within their type's limit, `other` for unknown types."""
    values: dict[str, Any] = {
        "types": list(limits),
        "work": [one.work for one in limits.values()],
        "expand": [one.expand for one in limits.values()],
        "other": other.work,
        "moved": list(MOVED),
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(QUIET_SQL, values)
        return [Quiet(*row) for row in cursor.fetchall()]


def others_moved_at(types: Collection[str], *, at: datetime) -> datetime | None:
    """Return when workers were last seen busy with jobs of `types`: now, if they hold a claim.

    Else when an open job was last served or settled, or one of the last to end did so.
    """
    claims = Claim.objects.filter(expires_at__gt=Now(), job__type__in=types)
    if claims.exclude(kind=states.SUMMARY).exists():
        return at
    worked_on = Job.objects.open().filter(type__in=types)
    served = worked_on.aggregate(s=Max("last_served_at"), t=Max("last_settled_at"))
    newest = JobEvent.objects.order_by("-pk").values_list("verb", "at")[:LAST_EVENTS]
    ended = [event_at for verb, event_at in newest if verb == "finish"]
    return max(filter(None, [*served.values(), *ended]), default=None)


def workers_since(*, at: datetime, within: timedelta) -> datetime | None:
    """Return since when workers of jobs run; None when none showed itself `within` that time."""
    alive = Heartbeat.objects.filter(part="jobs", workers__gt=0, beat_at__gte=at - within)
    since: datetime | None = alive.aggregate(at=Min("started_at"))["at"]
    return since


def jobs_by_id(ids: Collection[str]) -> dict[str, Job]:
    """Return those of the jobs that are there, by id."""
    return Job.objects.in_bulk(list(ids))


def states_by_id(ids: Sequence[str]) -> dict[str, str | None]:
    """Return the state of each job, None of those that are not there."""
    found = dict(Job.objects.filter(pk__in=ids).values_list("pk", "state"))
    return {job_id: found.get(job_id) for job_id in ids}


def running_for(longer: timedelta, *, at: datetime) -> JobQuerySet:
    """Return the open jobs that began longer ago than that."""
    return Job.objects.open().filter(started_at__lt=at - longer)


def durations_of(job_type: str) -> list[tuple[datetime, float]]:
    """Return when the last good jobs of a type ended, and how many seconds each took.

    Jobs that were retried are left out: their last time is of a part of their work.
    """
    good = Job.objects.filter(type=job_type, state__in=GOOD, generation=1)
    rows = good.order_by("-finished_at").values_list("started_at", "finished_at")
    return [
        (finished_at, (finished_at - started_at).total_seconds())
        for started_at, finished_at in rows[: rules.LOOKED_BACK]
        if started_at and finished_at
    ]


def unsummed() -> list[tuple[Job, str]]:
    """Return the ended jobs without summary, each with why its last try failed, if it did."""
    failures = JobEvent.objects.filter(
        job=OuterRef("pk"), verb="fail_summary", generation=OuterRef("generation")
    )
    failure = Subquery(failures.order_by("-pk").values("reason")[:1])
    waiting = Job.objects.filter(finished_at__isnull=False, summarised_at=None)
    why = dict(waiting.annotate(failure=failure).values_list("pk", "failure"))
    return [(job, why.get(job.pk) or "") for job in waiting]
