"""Name why the house cannot stand; the message is shown as it is to whoever started it."""

from batchops.errors import BatchOpsError


class CannotStart(BatchOpsError):
    """Say what keeps BatchOps from starting on this machine and what to do about it."""

    code = "cannot_start"


class AlreadyRunning(CannotStart):
    """Refuse a second `up` on the same data folder."""

    code = "already_running"


class Stopped(Exception):
    """Unwind a start that somebody asked to stop; not an error."""
