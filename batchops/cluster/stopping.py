"""Let a task know that its cluster has been asked to stop, so that it can end its slice early."""

from batchops.cluster.flag import Flag

_flags: list[Flag] = []


def follow(flag: Flag) -> None:
    """Take `flag` as this process's sign to stop; the sentinel calls it in each worker."""
    _flags[:] = [flag]


def requested() -> bool:
    """Return whether this worker's cluster is stopping; False outside a cluster.

    Cheap enough to ask between two items. A task that returns soon after it turns True is never
    cut off by the end of the grace (`CLUSTER_STOP_GRACE`).
    """
    return any(flag.is_set() for flag in _flags)
