"""Reckon what is usual for a batch on a day, from complete runs of comparable days before it."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from django.db import connection

from monitoring.rules.facts import Usual

ENOUGH = 20  # runs of the same weekday, below which all days of the class are taken
HISTORY = timedelta(days=400)  # 57 of each weekday
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# Runs that found nothing to do say nothing of a batch that has records on other days. OFFSET 0 has
# each day looked up in the index: the planner would rather read all runs there ever were.
USUAL_SQL = """
    WITH calendar AS (
        SELECT wanted.batch_code, wanted.day, each.past,
               CASE WHEN extract(month FROM past) <> extract(month FROM past + 1) THEN 'month ends'
                    WHEN past IN (SELECT unnest(holidays) FROM batch_monitoring_config)
                    THEN 'holidays' ELSE 'ordinary days' END AS kind
          FROM unnest(%(codes)s::text[], %(days)s::date[]) AS wanted (batch_code, day)
         CROSS JOIN LATERAL (
               SELECT wanted.day - back
                 FROM generate_series(0, %(history_days)s, %(every)s) AS back
               ) AS each (past)
    ),
    history AS (
        SELECT batch_code, day, kind, run.business_date, run.rps,
               run.records_processed AS records, run.duration_seconds AS took_s,
               max(run.records_processed) OVER by_batch > 0 AS has_records
          FROM calendar AS own
          JOIN calendar AS other USING (batch_code, day, kind)
         CROSS JOIN LATERAL (
               SELECT log.business_date, log.rps, log.records_processed, log.duration_seconds
                 FROM batch_execution_logs AS log
                WHERE log.batch_code = own.batch_code
                  AND log.business_date = other.past
                  AND log.state = 'complete' AND log.duration_seconds > 0
               OFFSET 0
               ) AS run
         WHERE own.past = day AND other.past < day
        WINDOW by_batch AS (PARTITION BY batch_code, day)
    )
    SELECT batch_code, day, kind, count(*), count(*) FILTER (WHERE records > 0),
           min(business_date), max(business_date),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records) FILTER (WHERE records > 0),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY rps) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY records) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY took_s),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY took_s)
      FROM history
     WHERE records > 0 OR NOT has_records
     GROUP BY batch_code, day, kind
"""
Wanted = tuple[str, date]


def usual_runs(wanted: Collection[Wanted]) -> dict[Wanted, Usual]:
    """Return what is usual for each batch code on its day; without history it is left out.

    Comparable are runs of days of the same class (ordinary, month end, holiday) and weekday; when
    there are fewer than 20 of those, of the same class. A day's own runs never count. At most two
    queries.
    """
    by_weekday = _read(wanted, every=7)
    enough = {each: usual for each, usual in by_weekday.items() if usual.runs >= ENOUGH}
    return enough | _read([each for each in wanted if each not in enough], every=1)


def usual_records(codes: Iterable[str], day: date) -> dict[str, float]:
    """Return the median records of comparable runs, of the batches that have 20 of them."""
    usual = usual_runs([(code, day) for code in codes])
    return {
        code: found.median_records
        for (code, _), found in usual.items()
        if found.median_records and found.runs_with_records >= ENOUGH
    }


def _read(wanted: Collection[Wanted], *, every: int) -> dict[Wanted, Usual]:
    """Return what is usual from each day, or (`every` 7) each same weekday before."""
    if not wanted:
        return {}
    asked: dict[str, Any] = {
        "codes": [code for code, _ in wanted],
        "days": [day for _, day in wanted],
        "history_days": HISTORY.days,
        "every": every,
    }
    with connection.cursor() as cursor:
        cursor.execute(USUAL_SQL, asked)
        return {(row[0], row[1]): _usual(row, every) for row in cursor.fetchall()}


def _usual(row: tuple[Any, ...], every: int) -> Usual:
    _, day, kind, runs, with_records, first, last, *quantiles = row
    median_records, rps, records, shortest_s, longest_s = quantiles
    return Usual(
        runs=runs,
        runs_with_records=with_records,
        days=f"{kind}, {WEEKDAYS[day.weekday()] if every > 1 else 'all weekdays'}",
        first_date=first,
        last_date=last,
        median_records=median_records,
        median_rps=rps,
        p10_records=records,
        p10_duration_s=shortest_s,
        p95_duration_s=longest_s,
    )
