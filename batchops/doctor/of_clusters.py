"""Look at what runs: clusters, what waits for them, web servers."""

from collections.abc import Sequence

from django.conf import settings

from batchops.cluster import queries
from batchops.cluster.ticks import CLUSTERS, ClusterName
from batchops.doctor.findings import Found, fail, ok, span, warn


def look_at_clusters() -> Sequence[Found]:
    """Say of each kind of cluster whether one is alive."""
    every = queries.clusters()
    return [_cluster(name, [each for each in every if each.part == name]) for name in CLUSTERS]


def look_at_bells() -> Sequence[Found]:
    """Say how long the oldest bell waits for a worker."""
    return [_queue(queue) for queue in queries.queues()]


def look_at_web() -> Sequence[Found]:
    """Say which web servers show themselves."""
    every = queries.web_processes()
    if not every:
        remedy = "Start one with `manage.py web`, if this site is to have a console."
        return [warn("web servers", "None shows itself.", remedy)]
    sockets = sum(each.sockets for each in every)
    return [
        ok("web servers", f"{len(every)}, with {sockets} sockets: {', '.join(map(str, every))}.")
    ]


def _cluster(name: ClusterName, every: Sequence[queries.Cluster]) -> Found:
    subject = f"cluster {name}"
    alive = [each for each in every if each.state != "unknown" and each.workers]
    if not alive:
        last = min((each.age_s for each in every), default=None)
        seen = "None is alive" + (f"; the last beat {span(last)} ago." if last else ".")
        return fail(subject, seen, f"Start one with `manage.py cluster {name}`.")
    named = ", ".join(f"{each.host}:{each.pid} ({each.workers} workers)" for each in alive)
    late = [each for each in every if each.state != "alive"]
    if late:
        seen = f"{len(alive)} beat: {named}; {len(late)} are late, {late[0].host}:{late[0].pid}."
        return warn(subject, seen, "Look at that host: the process hangs, or the line is bad.")
    return ok(subject, f"{len(alive)} alive: {named}.")


def _queue(queue: queries.Queue) -> Found:
    subject, waits_s = f"bells of {queue.cluster}", queue.oldest_waiting_s or 0.0
    seen = f"{queue.waiting} wait, the oldest for {span(waits_s)}; {queue.taken} are taken."
    limit_s = settings.CLUSTER_WEDGED_AFTER.total_seconds()
    remedy = f"Start more of `manage.py cluster {queue.cluster}`, or end what keeps its workers."
    if waits_s > 10 * limit_s:
        return fail(subject, seen, remedy)
    return warn(subject, seen, remedy) if waits_s > limit_s else ok(subject, seen)
