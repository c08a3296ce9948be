"""Reckon what is usual for a batch on a day, from complete runs of comparable days before it."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.db import connection

from monitoring.rules.facts import Usual

ENOUGH = 20  # runs of the same weekday, below which all days of the class are taken
HISTORY = timedelta(days=400)  # 57 of each weekday
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# Runs that found nothing to do say nothing of a batch that has records on other days.
USUAL_SQL = """
    WITH history AS (
        SELECT wanted.batch_code, wanted.day, run.business_date, run.rps,
               run.records_processed AS records, run.duration_seconds AS took_s,
               extract(isodow FROM run.business_date) = extract(isodow FROM wanted.day)
                   AS same_weekday,
               max(run.records_processed) OVER by_batch > 0 AS has_records
          FROM unnest(%(codes)s::text[], %(days)s::date[]) AS wanted (batch_code, day)
          JOIN batch_execution_logs AS run USING (batch_code)
         WHERE run.business_date >= wanted.day - %(history_days)s
           AND run.business_date < wanted.day
           AND run.state = 'complete' AND run.duration_seconds > 0
           AND (extract(month FROM run.business_date)
                <> extract(month FROM run.business_date + 1))
             = (extract(month FROM wanted.day) <> extract(month FROM wanted.day + 1))
        WINDOW by_batch AS (PARTITION BY wanted.batch_code, wanted.day)
    ), counted AS (
        SELECT *, count(*) FILTER (WHERE same_weekday)
                      OVER (PARTITION BY batch_code, day) >= %(enough)s AS by_weekday
          FROM history
         WHERE records > 0 OR NOT has_records
    )
    SELECT batch_code, day, bool_and(by_weekday), count(*), count(*) FILTER (WHERE records > 0),
           min(business_date), max(business_date),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY rps) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY records) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY took_s),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY took_s)
      FROM counted
     WHERE same_weekday OR NOT by_weekday
     GROUP BY batch_code, day
"""


def usual_runs(wanted: Collection[tuple[str, date]]) -> dict[tuple[str, date], Usual]:
    """Return what is usual for each batch code on its day; without history it is left out.

    Comparable are runs of days of the same class (month end or not) and weekday; when there are
    fewer than 20 of those, of the same class. A day's own runs never count. One query.
    """
    if not wanted:
        return {}
    asked: dict[str, Any] = {
        "codes": [code for code, _ in wanted],
        "days": [day for _, day in wanted],
        "history_days": HISTORY.days,
        "enough": ENOUGH,
    }
    with connection.cursor() as cursor:
        cursor.execute(USUAL_SQL, asked)
        return {(row[0], row[1]): _usual(row) for row in cursor.fetchall()}


def _usual(row: tuple[Any, ...]) -> Usual:
    _, day, by_weekday, runs, with_records, first, last, rps, records, shortest_s, longest_s = row
    return Usual(
        runs=runs,
        runs_with_records=with_records,
        days=_words(day, by_weekday=by_weekday),
        first_date=first,
        last_date=last,
        median_rps=rps,
        p10_records=records,
        p10_duration_s=shortest_s,
        p95_duration_s=longest_s,
    )


def _words(day: date, *, by_weekday: bool) -> str:
    is_month_end = (day + timedelta(days=1)).month != day.month
    days = WEEKDAYS[day.weekday()] if by_weekday else "all weekdays"
    return f"{'month ends' if is_month_end else 'ordinary days'}, {days}"
