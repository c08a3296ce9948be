"""Judge jobs: pure functions of what is known of a job, its like and the clock; plain Python."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.states import Finding, Severity
from batchops.texts import one_line
from jobs import states

FAILED = "JOB_FAILED"
WITH_ERRORS = "JOB_COMPLETED_WITH_ERRORS"
STUCK = "JOB_STUCK"
LATE = "JOB_LATE"
NO_SUMMARY = "JOB_NO_SUMMARY"
NO_ZIP = "JOB_NO_ZIP"
ALL = (FAILED, LATE, NO_SUMMARY, NO_ZIP, STUCK, WITH_ERRORS)
# What the end of a job says about its alerts; a summary comes after the end.
SETTLED_BY_END = (FAILED, LATE, STUCK, WITH_ERRORS)

COMPARABLE = 10  # ended jobs of a type, below which nobody can say what is usual
LOOKED_BACK = 200  # ended jobs of a type that say what is usual
# Nobody needs to hear that a job of seconds took some seconds more.
LATE_AT_THE_EARLIEST_S = 60.0
# What a summary may take beyond its own limit: for a dead worker's lease, and for a sweep.
SUMMARY_SLACK = timedelta(seconds=60)
# Work may wait for workers so long: a restart takes less.
WORKERS_WITHIN = timedelta(seconds=60)
LONGEST_TITLE = 100
LONGEST_WHY = 300
NO_WORKERS_KEY = "workers"

OVER = {
    states.COMPLETED: "The job has completed.",
    states.COMPLETED_WITH_ERRORS: "The job has completed with errors.",
    states.FAILED: "The job has failed.",
    states.CANCELLED: "The job was cancelled.",
}
OVER_FOR_LIKE = "A later job of the type has completed without errors."
OVER_GONE = "The job was removed by retention."
OVER_MOVES = "The job moves again, or what it waits for is known."
OVER_LATE = "The job has ended, or it is within what is usual now."
OVER_WORKERS = "Workers are running again, or no job waits for them."
OVER_SUMMARY = "The summary is there, or the job was opened again."
OVER_ZIP = "The ZIP is made again, or the job was opened again or removed."


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What rules may know of any job.

    `url` is called by findings alone: a worker would import all pages to know an address.
    """

    id: str
    type: str
    title: str
    state: str
    generation: int
    error: str
    items_total: int | None
    succeeded: int
    failed: int
    cancelled: int
    started_at: datetime | None
    finished_at: datetime | None
    url: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """A job that has settled nothing for long, and what may explain it.

    `since` is when it last moved, or could not yet have moved: its items waited for their time,
    or all workers were at other jobs, or none was running.
    """

    job: JobFacts
    since: datetime
    limit: timedelta
    items_held: int
    type_known: bool


@dataclass(frozen=True, slots=True)
class Usual:
    """How long ended jobs of a type took: how many were looked at, since when, and the times."""

    jobs: int
    oldest_at: datetime
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unzipped:
    """An ended job whose ZIP was given up after so many attempts, and why the last one failed."""

    job: JobFacts
    attempts: int
    failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsummed:
    """An ended job without its summary; `failure` is why the last try failed, if one did."""

    job: JobFacts
    limit: timedelta
    failure: str


def key_of(job_id: str) -> str:
    """Return the key under which alerts of a job stand."""
    return f"job:{job_id}"


def id_of(key: str) -> str:
    """Return the job that an alert's key names."""
    return key.removeprefix("job:")


def at_end(job: JobFacts) -> dict[str, Finding]:
    """Find, by rule, what is wrong with a job that has ended."""
    if job.state == states.FAILED:
        return {FAILED: _failed(job)}
    if job.state == states.COMPLETED_WITH_ERRORS:
        return {WITH_ERRORS: _with_errors(job)}
    return {}


def no_longer_true(rule: str, state_of: Mapping[str, str | None]) -> dict[str, str]:
    """Return which keys of FAILED or WITH_ERRORS an alert stands for in vain, each with why.

    `state_of` says of each key the state its job is in now, None when it was removed. An open job
    is being retried, and that is over when it ends.
    """
    wanted = states.FAILED if rule == FAILED else states.COMPLETED_WITH_ERRORS
    return {
        key: OVER_GONE if state is None else OVER[state]
        for key, state in state_of.items()
        if state not in (wanted, *states.OPEN)
    }


def stuck(standing: Iterable[Standstill], *, at: datetime) -> list[Finding]:
    """Find the jobs that have stood still for longer than their limit."""
    return [_stuck(one, at) for one in standing if at - one.since > one.limit]


def no_workers(waiting: int, *, since: datetime, at: datetime, url: str) -> Finding:
    """Find that jobs wait because no worker runs: one trouble, however many jobs wait."""
    one = waiting == 1
    return Finding(
        key=NO_WORKERS_KEY,
        severity=Severity.CRITICAL,
        message=f"{waiting:,} {'job waits' if one else 'jobs wait'}, because no worker of the jobs "
        "cluster is running. Start one with: manage.py cluster jobs",
        evidence={
            "expected": {"workers": "1 or more"},
            "seen": {
                "work_waits_since_at": since.isoformat(),
                "for_s": round((at - since).total_seconds()),
                "jobs_waiting": waiting,
            },
        },
        subject="Batch jobs",
        subject_url=url,
    )


def usual(ended: Sequence[tuple[datetime, float]]) -> Usual | None:
    """Return what is usual, from when jobs ended and how many seconds each took; None if few."""
    if len(ended) < COMPARABLE:
        return None
    durations = [seconds for _, seconds in ended]
    return Usual(
        jobs=len(ended),
        oldest_at=min(at for at, _ in ended),
        median_s=statistics.median(durations),
        p95_s=statistics.quantiles(durations, n=20, method="inclusive")[-1],
    )


def late(
    running: Iterable[JobFacts], usual_of: Mapping[str, Usual], *, at: datetime
) -> list[Finding]:
    """Find the running jobs that take longer than 95 % of the ended ones of their type did."""
    return [
        _late(job, usual_of[job.type], elapsed_s)
        for job in running
        if job.type in usual_of
        and job.started_at
        and (elapsed_s := (at - job.started_at).total_seconds())
        > max(usual_of[job.type].p95_s, LATE_AT_THE_EARLIEST_S)
    ]


def no_summary(waiting: Iterable[Unsummed], *, at: datetime) -> list[Finding]:
    """Find the ended jobs whose summary failed or should have been there long ago."""
    return [
        _no_summary(one)
        for one in waiting
        if one.job.finished_at and (one.failure or at - one.job.finished_at > one.limit)
    ]


def no_zip(given_up: Iterable[Unzipped]) -> list[Finding]:
    """Find the ended jobs whose ZIP could not be made."""
    return [_no_zip(one) for one in given_up]


def _failed(job: JobFacts) -> Finding:
    # That all items failed, the counts say.
    why = f": {_sentence(job.error)}" if job.error else "."
    return Finding(
        **_subject(job),
        severity=Severity.CRITICAL,
        message=f"Job '{_title(job)}' failed{why} {_counts(job)}",
        evidence={"expected": {"state": states.LOOKS[states.COMPLETED].label}, "seen": _ended(job)},
        occurrence=str(job.generation),
    )


def _with_errors(job: JobFacts) -> Finding:
    return Finding(
        **_subject(job),
        severity=Severity.WARNING,
        message=f"Job '{_title(job)}' completed with errors. {_counts(job)}",
        evidence={"expected": {"failed": 0}, "seen": _ended(job)},
        occurrence=str(job.generation),
    )


def _stuck(one: Standstill, at: datetime) -> Finding:
    still_s = (at - one.since).total_seconds()
    limit_s = one.limit.total_seconds()
    if not one.type_known:
        hint = f"No worker knows its type '{one.job.type}': was its code removed? Cancel it."
    elif one.items_held:
        hint = f"Workers hold {one.items_held:,} of its items; look whether what they call answers."
    else:
        hint = "No worker takes its work; look at their log."
    return Finding(
        **_subject(one.job),
        severity=Severity.CRITICAL,
        message=f"Job '{_title(one.job)}' has settled no item for {_minutes(still_s)}, longer than "
        f"the {_minutes(limit_s)} it may take. {hint}",
        evidence={
            "expected": {"settled_within_s": limit_s},
            "seen": {
                "no_move_since_at": one.since.isoformat(),
                "items_held": one.items_held,
                **_figures(one.job),
            },
        },
        occurrence=one.since.isoformat(),
    )


def _late(job: JobFacts, like: Usual, elapsed_s: float) -> Finding:
    return Finding(
        **_subject(job),
        severity=Severity.WARNING,
        message=f"Job '{_title(job)}' has run for {_minutes(elapsed_s)}; of the last {like.jobs} "
        f"jobs of type {job.type} 95 % ended within {_minutes(like.p95_s)}.",
        evidence={
            "expected": {"ended_within_s": round(like.p95_s, 1)},
            "seen": {
                "started_at": job.started_at and job.started_at.isoformat(),
                "elapsed_s": round(elapsed_s),
                **_figures(job),
            },
            "history": {
                "oldest_ended_at": like.oldest_at.isoformat(),
                "comparable_jobs": like.jobs,
                "of_type": job.type,
                "half_ended_within_s": round(like.median_s, 1),
                "p95_s": round(like.p95_s, 1),
            },
        },
        occurrence=str(job.generation),
    )


def _no_summary(one: Unsummed) -> Finding:
    job = one.job
    why = f"Making it failed: {_sentence(one.failure)}" if one.failure else "Nobody could make it."
    return Finding(
        **_subject(job),
        severity=Severity.WARNING,
        message=f"Job '{_title(job)}' has ended, but its summary is missing. {why} It is tried "
        "again by itself; the log of the jobs cluster says more.",
        evidence={
            "expected": {"summary_within_s": one.limit.total_seconds()},
            "seen": {**_ended(job), "failure": one.failure or "none was reported"},
        },
        occurrence=str(job.generation),
    )


def _no_zip(one: Unzipped) -> Finding:
    job = one.job
    return Finding(
        **_subject(job),
        severity=Severity.WARNING,
        message=f"The ZIP of job '{_title(job)}' could not be made: {_sentence(one.failure)} "
        "Mend the cause, then press Make the ZIP again on the job's page.",
        evidence={
            "expected": {"zip": "made"},
            "seen": {**_ended(job), "attempts_to_make": one.attempts, "failure": one.failure},
        },
        occurrence=f"{job.generation}/{one.attempts}",
    )


def _subject(job: JobFacts) -> dict[str, Any]:
    return {
        "key": key_of(job.id),
        "batch_code": job.type,
        "subject": _title(job),
        "subject_url": job.url(),
    }


def _figures(job: JobFacts) -> dict[str, Any]:
    return {
        "items_total": job.items_total if job.items_total is not None else "not known yet",
        "succeeded": job.succeeded,
        "failed": job.failed,
        "attempt": job.generation,
    }


def _ended(job: JobFacts) -> dict[str, Any]:
    return {
        "started_at": job.started_at and job.started_at.isoformat(),
        "ended_at": job.finished_at and job.finished_at.isoformat(),
        "state": states.LOOKS[job.state].label,
        "cancelled": job.cancelled,
        **_figures(job),
    }


def _counts(job: JobFacts) -> str:
    if job.items_total is None:
        return "Its items were never all made."
    cancelled = f", {job.cancelled:,} cancelled" if job.cancelled else ""
    return (
        f"Of {job.items_total:,} {'item' if job.items_total == 1 else 'items'} "
        f"{job.succeeded:,} succeeded, {job.failed:,} failed{cancelled}."
    )


def _title(job: JobFacts) -> str:
    return one_line(job.title, LONGEST_TITLE) or job.id


def _sentence(why: str) -> str:
    short = one_line(why, LONGEST_WHY)
    return short if short.endswith(".") else f"{short}."


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
