"""Remove what is kept no longer, a little at a time, waiting for nobody and nobody for it."""

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from monitoring.models import Poll
from monitoring.queries import last_good_poll
from monitoring.states import OPEN, RunState

ROWS_A_BATCH = 2000
# Their events say whether they are ours (monitoring.queries.watched), however old they are.
UNSETTLED = [*OPEN, RunState.FAILED, RunState.UNKNOWN]

EVENTS_SQL = """
    DELETE FROM monitoring_runevent WHERE id IN (
        SELECT e.id FROM monitoring_runevent AS e JOIN batch_execution_logs AS r ON r.id = e.run_id
         WHERE e.source_at < %s AND r.state <> ALL(%s)
         ORDER BY e.source_at LIMIT %s FOR UPDATE OF e SKIP LOCKED)
"""
THREADS_SQL = """
    DELETE FROM monitoring_runthread WHERE id IN (
        SELECT t.id FROM monitoring_runthread AS t JOIN batch_execution_logs AS r ON r.id = t.run_id
         WHERE t.seen_at < %s AND r.state <> ALL(%s)
         ORDER BY t.seen_at LIMIT %s FOR UPDATE OF t SKIP LOCKED)
"""
SAMPLES_SQL = """
    DELETE FROM monitoring_runsample WHERE id IN (
        SELECT id FROM monitoring_runsample WHERE at < %s
         ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
SUBMISSIONS_SQL = """
    DELETE FROM monitoring_submission WHERE id IN (
        SELECT id FROM monitoring_submission WHERE over_at < %s
         ORDER BY over_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
# Whole days only, so that no day's figures are ever reckoned from a part of its runs.
RUNS_SQL = """
    WITH old AS MATERIALIZED (
        SELECT id FROM batch_execution_logs WHERE business_date < %s
         ORDER BY business_date LIMIT %s FOR UPDATE SKIP LOCKED),
    events AS (DELETE FROM monitoring_runevent WHERE run_id IN (SELECT id FROM old)),
    threads AS (DELETE FROM monitoring_runthread WHERE run_id IN (SELECT id FROM old)),
    samples AS (DELETE FROM monitoring_runsample WHERE run_id IN (SELECT id FROM old))
    DELETE FROM batch_execution_logs WHERE id IN (SELECT id FROM old)
"""


def remove_events(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove events of runs that are settled, older by CC&B's clock; return how many."""
    return _removed(EVENTS_SQL, [before, UNSETTLED, limit])


def remove_threads(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove threads of settled runs, last seen to change before a moment; return how many."""
    return _removed(THREADS_SQL, [before, UNSETTLED, limit])


def remove_samples(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove samples older by CC&B's clock; return how many."""
    return _removed(SAMPLES_SQL, [before, limit])


def remove_submissions(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove submissions that were over before a moment of CC&B's clock; return how many."""
    return _removed(SUBMISSIONS_SQL, [before, limit])


def remove_runs(*, before: date, limit: int = ROWS_A_BATCH) -> int:
    """Remove runs of business days before `before`, with all about them; return how many.

    What the days came to (batch_performance_summary) stays.
    """
    return _removed(RUNS_SQL, [before, limit])


@transaction.atomic
def remove_polls(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove polls that began before a moment of our clock, but for the last good one."""
    old = Poll.objects.filter(started_at__lt=before)
    if last := last_good_poll():
        old = old.exclude(pk=last.pk)
    chosen = old.order_by("started_at").values_list("pk", flat=True)[:limit]
    removed, _ = Poll.objects.filter(pk__in=list(chosen)).delete()
    return removed


def _removed(sql: str, binds: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, binds)
        return int(cursor.rowcount)
