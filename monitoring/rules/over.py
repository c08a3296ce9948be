"""Say why an alert of a rule is over, from what the picture shows now."""

from collections.abc import Iterable, Mapping

from monitoring.rules.facts import Picture, RunFacts
from monitoring.states import OPEN, RunState

SWITCHED_OFF = "The rule was switched off."
OTHERWISE = "It is not so any more, or the rule's settings are others now."
NEW_DAY = "The business day is over."
NO_RISK = "The chance of missing the deadline is small again."
DONE = "It is done, or the business day is over."
_BY_STATE = {
    RunState.PENDING: "The run was put back to pending.",
    RunState.COMPLETE: "The run completed.",
    RunState.ENDED: "The submission ended; CC&B no longer shows the run.",
    RunState.CANCELLED: "The run was cancelled.",
    RunState.GONE: "CC&B no longer holds the run.",
    RunState.RUNNING: "The run is running.",
    RunState.FAILED: "The run failed.",
    RunState.UNKNOWN: "The run changed to a status that is not known.",
}
# What differs from the words above, by rule and the state that the run is in now.
_ON_RUN: Mapping[str, Mapping[RunState, str]] = {
    "FAILED": {
        RunState.RUNNING: "The run was restarted.",
        RunState.FAILED: "The run was restarted and failed again.",
    },
    "UNKNOWN_STATUS": {
        RunState.UNKNOWN: "CC&B changed it to another status that is not known.",
    },
    "STUCK": {RunState.RUNNING: "The run makes progress again."},
    "LONG_RUNNING": {RunState.RUNNING: "It is within what the step may take now."},
    "LOW_THROUGHPUT": {RunState.RUNNING: "The run is fast enough again."},
    "PENDING_TOO_LONG": {RunState.RUNNING: "The run started."},
}
_ON_STEP = {
    "LOW_RECORDS": "The step's last complete run has enough records.",
    "TOO_FAST": "The step's last complete run took long enough.",
    "COMPLETED_WITH_ERRORS": "The step's last complete run has no more errors than it may.",
    "IMD_NOT_DRAINING": "The count of pending IMDs falls, or is 0.",
    "JOB_ORPHAN": "The submission ended, or its run was restarted.",
    "PENDING_TOO_LONG": "The submission started, or was cancelled.",
}


def reasons(
    standing: Iterable[tuple[str, str]], picture: Picture, known: Iterable[RunFacts]
) -> dict[str, dict[str, str]]:
    """Return for each active alert (rule, key), by rule and key, why it is over if it is.

    `known` are all runs that the poll looked at: the picture's, and those it changed.
    """
    runs = {run.key: run for run in known}
    found: dict[str, dict[str, str]] = {}
    for rule, key in standing:
        found.setdefault(rule, {})[key] = _reason(rule, key, picture, runs)
    return found


def _reason(rule: str, key: str, picture: Picture, runs: Mapping[str, RunFacts]) -> str:
    run = runs.get(key)
    if not picture.terms(rule, _code_of(key, run, picture)).enabled:
        return SWITCHED_OFF
    if rule in ("NOT_STARTED", "OUT_OF_ORDER"):
        return _of_day(rule, key, picture)
    if rule == "DEADLINE_AT_RISK":
        return _of_deadline(key, picture)
    if run is not None:
        state = run.state
        return _ON_RUN.get(rule, {}).get(state, _BY_STATE[state])
    return _ON_STEP.get(rule, OTHERWISE)


def _code_of(key: str, run: RunFacts | None, picture: Picture) -> str:
    """Return the batch that an alert is on: of a run, of a submission, or the key itself."""
    if run is not None:
        return run.batch_code
    return next((entry.batch_code for entry in picture.submissions if entry.key == key), key)


def _of_deadline(key: str, picture: Picture) -> str:
    last = picture.outlook[-1].risks if picture.outlook else {}
    return NO_RISK if key in last else DONE


def _of_day(rule: str, code: str, picture: Picture) -> str:
    step = picture.steps.get(code)
    if step is None:
        return OTHERWISE
    if rule == "OUT_OF_ORDER" and picture.complete_today(step.depends_on):
        return f"{step.depends_on} is complete."
    runs = picture.today.get(code, ())
    if rule == "NOT_STARTED" and runs:
        return "It has a run now." if any(r.state in OPEN for r in runs) else "It has run."
    return NEW_DAY
