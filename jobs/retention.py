"""Keep what a site needs and no more: items for weeks, rows for years, daily figures for ever."""

from datetime import datetime, timedelta
from functools import partial

from batchops.cluster import bells
from batchops.cluster.cleaning import SLICE_S, Batch, go_through
from batchops.cluster.ticks import Tick, register
from batchops.db import database_now, session_lock
from jobs import lifecycle, registry
from jobs.registry import JobType
from jobs.start import KEY_LIFE

BELL = "jobs.tasks.remove_old"
LOCK = "jobs.retention"
EVERY = timedelta(minutes=5)
ROWS_KEPT = timedelta(days=3 * 365)
# Of schedules' due times and of what django-q2 keeps of calls that failed.
RECORDS_KEPT = timedelta(days=60)


def register_duties() -> None:
    """Let the wrapper of a watch cluster ring for the clean-up every few minutes."""
    register(Tick("jobs.retention", "watch", EVERY, ring))


def ring() -> None:
    """Ring for one slice of cleaning up."""
    bells.ring(BELL, cluster="watch")


def remove_old() -> None:
    """Clean up for one slice, and ring for the next if something is left; one at a time."""
    with session_lock(LOCK) as held:
        if held and not clean_up(database_now(), for_s=SLICE_S):
            ring()


def clean_up(at: datetime, *, for_s: float) -> bool:
    """Remove what is too old at `at`, batch by batch; say whether all of it is gone."""
    return go_through(_batches(at), for_s=for_s)


def _batches(at: datetime) -> list[Batch]:
    return [
        *(_lose_items(expire) for expire in _expiries(at)),
        partial(lifecycle.remove_jobs, before=at - ROWS_KEPT),
        partial(lifecycle.remove_start_keys, before=at - KEY_LIFE),
        partial(lifecycle.remove_slots, before=at - RECORDS_KEPT),
        partial(bells.forget_failures, before=at - RECORDS_KEPT),
    ]


def _expiries(at: datetime) -> list[Batch]:
    """Return what gives up old items: of each type, and of types that are there no more."""
    types = [registry.find(name) for name in registry.names()]
    known = [each.name for each in types]
    return [
        *(partial(lifecycle.expire_items, before=at - t.items_kept, of=t.name) for t in types),
        partial(lifecycle.expire_items, before=at - JobType.items_kept, but=known),
    ]


def _lose_items(expire: Batch) -> Batch:
    """Return a batch that goes on with jobs begun before it begins with others."""
    return lambda: lifecycle.remove_items() or expire()
