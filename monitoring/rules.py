"""Judge runs: pure functions of run, history, step profile and clock; plain Python."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.states import Finding, Severity
from monitoring.states import LOOKS, STATE_OF_CODE, RunState

NO_MESSAGE = "CC&B's message log holds no text for this run."
# Why an alert of a rule on a run is over, by the state that the run is in now.
_OVER = {
    RunState.PENDING: "The run was put back to pending.",
    RunState.COMPLETE: "The run completed.",
    RunState.ENDED: "The submission ended; CC&B no longer shows the run.",
    RunState.CANCELLED: "The run was cancelled.",
    RunState.GONE: "CC&B no longer holds the run.",
}
OVER = {
    "FAILED": _OVER
    | {
        RunState.RUNNING: "The run was restarted.",
        RunState.FAILED: "The run was restarted and failed again.",
        RunState.UNKNOWN: "The run changed to a status that is not known.",
    },
    "UNKNOWN_STATUS": _OVER
    | {
        RunState.RUNNING: "The run is running.",
        RunState.FAILED: "The run failed.",
        RunState.UNKNOWN: "CC&B changed it to another status that is not known.",
    },
}
# Why an alert on the source is over, by whether it still is silent.
SOURCE_OVER = {
    False: "CC&B was read again.",
    True: "The cause is another now; the next alert says it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What rules may know of one run."""

    key: str
    batch_code: str
    business_date: date
    status_code: str
    started_at: datetime
    ended_at: datetime | None
    own_ended_at: datetime | None
    message: str
    records_processed: int
    records_in_error: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What rules may know of the source as a whole."""

    seen_at: datetime | None
    stale_after_s: float
    circuit_opened_at: datetime | None
    login_refused: bool
    last_error: str
    url: str


def failed(runs: Iterable[RunFacts], *, zone: ZoneInfo) -> list[Finding]:
    """Find, of runs that CC&B holds in error, one trouble each."""
    return [_failed(run, zone) for run in runs]


def unknown_status(runs: Iterable[RunFacts]) -> list[Finding]:
    """Find, of runs whose status code means nothing to us, one trouble each."""
    return [_unknown_status(run) for run in runs]


def source_silent(facts: SourceFacts, *, zone: ZoneInfo) -> list[Finding]:
    """Find that CC&B is not read: nothing good for too long, or its login is refused."""
    seen = facts.seen_at.astimezone(zone).strftime("%H:%M") if facts.seen_at else None
    since = f"since {seen}" if seen else "so far"
    message = f"CC&B could not be read {since}. What it does now is not known. {facts.last_error}"
    if facts.circuit_opened_at:
        message = (
            f"CC&B refuses our login: {facts.last_error} No poll tries again, so that the "
            "account is not locked, until somebody presses Try again on the page Runs."
        )
    return [
        Finding(
            key="ccb",
            severity=Severity.CRITICAL,
            message=message.strip(),
            evidence={
                "expected": {"good_reading_within_s": facts.stale_after_s},
                "seen": {
                    "last_good_reading_at": facts.seen_at and facts.seen_at.isoformat(),
                    "login_refused_at": facts.circuit_opened_at
                    and facts.circuit_opened_at.isoformat(),
                    "last_error": facts.last_error,
                },
            },
            # A refused login after timeouts needs another hand, so it is another trouble.
            occurrence=f"{facts.seen_at.isoformat() if facts.seen_at else 'never'}"
            f"{' login' if facts.login_refused else ''}",
            subject="CC&B",
            subject_url=facts.url,
        )
    ]


def _failed(run: RunFacts, zone: ZoneInfo) -> Finding:
    when = run.ended_at.astimezone(zone).strftime(" at %H:%M") if run.ended_at else ""
    return Finding(
        **_subject(run),
        severity=Severity.CRITICAL,
        message=f"Batch {run.batch_code} failed{when}. Error: {run.message or NO_MESSAGE}",
        evidence={
            "expected": {"status": _status("40")},
            "seen": {
                "status": _status(run.status_code),
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


def _status(code: str) -> str:
    """Write a status in words, with CC&B's code for it."""
    state = STATE_OF_CODE.get(code)
    return f"{LOOKS[state].label} ({code})" if state else code


def _unknown_status(run: RunFacts) -> Finding:
    return Finding(
        **_subject(run),
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


def _subject(run: RunFacts) -> dict[str, Any]:
    return {
        "key": run.key,
        "batch_code": run.batch_code,
        "business_date": run.business_date,
        "subject": run.key,
        "subject_url": run.url,
    }
