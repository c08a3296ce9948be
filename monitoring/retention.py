"""Keep runs in detail for weeks, one row a run for years, and what days came to for ever."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings

from batchops.calendar import business_date
from batchops.cluster import bells
from batchops.cluster.cleaning import SLICE_S, Batch, go_through
from batchops.db import database_now, session_lock
from monitoring import lifecycle, queries

BELL = "monitoring.tasks.remove_old"
LOCK = "monitoring.retention"
EVERY = timedelta(minutes=5)
RUNS_KEPT = timedelta(days=3 * 365)
# So that 90 days can be replayed.
SAMPLES_KEPT = timedelta(days=100)
REPLAYS_KEPT = timedelta(days=30)


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
    config = queries.monitoring_config()
    clock = queries.freshness(at).source_now
    in_detail = clock - timedelta(days=config.log_retention_days)
    last_day = business_date(clock - RUNS_KEPT, zone=settings.SITE_ZONE, day_start=config.day_start)
    return [
        partial(lifecycle.remove_events, before=in_detail),
        partial(lifecycle.remove_threads, before=in_detail),
        partial(lifecycle.remove_submissions, before=in_detail),
        partial(lifecycle.remove_samples, before=clock - SAMPLES_KEPT),
        partial(lifecycle.remove_forecasts, before=clock - SAMPLES_KEPT),
        partial(lifecycle.remove_polls, before=at - SAMPLES_KEPT),
        partial(lifecycle.remove_replays, before=at - REPLAYS_KEPT),
        partial(lifecycle.remove_runs, before=last_day),
    ]
