"""Register what a cluster's wrapper does by itself every so often, beside its workers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from batchops.registry import Registry

ClusterName = Literal["jobs", "watch"]
CLUSTERS: tuple[ClusterName, ...] = ("jobs", "watch")


@dataclass(frozen=True, slots=True)
class Tick:
    """One small, quick duty: `run` is called every `every`, in the wrapper, outside any worker.

    It must take well under a second and leave longer work to a worker by ringing a bell. With
    several clusters of one kind only one of them runs a given tick at a time (an advisory lock).
    """

    name: str
    cluster: ClusterName
    every: timedelta
    run: Callable[[], None]


_ticks: Registry[Tick] = Registry(__name__)


def register(tick: Tick) -> None:
    """Add a tick; apps call this from functions that they give to batchops.registry."""
    _ticks[tick.name] = tick


def registered(cluster: ClusterName) -> list[Tick]:
    """Return the ticks of one kind of cluster, by name."""
    return sorted((t for t in _ticks.values() if t.cluster == cluster), key=lambda t: t.name)
