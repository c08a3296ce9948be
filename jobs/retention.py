"""Keep what a site needs and no more: items for weeks, rows for years, daily figures for ever."""

from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import gettext_lazy as _

from batchops.cluster import bells, load
from batchops.cluster.cleaning import Batch, Cleaned, Kept, clean_one_slice, go_through
from batchops.cluster.ticks import Tick, register
from jobs import lifecycle, queries, registry
from jobs.registry import JobType
from jobs.start import KEY_LIFE

BELL = "jobs.tasks.remove_old"
LOCK = "jobs.retention"
EVERY = timedelta(minutes=5)
ROWS_KEPT = timedelta(days=3 * 365)
# Of schedules' due times and of what django-q2 keeps of calls that failed.
RECORDS_KEPT = timedelta(days=60)


def register_ticks() -> None:
    """Let the wrapper of a watch cluster ring for the clean-up every few minutes."""
    register(Tick("jobs.retention", "watch", EVERY, ring))


def ring() -> None:
    """Ring for one slice of cleaning up."""
    bells.ring(BELL, cluster="watch")


def remove_old() -> None:
    """Clean up for one slice, and ring for the next if something is left; one at a time."""
    clean_one_slice(LOCK, clean_up, ring=ring)


def clean_up(at: datetime, *, for_s: float) -> Cleaned:
    """Remove what is too old at `at`, batch by batch."""
    return go_through(_batches(at), for_s=for_s)


def kept() -> list[Kept]:
    """Return how long what jobs leave is kept, and how old the oldest of it is."""
    oldest = queries.oldest_kept([each.name for each in _types()])
    items_kept = max([JobType.items_kept, *(each.items_kept for each in _types())])
    return [
        Kept(_("Items of ended jobs, at most"), items_kept, oldest.items_at),
        Kept(_("Jobs with their events and summaries"), ROWS_KEPT, oldest.job_at),
        Kept(_("Due times of schedules"), RECORDS_KEPT, oldest.slot_at),
        Kept(_("Samples of what waits for workers"), load.KEPT, oldest.sample_at),
        Kept(_("Daily figures of jobs"), None, oldest.day),
    ]


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
    types = _types()
    known = [each.name for each in types]
    return [
        *(partial(lifecycle.expire_items, before=at - t.items_kept, of=t.name) for t in types),
        partial(lifecycle.expire_items, before=at - JobType.items_kept, but=known),
    ]


def _lose_items(expire: Batch) -> Batch:
    """Return a batch that goes on with jobs begun before it begins with others."""
    return lambda: lifecycle.remove_items() or expire()


def _types() -> list[JobType]:
    return [registry.find(name) for name in registry.names()]
