"""Turn stored rows into what rules may know, alike for the poll of now and for any past one."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from django.urls import reverse

from batchops.ccb.snapshot import RunKey
from monitoring import queries
from monitoring.calendar import DayCalendar
from monitoring.models import MonitoringConfig, Run, Step
from monitoring.reading import Site
from monitoring.rules.facts import PollFacts, RunFacts, StepFacts, SubmissionFacts, far_apart
from monitoring.states import OPEN, RunState

JUDGED_STATES = (*OPEN, RunState.FAILED, RunState.UNKNOWN)
POLLS = 100  # good readings looked at, more than any rule asks for, also when many were doubled


class SeenRun(Protocol):
    """How a run stood at a reading: its own row, or the sample that a poll kept."""

    state: str
    status_code: str
    started_at: datetime
    ended_at: datetime | None
    own_ended_at: datetime | None
    restarted_at: datetime | None
    entered_at: datetime | None
    moved_at: datetime | None
    business_date: date
    error_message: str
    records_processed: int
    records_in_error: int
    heartbeat: int
    instances: int


class SeenSubmission(Protocol):
    """How an entry of the submission queue stood at a reading."""

    job_id: str
    source_batch_cd: str
    batch_nbr: int
    rerun_nbr: int
    status_code: str
    requested_at: datetime | None
    first_seen_at: datetime
    orphan_since: datetime | None


def run_facts(run: Run, seen: SeenRun) -> RunFacts:
    """Return what rules may know of `run` as it was `seen`."""
    return RunFacts(
        id=run.pk,
        key=str(run),
        batch_code=run.batch_code,
        business_date=seen.business_date,
        state=RunState(seen.state),
        status_code=seen.status_code,
        started_at=seen.started_at,
        ended_at=seen.ended_at,
        own_ended_at=seen.own_ended_at,
        since=_since(seen),
        moved_at=seen.moved_at,
        mark=f"{seen.heartbeat}/{seen.records_processed}/{seen.instances}",
        message=seen.error_message,
        records_processed=seen.records_processed,
        records_in_error=seen.records_in_error,
        url=_run_url(run.pk),
    )


def submission_facts(seen: SeenSubmission, where: Site) -> SubmissionFacts:
    """Return what rules may know of an entry of the queue as it was `seen`."""
    since = seen.requested_at or seen.first_seen_at
    key = RunKey(seen.source_batch_cd, seen.batch_nbr, seen.rerun_nbr)
    return SubmissionFacts(
        key=f"submission {seen.job_id}",
        batch_code=where.code_of.get(seen.source_batch_cd, seen.source_batch_cd),
        business_date=where.day_of(since),
        status_code=seen.status_code,
        run_key=str(key) if seen.batch_nbr else "",
        since=since,
        orphan_since=seen.orphan_since,
        url=reverse("admin:runs"),
    )


def step_facts(
    day: date, config: MonitoringConfig, steps: Sequence[Step], known: DayCalendar
) -> dict[str, StepFacts]:
    """Return what rules may know of each step on business day `day`, by its code."""
    return {
        step.batch_code: StepFacts(
            code=step.batch_code,
            expected_at=queries.expected_at(step, day, config=config, known=known),
            grace=timedelta(minutes=step.grace_minutes),
            expected=timedelta(minutes=step.expected_minutes),
            longest=timedelta(minutes=step.max_minutes),
            repeats=step.repeats,
            drains_imd=step.drains_imd,
            depends_on=step.depends_on_id or "",
            stuck_profile=step.stuck_profile,
            rps_floor=step.rps_floor,
        )
        for step in steps
    }


def comparable_polls(polls: Sequence[PollFacts], config: MonitoringConfig) -> tuple[PollFacts, ...]:
    """Return those of the last good readings, oldest first, that lie far enough apart."""
    return far_apart(polls[-POLLS:], timedelta(minutes=config.poll_minutes) / 2)


def _since(seen: SeenRun) -> datetime:
    """Return when the run came to its state; of a running one its start, or its last restart.

    CC&B tells both of a running one, so it does not matter which readings saw it.
    """
    if seen.state == RunState.RUNNING:
        return seen.restarted_at or seen.started_at
    return seen.entered_at or seen.started_at


@lru_cache(maxsize=20_000)
def _run_url(run_id: int) -> str:
    return reverse("admin:run", args=[run_id])
