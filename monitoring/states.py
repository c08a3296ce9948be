"""Say what can be in monitoring: CC&B's codes, the states we keep, their words and looks."""

from collections.abc import Collection
from enum import StrEnum

from batchops.looks import Look


class RunState(StrEnum):
    """What we hold a run of CC&B to be."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    COMPLETE = "complete"
    ENDED = "ended"
    CANCELLED = "cancelled"
    GONE = "gone"
    UNKNOWN = "unknown"


class ReplayState(StrEnum):
    """Where a replay of a rule stands: asked -> done or failed."""

    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


OPEN = (RunState.PENDING, RunState.RUNNING)
# Of the submission queue: waiting, started, told to stop; all else is over.
SUBMISSION_STARTED = "ST"
SUBMISSION_OPEN = ("PD", SUBMISSION_STARTED, "PC")
LEFT = (RunState.ENDED, RunState.CANCELLED, RunState.GONE)

# Run status codes of today's CC&B, then the letters of the old systems and of the queue.
STATE_OF_CODE = {
    "10": RunState.PENDING,
    "20": RunState.RUNNING,
    "30": RunState.FAILED,
    "40": RunState.COMPLETE,
    "PD": RunState.PENDING,
    "ST": RunState.RUNNING,
    "IP": RunState.RUNNING,
    "ER": RunState.FAILED,
    "CM": RunState.COMPLETE,
    "CO": RunState.COMPLETE,
    "ED": RunState.ENDED,
    "PC": RunState.CANCELLED,
    "CA": RunState.CANCELLED,
}
# The words that clients of the old systems know (docs/api.md, section 4).
WORDS = {
    RunState.PENDING: "Pending",
    RunState.RUNNING: "Running",
    RunState.FAILED: "Error",
    RunState.COMPLETE: "Complete",
    RunState.ENDED: "Ended",
    RunState.CANCELLED: "Ended",
    RunState.GONE: "Ended",
    RunState.UNKNOWN: "Unknown",
}
LOOKS = {
    RunState.PENDING: Look("pending", "Pending", "neutral", "clock"),
    RunState.RUNNING: Look("running", "Running", "info", "spinner"),
    RunState.FAILED: Look("failed", "Failed", "bad", "x"),
    RunState.COMPLETE: Look("complete", "Complete", "ok", "check"),
    RunState.ENDED: Look("ended", "Ended, result unknown", "unknown", "question"),
    RunState.CANCELLED: Look("cancelled", "Cancelled", "violet", "ban"),
    RunState.GONE: Look("gone", "Gone", "unknown", "gone"),
    RunState.UNKNOWN: Look("unknown", "Unknown", "unknown", "question"),
}
LATE = Look("late", "Late", "warn", "warning")


def state_of(code: str) -> RunState:
    """Return what a status code of CC&B means; blank or unheard-of codes are unknown."""
    return STATE_OF_CODE.get(code.strip().upper(), RunState.UNKNOWN)


def while_stale(state: RunState) -> RunState:
    """Return what an old reading still tells: who was moving then may be anywhere now."""
    return RunState.UNKNOWN if state in OPEN else state


def look_of(state: RunState, code: str = "") -> Look:
    """Return a run's look; an unknown code of CC&B is named as CC&B wrote it."""
    if state is RunState.UNKNOWN and code and state_of(code) is RunState.UNKNOWN:
        return Look("unknown", f"Unknown code '{code}'", "unknown", "question")
    return LOOKS[state]


def states_of_word(word: str) -> Collection[RunState]:
    """Return the states that a word of the API, of ours or a code of CC&B stands for, or none."""
    asked = word.strip().lower()
    by_word = [state for state, shown in WORDS.items() if shown.lower() == asked]
    by_name = [state for state in RunState if state == asked]
    by_code = [state for code, state in STATE_OF_CODE.items() if code.lower() == asked]
    return by_word or by_name or by_code


def verb_of(before: RunState | None, after: RunState) -> str:
    """Return what happened to a run that went from `before` (None: first seen) to `after`."""
    if before is None:
        return "first seen"
    if before is after is RunState.FAILED:
        return "failed again"
    if after is RunState.RUNNING:
        return "restarted" if before is RunState.FAILED else "started"
    return {
        RunState.PENDING: "queued",
        RunState.FAILED: "failed",
        RunState.COMPLETE: "completed",
        RunState.ENDED: "ended",
        RunState.CANCELLED: "cancelled",
        RunState.GONE: "gone",
    }.get(after, "changed")
