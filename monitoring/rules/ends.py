"""Find runs that ended badly, or in a way that CC&B's codes do not tell."""

from zoneinfo import ZoneInfo

from alerts.states import Finding, Severity
from monitoring.rules.facts import Picture, RunFacts
from monitoring.rules.wording import clock, of_run, status
from monitoring.states import RunState

NO_MESSAGE = "CC&B's message log holds no text for this run."


def failed(picture: Picture) -> list[Finding]:
    """Find, of runs that CC&B holds in error, one trouble each."""
    return [_failed(run, picture.zone) for run in picture.in_state(RunState.FAILED)]


def unknown_status(picture: Picture) -> list[Finding]:
    """Find, of runs whose status code means nothing to us, one trouble each."""
    return [_unknown_status(run) for run in picture.in_state(RunState.UNKNOWN)]


def _failed(run: RunFacts, zone: ZoneInfo) -> Finding:
    when = f" at {clock(run.ended_at, zone)}" if run.ended_at else ""
    return Finding(
        **of_run(run),
        severity=Severity.CRITICAL,
        message=f"Batch {run.batch_code} failed{when}. Error: {run.message or NO_MESSAGE}",
        evidence={
            "expected": {"status": status("40")},
            "seen": {
                "status": status(run.status_code),
                "started_at": run.started_at.isoformat(),
                "ended_at": run.ended_at and run.ended_at.isoformat(),
                "records_processed": run.records_processed,
                "records_in_error": run.records_in_error,
                "last_message": run.message or NO_MESSAGE,
            },
        },
        # Not the end of its last thread: the run's own may be told later, of the same failure.
        occurrence=run.own_ended_at.isoformat() if run.own_ended_at else "",
    )


def _unknown_status(run: RunFacts) -> Finding:
    return Finding(
        **of_run(run),
        severity=Severity.WARNING,
        message=f"Batch {run.batch_code} has the status '{run.status_code}', which is none of "
        "CC&B's codes 10, 20, 30, 40. Ask the DBA what it means; until then its result counts "
        "as unknown.",
        evidence={
            "expected": {"status_code": "10, 20, 30 or 40"},
            "seen": {"status_code": run.status_code, "started_at": run.started_at.isoformat()},
        },
        occurrence=run.status_code or "blank",
    )
