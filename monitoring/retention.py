"""Keep runs in detail for weeks, one row a run for years, and what days came to for ever."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from batchops.calendar import business_date
from batchops.cluster import bells
from batchops.cluster.cleaning import Batch, Cleaned, Kept, clean_one_slice, go_through
from monitoring import lifecycle, queries

BELL = "monitoring.tasks.remove_old"
LOCK = "monitoring.retention"
EVERY = timedelta(minutes=5)
RUNS_KEPT = timedelta(days=3 * 365)
# So that 90 days can be replayed.
SAMPLES_KEPT = timedelta(days=100)
REPLAYS_KEPT = timedelta(days=30)
OLDEST_SQL = """
    SELECT (SELECT min(source_at) FROM monitoring_runevent),
           (SELECT min(at) FROM monitoring_runsample),
           (SELECT min(started_at) FROM monitoring_poll),
           (SELECT min(asked_at) FROM monitoring_replay),
           (SELECT min(business_date) FROM batch_execution_logs),
           (SELECT min(business_date) FROM batch_performance_summary)
"""


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
    """Return how long what is known of CC&B is kept, and how old the oldest of it is."""
    in_detail = queries.kept_in_detail(queries.monitoring_config())
    event_at, sample_at, poll_at, replay_at, run_day, figures_day = _oldest()
    return [
        Kept(_("Events and threads of runs"), in_detail, event_at),
        Kept(_("Samples and forecasts"), SAMPLES_KEPT, sample_at),
        Kept(_("Polls"), SAMPLES_KEPT, poll_at),
        Kept(_("Replays of rules"), REPLAYS_KEPT, replay_at),
        Kept(_("Runs, one row each"), RUNS_KEPT, run_day),
        Kept(_("Daily figures of steps"), None, figures_day),
    ]


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


def _oldest() -> tuple[Any, ...]:
    """Return the oldest moment or day of each kind of rows, None without a row, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_SQL)
        oldest: tuple[Any, ...] = cursor.fetchone()
    return oldest
