"""Find what hangs in CC&B's submission queue: waiting for too long, or not told of its end."""

from datetime import datetime, timedelta
from typing import Any

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, RunFacts, SubmissionFacts
from monitoring.rules.wording import clock, lasting, of_run, status
from monitoring.states import RunState, state_of

REMEDY = "See whether the thread pool has a worker, and whether its name is right."


def pending_too_long(picture: Picture) -> list[Finding]:
    """Find runs and submissions that wait for too long; a run speaks for its submission."""
    runs = picture.in_state(RunState.PENDING)
    spoken_for = {run.key for run in picture.runs} | {
        run.key for day in picture.today.values() for run in day
    }
    found = [_pending(_on_run(run), run.since, run.batch_code, picture) for run in runs]
    found += [
        _pending(_on_submission(entry), entry.since, entry.batch_code, picture)
        for entry in picture.submissions
        if state_of(entry.status_code) is RunState.PENDING and entry.run_key not in spoken_for
    ]
    return [finding for finding in found if finding]


def job_orphan(picture: Picture) -> list[Finding]:
    """Find submissions that still count as started though their run is over."""
    found = (_orphan(entry, picture) for entry in picture.submissions)
    return [finding for finding in found if finding]


def _pending(
    subject: dict[str, Any], since: datetime, code: str, picture: Picture
) -> Finding | None:
    minutes = picture.book.threshold("PENDING_TOO_LONG", code, "pending_minutes")
    waits = picture.at - since
    if waits <= timedelta(minutes=minutes):
        return None
    return Finding(
        **subject,
        severity=Severity.WARNING,
        message=f"Batch {code} has been pending for {lasting(waits)}, since "
        f"{clock(since, picture.zone)}. {REMEDY}",
        evidence={
            "expected": {"pending_at_most_s": minutes * 60},
            "seen": {
                "status": status("10"),
                "pending_since_at": since.isoformat(),
                "pending_for_s": waits.total_seconds(),
            },
        },
    )


def _on_run(run: RunFacts) -> dict[str, Any]:
    return of_run(run)


def _on_submission(entry: SubmissionFacts) -> dict[str, Any]:
    return {
        "key": entry.key,
        "batch_code": entry.batch_code,
        "business_date": entry.business_date,
        "subject": entry.key,
        "subject_url": entry.url,
    }


def _orphan(entry: SubmissionFacts, picture: Picture) -> Finding | None:
    since = entry.orphan_since
    if since is None:
        return None
    polls = picture.book.threshold("JOB_ORPHAN", entry.batch_code, "polls")
    seen = [poll.at for poll in picture.polls if poll.at >= since]
    if len(seen) < polls:
        return None
    return Finding(
        **_on_submission(entry),
        severity=Severity.INFO,
        message=f"The submission of batch {entry.batch_code} still counts as started though its "
        f"run {entry.run_key} is over. It may keep the next submission waiting: ask the CC&B "
        "administrator to end it.",
        evidence={
            "expected": {"submission": "Ended (ED)"},
            "seen": {
                "submission": "Started (ST)",
                "run": entry.run_key,
                "run_over_since_at": since.isoformat(),
                "polls_running": len(seen),
            },
        },
        occurrence=entry.run_key,
    )
