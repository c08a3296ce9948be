"""Let something befall a planned run: pure functions from a healthy run to a troubled one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from batchops.ccb.simulator.planned import (
    Execution,
    OddStatus,
    PlannedRun,
    Submission,
    Wait,
    minutes,
    whole,
)

Trouble = Callable[[PlannedRun, Random], PlannedRun]
Minutes = tuple[float, float]

ERRORS = (
    "ORA-01555: snapshot too old: rollback segment number 12 with name _SYSSMU12 too small",
    "ORA-12545: Connect failed because target host or object does not exist",
    "ORA-00060: deadlock detected while waiting for resource",
    "java.sql.SQLRecoverableException: Closed Connection",
    "ORA-30036: unable to extend segment by 8 in undo tablespace UNDOTBS1",
)
WORKER_GONE = "Thread pool worker DEFAULT on host tpw02 was shut down while the thread was running"
AT_ONCE = timedelta(0)


def fails(*, restarted_after: Minutes) -> Trouble:
    """Break every thread still at work with an error, and restart these later on the same key."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        at, error = _moment(run, rng, 0.35, 0.9), rng.choice(ERRORS)
        broken = [_broken(e, at, rng, hangs=AT_ONCE, error=error) for e in run.executions]
        return _restarted(run, broken, minutes(rng, *restarted_after), rng)

    return befall


def loses_worker(*, frozen_for: Minutes, restarted_after: Minutes) -> Trouble:
    """Freeze every second thread for good; the others finish; an operator ends and restarts it."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        at, hangs = _moment(run, rng, 0.3, 0.6), minutes(rng, *frozen_for)
        broken = [
            _broken(e, at, rng, hangs=hangs, error=WORKER_GONE) if e.thread % 2 else e
            for e in run.executions
        ]
        return _restarted(run, broken, minutes(rng, *restarted_after), rng)

    return befall


def waits(*, length: Minutes) -> Trouble:
    """Let all threads stand still, as for a lock, and then go on as if nothing had been."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        wait = Wait(_moment(run, rng, 0.3, 0.7), minutes(rng, *length))
        executions = tuple(_waiting(e, wait) for e in run.executions)
        return _ending(replace(run, executions=executions))

    return befall


def closed_by_hand(*, frozen_for: Minutes) -> Trouble:
    """Freeze the run until somebody sets it to complete in the tables, without an end."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        at = _moment(run, rng, 0.65, 0.8)
        frozen = (_frozen(e, at, minutes(rng, *frozen_for)) for e in run.executions)
        return _ending(_closed_together(replace(run, executions=tuple(frozen))))

    return befall


def purged(*, frozen_for: Minutes) -> Trouble:
    """Freeze the run until its rows are removed, submission aside."""
    freeze = closed_by_hand(frozen_for=frozen_for)
    return lambda run, rng: replace(freeze(run, rng), purged=True)


def orphaned(*, length: Minutes) -> Trouble:
    """Leave the submission Started for long after the run is over."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        late = minutes(rng, *length)
        submissions = (replace(s, ended_at=s.ended_at + late) for s in run.submissions)
        return replace(run, submissions=tuple(submissions))

    return befall


def misplaced(*, length: Minutes) -> Trouble:
    """Submit to a pool that has no worker; cancelled at last, the run is submitted again."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        (own,), lost = run.submissions, minutes(rng, *length)
        astray = replace(
            own, started_at=None, ended_at=own.requested_at + lost, method="ONLN", pool="NIGHT"
        )
        later = _later(run, lost + timedelta(minutes=1))
        return replace(later, submissions=(astray, *later.submissions))

    return befall


def shows(code: str, *, length: Minutes) -> Trouble:
    """Let the run show a status that OUAF does not have, from its middle until after its end."""

    def befall(run: PlannedRun, rng: Random) -> PlannedRun:
        since = _moment(run, rng, 0.4, 0.6)
        odd = OddStatus(code, since, run.ended_at + minutes(rng, *length))
        return replace(run, odd_status=odd)

    return befall


def _moment(run: PlannedRun, rng: Random, first: float, last: float) -> datetime:
    return whole(run.started_at + (run.ended_at - run.started_at) * rng.uniform(first, last))


def _broken(
    execution: Execution, at: datetime, rng: Random, *, hangs: timedelta, error: str
) -> Execution:
    if execution.ended_at <= at:
        return execution
    breaks_at = min(at + timedelta(seconds=rng.randrange(0, 8)), execution.ended_at)
    return replace(_cut(execution, breaks_at), ended_at=breaks_at + hangs, failed=True, error=error)


def _cut(execution: Execution, at: datetime) -> Execution:
    share = min(1.0, (at - execution.started_at) / _length(execution))
    return replace(
        execution,
        worked_until=at,
        records=int(execution.records * share),
        errors=int(execution.errors * share),
    )


def _frozen(execution: Execution, at: datetime, length: timedelta) -> Execution:
    if execution.ended_at <= at:
        return execution
    return replace(_cut(execution, at), ended_at=at + length, closed_by_hand=True)


def _closed_together(run: PlannedRun) -> PlannedRun:
    end = run.ended_at
    return replace(
        run,
        executions=tuple(
            replace(e, ended_at=end) if e.closed_by_hand else e for e in run.executions
        ),
    )


def _waiting(execution: Execution, wait: Wait) -> Execution:
    if execution.worked_until <= wait.since:
        return execution
    until = execution.worked_until + wait.length
    return replace(execution, worked_until=until, ended_at=until, wait=wait)


def _later(run: PlannedRun, by: timedelta) -> PlannedRun:
    executions = (
        replace(
            e,
            started_at=e.started_at + by,
            worked_until=e.worked_until + by,
            ended_at=e.ended_at + by,
        )
        for e in run.executions
    )
    submissions = (
        replace(
            s,
            requested_at=s.requested_at + by,
            started_at=s.started_at and s.started_at + by,
            ended_at=s.ended_at + by,
        )
        for s in run.submissions
    )
    return replace(run, executions=tuple(executions), submissions=tuple(submissions))


def _ending(run: PlannedRun) -> PlannedRun:
    """Let the submission end with the run."""
    submissions = (replace(s, ended_at=run.ended_at) for s in run.submissions)
    return replace(run, submissions=tuple(submissions))


def _restarted(
    run: PlannedRun, broken: list[Execution], after: timedelta, rng: Random
) -> PlannedRun:
    failed_at = max(e.ended_at for e in broken)
    again_at = failed_at + after
    again = [
        _rest(before, part, again_at + timedelta(seconds=rng.randrange(0, 3)))
        for before, part in zip(run.executions, broken, strict=True)
        if part.failed
    ]
    first = [replace(s, ended_at=failed_at) for s in run.submissions]
    asked_at = again_at - timedelta(seconds=rng.randrange(10, 40))
    ended_at = max(e.ended_at for e in again)
    return replace(
        run,
        executions=(*broken, *again),
        submissions=(*first, Submission(asked_at, again_at, ended_at, "ONLN", "OPERATOR")),
        keeps_old_end=rng.random() < 0.5,
    )


def _rest(before: Execution, part: Execution, at: datetime) -> Execution:
    records = before.records - part.records
    seconds = _length(before).total_seconds() * records / max(1, before.records)
    ended_at = whole(at + timedelta(seconds=max(20, seconds)))
    return replace(
        before,
        started_at=at,
        worked_until=ended_at,
        ended_at=ended_at,
        records=records,
        errors=before.errors - part.errors,
    )


def _length(execution: Execution) -> timedelta:
    return execution.worked_until - execution.started_at
