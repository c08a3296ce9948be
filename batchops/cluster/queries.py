"""Read which clusters live and what waits for them, all by the database's clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.db.models import Count, Min, Q
from django_q.models import OrmQ

from batchops.cluster.ticks import CLUSTERS, ClusterName
from batchops.db import database_now
from batchops.errors import Unavailable
from batchops.models import Heartbeat, WebProcess

State = Literal["alive", "late", "unknown"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster as its main process last showed itself.

    `state` is alive, late after two missed beats, unknown after three: it may run or not.
    """

    part: str
    host: str
    pid: int
    workers: int
    started_at: datetime
    beat_at: datetime
    age_s: float
    state: State

    @property
    def late_at(self) -> datetime:
        return self.beat_at + 2 * settings.HEARTBEAT_INTERVAL

    @property
    def unknown_at(self) -> datetime:
        return self.beat_at + 3 * settings.HEARTBEAT_INTERVAL


@dataclass(frozen=True, slots=True)
class Queue:
    """The bells of one kind of cluster: waiting for a worker, and taken by one."""

    cluster: ClusterName
    waiting: int
    taken: int
    oldest_waiting_s: float | None


def clusters() -> list[Cluster]:
    """Return every cluster with a heartbeat row, by part, host and process."""
    now = database_now()
    rows = Heartbeat.objects.order_by("part", "host", "pid")
    return [_cluster(row, now) for row in rows]


def queues() -> list[Queue]:
    """Return the bells of each kind of cluster, those without any included."""
    now = database_now()
    ready = Q(lock__lte=now)
    rows = OrmQ.objects.values("key").annotate(
        waiting=Count("pk", filter=ready),
        taken=Count("pk", filter=~ready),
        oldest_at=Min("lock", filter=ready),
    )
    by_cluster = {row["key"]: row for row in rows}
    return [_queue(cluster, by_cluster.get(cluster), now) for cluster in CLUSTERS]


def web_processes() -> list[WebProcess]:
    """Return the web servers that have shown themselves within three intervals."""
    since = database_now() - 3 * settings.HEARTBEAT_INTERVAL
    return list(WebProcess.objects.filter(beat_at__gte=since).order_by("host", "pid"))


def oldest_bell_s(cluster: ClusterName) -> float:
    """Return how many seconds the bell that has waited longest has waited, 0 if none waits."""
    now = database_now()
    bells = OrmQ.objects.filter(key=cluster, lock__lte=now)
    oldest_at = bells.aggregate(at=Min("lock"))["at"]
    return (now - oldest_at).total_seconds() if oldest_at else 0.0


def is_alive(cluster: ClusterName) -> bool:
    """Return whether at least one cluster of this kind has beaten within three intervals."""
    since = database_now() - 3 * settings.HEARTBEAT_INTERVAL
    return Heartbeat.objects.filter(part=cluster, beat_at__gte=since, workers__gt=0).exists()


def require_alive(cluster: ClusterName) -> None:
    """Pass when a cluster of this kind is alive.

    :raises Unavailable: when none is; the sentence says how to start one.
    """
    if not is_alive(cluster):
        raise Unavailable(
            f"No worker of the '{cluster}' cluster is running, so nothing would be done. "
            f"Start one with `manage.py cluster {cluster}`, then try again.",
            cluster=cluster,
        )


def _cluster(row: Heartbeat, now: datetime) -> Cluster:
    age = now - row.beat_at
    state: State = "alive"
    if age > 3 * settings.HEARTBEAT_INTERVAL:
        state = "unknown"
    elif age > 2 * settings.HEARTBEAT_INTERVAL:
        state = "late"
    return Cluster(
        part=row.part,
        host=row.host,
        pid=row.pid,
        workers=row.workers,
        started_at=row.started_at,
        beat_at=row.beat_at,
        age_s=max(age.total_seconds(), 0.0),
        state=state,
    )


def _queue(cluster: ClusterName, row: dict[str, object] | None, now: datetime) -> Queue:
    if row is None:
        return Queue(cluster, waiting=0, taken=0, oldest_waiting_s=None)
    oldest_at = row["oldest_at"]
    return Queue(
        cluster,
        waiting=int(str(row["waiting"])),
        taken=int(str(row["taken"])),
        oldest_waiting_s=(now - oldest_at).total_seconds()
        if isinstance(oldest_at, datetime)
        else None,
    )
