"""Push what health shows: which clusters live and what waits for them."""

from typing import Any

from batchops.cluster import queries
from batchops.cluster.ticks import CLUSTERS
from batchops.db import database_now
from batchops.live.topics import Topic


def read_health(key: str) -> dict[str, Any]:
    """Return the clusters, the bells of each kind, and which kinds have a living cluster.

    A frame comes with each heartbeat; `minute` differs once a minute, for what changes slowly.
    """
    at = database_now()
    return {
        "at": at.isoformat(),
        "minute": at.replace(second=0, microsecond=0).isoformat(),
        "alive": {cluster: queries.is_alive(cluster) for cluster in CLUSTERS},
        "clusters": [_cluster(each) for each in queries.clusters()],
        "queues": [_queue(each) for each in queries.queues()],
    }


def _cluster(cluster: queries.Cluster) -> dict[str, Any]:
    return {
        "part": cluster.part,
        "host": cluster.host,
        "pid": cluster.pid,
        "state": cluster.state,
        "workers": cluster.workers,
        "startedAt": cluster.started_at.isoformat(),
        "beatAt": cluster.beat_at.isoformat(),
        "ageS": round(cluster.age_s, 1),
    }


def _queue(queue: queries.Queue) -> dict[str, Any]:
    oldest_s = queue.oldest_waiting_s
    return {
        "cluster": queue.cluster,
        "waiting": queue.waiting,
        "taken": queue.taken,
        "oldestWaitingS": None if oldest_s is None else round(oldest_s, 1),
    }


HEALTH = Topic(name="health", permission="batchops.view_health", read=read_health)
