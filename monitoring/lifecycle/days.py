"""Reckon what business days came to, from their runs and polls."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db import connection

FORGET_SQL = """
    DELETE FROM batch_performance_summary AS s
     WHERE s.business_date = ANY(%(days)s) AND s.batch_code <> ''
       AND NOT EXISTS (SELECT FROM batch_execution_logs AS r
                        WHERE r.business_date = s.business_date AND r.batch_code = s.batch_code)
"""
RUNS_SQL = """
    INSERT INTO batch_performance_summary (
           business_date, batch_code, total_runs, successful_runs, failed_runs, restarts,
           total_records, records_in_error, total_duration_seconds, avg_duration_seconds,
           min_duration_seconds, max_duration_seconds, avg_rps, first_start_time, last_end_time,
           updated_at)
    SELECT business_date, coalesce(batch_code, ''), count(*),
           count(*) FILTER (WHERE state = 'complete'),
           count(*) FILTER (WHERE state = 'failed'),
           sum(greatest(instances - thread_count, 0)),
           sum(records_processed), sum(records_in_error),
           coalesce(sum(duration_seconds), 0), round(avg(duration_seconds), 1),
           min(duration_seconds), max(duration_seconds),
           round(sum(records_processed) FILTER (WHERE duration_seconds > 0)
                 / sum(duration_seconds) FILTER (WHERE duration_seconds > 0
                                                   AND records_processed > 0), 2),
           min(start_time), max(end_time), %(at)s
      FROM batch_execution_logs
     WHERE business_date = ANY(%(days)s)
     GROUP BY GROUPING SETS ((business_date, batch_code), (business_date))
        ON CONFLICT (business_date, batch_code) DO UPDATE
       SET (total_runs, successful_runs, failed_runs, restarts, total_records, records_in_error,
            total_duration_seconds, avg_duration_seconds, min_duration_seconds,
            max_duration_seconds, avg_rps, first_start_time, last_end_time, updated_at)
         = (EXCLUDED.total_runs, EXCLUDED.successful_runs, EXCLUDED.failed_runs,
            EXCLUDED.restarts, EXCLUDED.total_records, EXCLUDED.records_in_error,
            EXCLUDED.total_duration_seconds, EXCLUDED.avg_duration_seconds,
            EXCLUDED.min_duration_seconds, EXCLUDED.max_duration_seconds, EXCLUDED.avg_rps,
            EXCLUDED.first_start_time, EXCLUDED.last_end_time, EXCLUDED.updated_at)
"""

PENDING_SQL = """
    INSERT INTO batch_performance_summary AS s (
           business_date, batch_code, total_runs, successful_runs, failed_runs, restarts,
           total_records, records_in_error, total_duration_seconds, imd_peak, imd_left, updated_at)
    VALUES (%(day)s, '', 0, 0, 0, 0, 0, 0, 0, %(pending)s, %(pending)s, %(at)s)
        ON CONFLICT (business_date, batch_code) DO UPDATE
       SET imd_peak = greatest(s.imd_peak, EXCLUDED.imd_peak), imd_left = EXCLUDED.imd_left
"""


def reckon_days(days: Iterable[date], *, at: datetime, left: Collection[date] = ()) -> None:
    """Reckon the figures of these business days anew, per batch and of the whole day.

    `left` are those of the days on which a batch may have lost its last run.
    """
    wanted = sorted(set(days))
    if not wanted:
        return
    with connection.cursor() as cursor:
        if left:
            cursor.execute(FORGET_SQL, {"days": sorted(left)})
        cursor.execute(RUNS_SQL, {"days": wanted, "at": at})


def note_pending_imd(day: date, *, pending: int, at: datetime) -> None:
    """Remember a count of pending IMDs as the last of business day `day`, and as peak if it is."""
    with connection.cursor() as cursor:
        cursor.execute(PENDING_SQL, {"day": day, "pending": pending, "at": at})
