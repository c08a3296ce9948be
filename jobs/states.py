"""Say what can be in jobs: states, their looks and the moves between them; plain Python."""

from batchops.looks import Look

PENDING = "pending"
PROCESSING = "processing"
COMPLETED = "completed"
COMPLETED_WITH_ERRORS = "completed_with_errors"
FAILED = "failed"
CANCELLED = "cancelled"

OPEN = (PENDING, PROCESSING)
ENDED = (COMPLETED, COMPLETED_WITH_ERRORS, FAILED, CANCELLED)
STATES = OPEN + ENDED
# Its work was done, well or in part: what follows on it may be started.
DONE = (COMPLETED, COMPLETED_WITH_ERRORS)

RUNNING = "running"
SUCCEEDED = "succeeded"
ITEM_OPEN = (PENDING, RUNNING)
ITEM_ENDED = (SUCCEEDED, FAILED, CANCELLED)
ITEM_STATES = ITEM_OPEN + ITEM_ENDED

EXPAND = "expand"
ITEMS = "items"
SUMMARY = "summary"
ARTIFACT = "artifact"
REOPEN = "reopen"
OUTSIDE = "outside:"  # begins the name of a worker that is none of the site's
CLAIM_KINDS = (EXPAND, ITEMS, SUMMARY, ARTIFACT, REOPEN)

# What stands with the ZIP of a job; a ZIP itself is never in the first.
NO_ARTIFACT = "none"
MAKING = "making"
READY = "ready"
EXPIRED = "expired"
ARTIFACT_NEEDED = (MAKING, READY)
ARTIFACT_STATES = (*ARTIFACT_NEEDED, FAILED, EXPIRED)

# A file that somebody sends: its parts come, are looked at as a whole, and wait for a job.
RECEIVING = "receiving"
CHECKING = "checking"
UPLOADED = "complete"
USED = "used"
UPLOAD_REMOVED = "removed"
UNUSED = (RECEIVING, CHECKING, UPLOADED)
UPLOAD_STATES = (*UNUSED, USED, UPLOAD_REMOVED)
PART_WRITING = "writing"
PART_KEPT = "kept"
PART_UNWANTED = "unwanted"
PART_STATES = (PART_WRITING, PART_KEPT, PART_UNWANTED)

# Each move of a job and the states it may start from.
MOVES: dict[str, tuple[str, ...]] = {
    "start": (PENDING,),
    "cancel": OPEN,
    "give_up": OPEN,
    "finish": OPEN,
    "retry": ENDED,
    "prioritise": OPEN,
}

LOOKS = {
    look.code: look
    for look in (
        Look(PENDING, "Pending", "neutral", "clock"),
        Look(PROCESSING, "Processing", "info", "play"),
        Look(COMPLETED, "Completed", "ok", "check-circle"),
        Look(COMPLETED_WITH_ERRORS, "Completed with errors", "warn", "warning"),
        Look(FAILED, "Failed", "bad", "x-circle"),
        Look(CANCELLED, "Cancelled", "violet", "ban"),
    )
}
CANCELLING_LOOK = Look("cancelling", "Cancelling...", "info", "spinner")

ITEM_LOOKS = {
    look.code: look
    for look in (
        Look(PENDING, "Pending", "neutral", "clock"),
        Look(RUNNING, "Running", "info", "play"),
        Look(SUCCEEDED, "Succeeded", "ok", "check"),
        Look(FAILED, "Failed", "bad", "x-circle"),
        Look(CANCELLED, "Cancelled", "violet", "ban"),
    )
}

# Held by a worker that is still at another item.
TAKEN_LOOK = Look("taken", "Next", "neutral", "clock")

# What became of a due time of a schedule. One is only ever waiting until its late window ends.
WAITING = "waiting"
STARTED = "started"
SKIPPED = "skipped"
MISSED = "missed"
SLOT_OUTCOMES = (WAITING, STARTED, SKIPPED, MISSED)

RUN_LATE = "run_late"
SKIP_MISSED = "skip"
MISSED_POLICIES = (RUN_LATE, SKIP_MISSED)

SLOT_LOOKS = {
    look.code: look
    for look in (
        Look(WAITING, "Waiting to start", "warn", "clock"),
        Look(STARTED, "Started", "ok", "play"),
        Look(SKIPPED, "Skipped", "neutral", "ban"),
        Look(MISSED, "Missed", "bad", "x-circle"),
    )
}

# What the word in an address (`?status=`) or on a tab stands for.
FILTERS: dict[str, tuple[str, ...]] = {
    "pending": (PENDING,),
    "queued": (PENDING,),
    "processing": (PROCESSING,),
    "active": OPEN,
    "completed": (COMPLETED, COMPLETED_WITH_ERRORS),
    "failed": (FAILED,),
    "cancelled": (CANCELLED,),
}


def said(state: str) -> str:
    """Return how a job's state is called within a sentence."""
    return LOOKS[state].label.lower()


def look_of(state: str, *, cancelling: bool = False) -> Look:
    """Return how a job in `state` looks; an open one whose cancel is wished is "Cancelling..."."""
    return CANCELLING_LOOK if cancelling and state in OPEN else LOOKS[state]


def end_state(*, total: int, failed: int, cancelled: int, cut_short: bool, error: str) -> str:
    """Return the state in which a job ends, all of whose items are settled.

    `cut_short` says that a cancel closed the list of items early, so some were never made;
    `error` is why its type gave up, empty when it did not.
    """
    if error:
        state = FAILED
    elif cancelled or cut_short:
        state = CANCELLED
    elif not failed:
        state = COMPLETED
    elif failed == total:
        state = FAILED
    else:
        state = COMPLETED_WITH_ERRORS
    return state
