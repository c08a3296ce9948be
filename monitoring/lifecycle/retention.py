"""Remove what is kept no longer, a little at a time, waiting for nobody and nobody for it."""

from datetime import date, datetime
from typing import Any

from django.db import connection

from monitoring.queries import last_good_poll
from monitoring.states import OPEN, RunState

ROWS_A_BATCH = 2000
# What happened to them stays as long as somebody may have to see to them.
UNSETTLED = [*OPEN, RunState.FAILED, RunState.UNKNOWN]

# ARRAY has the rows chosen once; of IN the planner may ask again for each row, beyond the limit.
# Events are not locked: nobody changes one, and the application has no right to, which a lock asks.
EVENTS_SQL = """
    DELETE FROM monitoring_runevent WHERE id = ANY(ARRAY(
        SELECT e.id FROM monitoring_runevent AS e JOIN batch_execution_logs AS r ON r.id = e.run_id
         WHERE e.source_at < %s AND r.state <> ALL(%s)
         ORDER BY e.source_at LIMIT %s))
"""
THREADS_SQL = """
    DELETE FROM monitoring_runthread WHERE id = ANY(ARRAY(
        SELECT t.id FROM monitoring_runthread AS t JOIN batch_execution_logs AS r ON r.id = t.run_id
         WHERE t.seen_at < %s AND r.state <> ALL(%s)
         ORDER BY t.seen_at LIMIT %s FOR UPDATE OF t SKIP LOCKED))
"""
SAMPLES_SQL = """
    DELETE FROM monitoring_runsample WHERE id = ANY(ARRAY(
        SELECT id FROM monitoring_runsample WHERE at < %s
         ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
SUBMISSIONS_SQL = """
    DELETE FROM monitoring_submission WHERE id = ANY(ARRAY(
        SELECT id FROM monitoring_submission WHERE over_at < %s
         ORDER BY over_at LIMIT %s FOR UPDATE SKIP LOCKED))
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

POLLS_SQL = """
    WITH old AS MATERIALIZED (
        SELECT p.id FROM monitoring_poll AS p
         WHERE p.started_at < %s AND p.id <> %s
           AND NOT EXISTS (SELECT FROM monitoring_runsample AS s WHERE s.poll_id = p.id)
         ORDER BY p.started_at LIMIT %s FOR UPDATE SKIP LOCKED),
    counts AS (DELETE FROM monitoring_imdcount WHERE poll_id IN (SELECT id FROM old)),
    queue AS (DELETE FROM monitoring_submissionsample WHERE poll_id IN (SELECT id FROM old))
    DELETE FROM monitoring_poll WHERE id IN (SELECT id FROM old)
"""


def remove_events(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove events of runs that are settled, older by CC&B's clock; return how many."""
    return removed(EVENTS_SQL, [before, UNSETTLED, limit])


def remove_threads(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove threads of settled runs, last seen to change before a moment; return how many."""
    return removed(THREADS_SQL, [before, UNSETTLED, limit])


def remove_samples(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove samples older by CC&B's clock; return how many."""
    return removed(SAMPLES_SQL, [before, limit])


def remove_submissions(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove submissions that were over before a moment of CC&B's clock; return how many."""
    return removed(SUBMISSIONS_SQL, [before, limit])


def remove_runs(*, before: date, limit: int = ROWS_A_BATCH) -> int:
    """Remove runs of business days before `before`, with all about them; return how many.

    What the days came to (batch_performance_summary) stays.
    """
    return removed(RUNS_SQL, [before, limit])


def remove_polls(*, before: datetime, limit: int = ROWS_A_BATCH) -> int:
    """Remove polls that began before a moment of our clock, with their counts of IMDs.

    The last good one stays, and those of which samples are still there. Return how many.
    """
    last = last_good_poll()
    return removed(POLLS_SQL, [before, last.pk if last else 0, limit])


def removed(sql: str, binds: list[Any]) -> int:
    """Carry out a removal; return how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute(sql, binds)
        return int(cursor.rowcount)
