"""Look each minute at what waits for the workers of jobs, so that health can show its course."""

from datetime import timedelta

from batchops.cluster import load
from batchops.cluster import queries as clusters
from batchops.cluster.ticks import Tick, register
from batchops.db import database_now
from batchops.models import LoadSample
from jobs import queries

EVERY = timedelta(minutes=1)


def register_ticks() -> None:
    """Let the wrapper of a watch cluster take a sample every minute."""
    register(Tick("jobs.sampling", "watch", EVERY, sample))


def sample() -> None:
    """Keep what there is to do for the workers of jobs, how many there are, how many are busy."""
    at, waiting = database_now(), queries.waiting()
    living = [one for one in clusters.clusters() if one.part == "jobs" and one.state != "unknown"]
    load.note(
        LoadSample(
            at=at.replace(second=0, microsecond=0),
            items_waiting=waiting.items,
            jobs_waiting=waiting.pending_jobs,
            jobs_running=waiting.open_jobs - waiting.pending_jobs,
            workers_busy=queries.busy_workers(),
            workers=sum(one.workers for one in living),
        )
    )
    load.forget(before=at - load.KEPT)
