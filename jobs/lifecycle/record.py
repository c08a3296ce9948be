"""Move a job from state to state: the guard, the event row and the push, in one place."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db.models.functions import Now

from batchops.live.publish import publish
from jobs import states
from jobs.errors import JobNotFound, MoveRefused
from jobs.lifecycle.telling import tell_end
from jobs.models import Artifact, Job, JobEvent
from jobs.queries.figures import RECENT_S

log = logging.getLogger("jobs.lifecycle")

CANNOT = {
    "start": "be started",
    "cancel": "be cancelled",
    "give_up": "be given up",
    "finish": "be ended",
    "retry": "be retried",
    "prioritise": "get another priority",
}

# A job over the moment its counters say so: the update that counts is the lock that decides.
# `recent_rate` adds n / 60 s and fades by 1/e a minute, which makes it items a second, lately.
# Nothing settled is no progress: what was only put off or given back leaves both as they were.
# Whatever comes through here may have made items ready, so the job is looked into again.
COUNT_SQL = """
    UPDATE jobs_job
       SET succeeded = succeeded + %(succeeded)s,
           failed = failed + %(failed)s,
           cancelled = cancelled + %(cancelled)s,
           recent_rate = CASE WHEN %(settled)s = 0 THEN recent_rate
               ELSE (%(succeeded)s + %(failed)s) / %(recent_s)s::float8
               + recent_rate * exp(-least(3600, greatest(0, extract(epoch FROM clock_timestamp()
                   - coalesce(last_settled_at, started_at)))) / %(recent_s)s::float8) END,
           last_settled_at = CASE WHEN %(settled)s = 0 THEN last_settled_at
               ELSE clock_timestamp() END,
           waits_until = NULL
     WHERE id = %(job)s AND state IN ('pending', 'processing')
 RETURNING *
"""


def locked(job_id: str) -> Job:
    """Return the job with its row locked until the transaction ends.

    :raises JobNotFound: when there is none.
    """
    job = Job.objects.select_for_update(no_key=True).filter(pk=job_id).first()
    if job is None:
        raise JobNotFound(f"There is no job '{job_id}'. It may have been removed by retention.")
    return job


def move(job: Job, verb: str, *, actor: str, reason: str = "", **changes: Any) -> Job:
    """Make the move `verb` on a job and return it as it is afterwards.

    :raises MoveRefused: when the job's state is none that this move starts from.
    """
    before = job.state
    moved = Job.objects.filter(pk=job.pk, state__in=states.MOVES[verb]).update(**changes)
    job.refresh_from_db()
    if not moved:
        raise MoveRefused(_why_refused(job, verb), state=job.state)
    note(job, verb, actor=actor, reason=reason, before=before)
    return job


def _why_refused(job: Job, verb: str) -> str:
    how = f"{states.said(job.state)}. So it cannot {CANNOT[verb]}"
    if job.is_open:
        return (
            f"Job {job.pk} is still open: {how} yet. Wait until it has ended, or cancel it first."
        )
    return (
        f"Job {job.pk} has ended: {how} any more. If items failed, retry it; else start a new job."
    )


def note(job: Job, verb: str, *, actor: str, reason: str = "", before: str = "") -> None:
    """Add an event row and push the job to the screens that show it."""
    JobEvent.objects.create(
        job=job,
        verb=verb,
        actor=actor,
        reason=reason,
        generation=job.generation,
        before=before,
        after=job.state,
    )
    log.info("%s job=%s by=%s %s->%s %s", verb, job.pk, actor, before, job.state, reason)
    push(job.pk)


def push(job_id: str) -> None:
    """Announce that a job changed, to its own page and to the lists."""
    publish("jobs", f"job:{job_id}")


def count(job_id: str, counts: Mapping[str, int]) -> Job | None:
    """Add settled items to an open job's counters and return it locked; None if it has ended."""
    found = Job.objects.raw(
        COUNT_SQL,
        {
            "job": job_id,
            "succeeded": counts.get(states.SUCCEEDED, 0),
            "failed": counts.get(states.FAILED, 0),
            "cancelled": counts.get(states.CANCELLED, 0),
            "settled": sum(counts.get(state, 0) for state in states.ITEM_ENDED),
            "recent_s": RECENT_S,
        },
    )
    return next(iter(found), None)


def finish_if_settled(job: Job, *, actor: str) -> bool:
    """End a job, whose row the caller has locked, if all its items are known and settled."""
    if not job.is_settled:
        return False
    log.info(
        "finalise condition met job=%s success=%d failed=%d total=%d",
        job.pk,
        job.succeeded,
        job.failed,
        job.items_total,
    )
    state = states.end_state(
        total=job.items_total or 0,
        failed=job.failed,
        cancelled=job.cancelled,
        cut_short=job.cut_short,
        error=job.error,
    )
    has_files = job.makes_artifact and job.succeeded > 0
    changes: dict[str, Any] = {"state": state, "finished_at": Now(), "summarised_at": None}
    if has_files:
        changes["artifact_state"] = states.MAKING
    move(job, "finish", actor=actor, **changes)
    if has_files:
        _order_artifact(job)
    tell_end(job)
    return True


def _order_artifact(job: Job) -> None:
    # One of an earlier generation that was not made in time never will be; one that is ready
    # stays until the new one is.
    Artifact.objects.filter(job=job, state=states.MAKING).update(state=states.EXPIRED)
    Artifact.objects.create(job=job, generation=job.generation)
