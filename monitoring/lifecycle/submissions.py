"""Store the submission queue as a reading saw it: what waits, runs, or hangs on after its run."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from batchops.ccb.snapshot import RunKey, Snapshot, SubmissionRow
from monitoring.lifecycle.turn import Turn
from monitoring.lifecycle.upsert import upsert
from monitoring.models import Poll, Submission, SubmissionSample
from monitoring.queries import states_by_key
from monitoring.states import SUBMISSION_OPEN, SUBMISSION_STARTED, RunState

RUN_OVER = (RunState.FAILED, RunState.COMPLETE)
STORED = (
    "batch_nbr",
    "rerun_nbr",
    "status_code",
    "requested_at",
    "thread_count",
    "process_date",
    "status_since",
    "orphan_since",
    "over_at",
)

SAMPLED = (
    "job_id",
    "source_batch_cd",
    "batch_nbr",
    "rerun_nbr",
    "status_code",
    "requested_at",
    "first_seen_at",
    "orphan_since",
    "over_at",
)


def store_submissions(snapshot: Snapshot, poll: Poll, turn: Turn) -> None:
    """Upsert the submissions that are open, or were and are over now; others say nothing new."""
    rows = {row.id: row for row in snapshot.submissions}
    known = Submission.objects.filter(Q(over_at=None) | Q(job_id__in=rows))
    held = {submission.job_id: submission for submission in known}
    orphans = _orphans(rows.values())
    changed = []
    for job_id, row in rows.items():
        submission = held.get(job_id)
        if submission is None and row.status not in SUBMISSION_OPEN:
            continue
        submission = submission or _new(row, turn)
        if _take(submission, _values(submission, row, turn, is_orphan=job_id in orphans)):
            changed.append(submission)
    # CC&B shows open ones always, so one that is not shown any more is over.
    for job_id, submission in held.items():
        if job_id not in rows and _take(submission, {"over_at": turn.clock, "orphan_since": None}):
            changed.append(submission)
    upsert(changed, unique=("job_id",), update=STORED)
    SubmissionSample.objects.bulk_create(_sample(each, poll) for each in changed)


def _sample(submission: Submission, poll: Poll) -> SubmissionSample:
    return SubmissionSample(poll=poll, **{name: getattr(submission, name) for name in SAMPLED})


def _orphans(rows: Iterable[SubmissionRow]) -> set[str]:
    """Return the submissions that are started although their run is over."""
    started = {
        row.id: RunKey(row.batch_cd, row.batch_nbr, row.rerun_nbr)
        for row in rows
        if row.status == SUBMISSION_STARTED
    }
    states = states_by_key(started.values())
    return {job_id for job_id, key in started.items() if states.get(key) in RUN_OVER}


def _new(row: SubmissionRow, turn: Turn) -> Submission:
    return Submission(
        job_id=row.id,
        source_batch_cd=row.batch_cd,
        method=row.method,
        first_seen_at=turn.clock,
        status_since=turn.clock,
    )


def _values(
    submission: Submission, row: SubmissionRow, turn: Turn, *, is_orphan: bool
) -> dict[str, Any]:
    is_over = row.status not in SUBMISSION_OPEN
    same = submission.status_code == row.status
    return {
        "batch_nbr": row.batch_nbr,
        "rerun_nbr": row.rerun_nbr,
        "status_code": row.status,
        "requested_at": row.requested_at,
        "thread_count": row.threads,
        "process_date": row.process_date,
        "status_since": submission.status_since if same else turn.clock,
        "orphan_since": (submission.orphan_since or turn.clock) if is_orphan else None,
        "over_at": (submission.over_at or turn.clock) if is_over else None,
    }


def _take(submission: Submission, values: dict[str, Any]) -> bool:
    """Set the values, and say whether any of them is new."""
    differ = {name for name, value in values.items() if getattr(submission, name) != value}
    for name in differ:
        setattr(submission, name, values[name])
    return bool(differ)
