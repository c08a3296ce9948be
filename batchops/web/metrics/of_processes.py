"""Tell of clusters, bells, web servers and the database below them all."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import Metric

from batchops import __version__
from batchops.cluster import queries
from batchops.cluster.ticks import CLUSTERS
from batchops.sizes import database
from batchops.web.metrics.families import figure, gauge


def read(at: datetime) -> Iterator[Metric]:
    """Yield the metrics of what runs."""
    yield gauge("build_info", "The release that answers.", ["version"], [((__version__,), 1)])
    yield from _clusters()
    yield from _bells()
    yield from _web()
    yield from _database()


def _clusters() -> Iterator[Metric]:
    alive: Counter[str] = Counter(dict.fromkeys(CLUSTERS, 0))
    workers: Counter[str] = Counter(dict.fromkeys(CLUSTERS, 0))
    for each in queries.clusters():
        if each.state != "unknown":
            alive[each.part] += 1
            workers[each.part] += each.workers
    yield gauge("clusters_alive", "Clusters that beat.", ["cluster"], _by_one(alive))
    yield gauge("workers", "Workers of the clusters that beat.", ["cluster"], _by_one(workers))


def _bells() -> Iterator[Metric]:
    found = queries.queues()
    yield gauge(
        "queue_bells", "Bells of a cluster: waiting for a worker, or taken by one.",
        ["cluster", "state"],
        [((each.cluster, "waiting"), each.waiting) for each in found]
        + [((each.cluster, "taken"), each.taken) for each in found],
    )  # fmt: skip
    yield gauge(
        "queue_oldest_bell_seconds", "How long the oldest bell has waited.", ["cluster"],
        [((each.cluster,), each.oldest_waiting_s or 0.0) for each in found],
    )  # fmt: skip


def _web() -> Iterator[Metric]:
    found = queries.web_processes()
    yield figure("web_processes", "Web servers that show themselves.", len(found))
    yield gauge(
        "web_sockets", "Open sockets of each web server.", ["process"],
        [((str(each),), each.sockets) for each in found],
    )  # fmt: skip
    yield gauge(
        "web_resident_bytes", "Memory of each web server.", ["process"],
        [((str(each),), each.resident_bytes) for each in found],
    )  # fmt: skip


def _database() -> Iterator[Metric]:
    held = database()
    yield figure("database_size_bytes", "Size of the database.", held.total_bytes)
    yield figure("database_connections", "Connections to the server, of anybody.", held.connected)
    yield figure("database_connections_limit", "Connections it takes from us.", held.connectable)


def _by_one(counted: Counter[str]) -> list[tuple[tuple[str], int]]:
    return [((label,), n) for label, n in counted.items()]
