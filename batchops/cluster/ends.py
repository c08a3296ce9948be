"""Register what is put right when a cluster was killed, with all workers that it had."""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from batchops.cluster.ticks import ClusterName
from batchops.registry import Registry


@dataclass(frozen=True, slots=True)
class Lost:
    """The workers of a cluster that has ended by force; none of them runs any more.

    The names of all begin with `prefix`. `culprits` were killed one by one, so what they worked
    on may have done it; all others died because the cluster was ended, through no fault of their
    work.
    """

    prefix: str
    culprits: frozenset[str]

    @classmethod
    def group(cls, group: int, *, killed: Iterable[int]) -> "Lost":
        """Return what was lost with a process group of this host, `killed` the culprits' ids."""
        prefix = _prefix(group)
        return cls(prefix, frozenset(f"{prefix}{pid}" for pid in killed))


Duty = Callable[[Lost], None]
_duties: Registry[tuple[ClusterName, Duty]] = Registry(__name__)


def register(name: str, *, cluster: ClusterName, run: Duty) -> None:
    """Let the main process call `run` after a cluster was ended by force.

    Nobody promises that it is called: the main process may be killed as well.
    """
    _duties[name] = (cluster, run)


def registered(cluster: ClusterName) -> list[Duty]:
    """Return what is to be called for one kind of cluster."""
    return [run for kind, run in _duties.values() if kind == cluster]


def worker_name() -> str:
    """Name this process by its host, its process group (one per cluster) and its id."""
    return f"{_prefix(os.getpgrp())}{os.getpid()}"


def _prefix(group: int) -> str:
    return f"{socket.gethostname()}/{group}/"
