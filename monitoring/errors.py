"""Name what can keep a poll from being made or kept, and a move of people from being made."""

from batchops.errors import BatchOpsError, Conflict, NotFound, Unavailable


class PollRunning(Conflict):
    """Say that another process reads CC&B at this moment; two polls never overlap."""

    code = "poll_running"


class SnapshotOutdated(Conflict):
    """Refuse a reading that began before one that is stored already."""

    code = "snapshot_outdated"


class CircuitOpen(Conflict):
    """Refuse to log in to CC&B, which refused the account, until somebody says "try again"."""

    code = "login_circuit_open"


class NothingRead(Unavailable):
    """Say that CC&B was never read, so that there is nothing to answer."""

    code = "nothing_read"


class PollBroke(BatchOpsError):
    """Say that a poll failed in our own code, not in CC&B."""

    code = "poll_broke"


class ImportRunning(Conflict):
    """Say that another process imports history at this moment; two never do."""

    code = "import_running"


class ImportMoved(Conflict):
    """Refuse a chunk of history where the import is not any more."""

    code = "import_moved"


class ReplayNotFound(NotFound):
    """Say that there is no such replay, or none any more."""

    code = "replay_not_found"


class ReplayNotDone(Conflict):
    """Refuse to take over terms of which nobody knows yet what they would tell."""

    code = "replay_not_done"


class RuleSettingMoved(Conflict):
    """Refuse to take terms over a setting that is not the one they were compared with."""

    code = "rule_setting_moved"
