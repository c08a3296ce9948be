"""Reckon what is usual for a batch on a day, from complete runs of comparable days before it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection

from monitoring import calendar
from monitoring.calendar import DayCalendar
from monitoring.models import DayKind
from monitoring.queries import monitoring_config
from monitoring.rules.facts import Usual

ENOUGH = 20  # days of the same weekday, below which all days of the class are taken
HISTORY = timedelta(days=400)  # 57 of each weekday
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")

# Runs that found nothing to do say nothing of a batch that has records on other days. OFFSET 0 has
# each day looked up in the index: the planner would rather read all runs there ever were.
USUAL_SQL = """
    WITH history AS (
        SELECT batch_code, day, run.business_date, run.rps,
               run.records_processed AS records, run.records_in_error AS errors,
               run.duration_seconds AS took_s,
               max(run.records_processed) OVER by_batch > 0 AS has_records
          FROM unnest(%(codes)s::text[], %(days)s::date[], %(pasts)s::text[])
               AS wanted (batch_code, day, pasts)
         CROSS JOIN LATERAL unnest(wanted.pasts::date[]) AS compared (past)
         CROSS JOIN LATERAL (
               SELECT log.business_date, log.rps, log.records_processed,
                      log.records_in_error, log.duration_seconds
                 FROM batch_execution_logs AS log
                WHERE log.batch_code = wanted.batch_code
                  AND log.business_date = compared.past
                  AND log.state = 'complete' AND log.duration_seconds > 0
               OFFSET 0
               ) AS run
        WINDOW by_batch AS (PARTITION BY batch_code, day)
    )
    SELECT batch_code, day, count(*), count(*) FILTER (WHERE records > 0),
           count(DISTINCT business_date),
           min(business_date), max(business_date),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records) FILTER (WHERE records > 0),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY rps) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY records) FILTER (WHERE records > 0),
           percentile_cont(0.1) WITHIN GROUP (ORDER BY took_s),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY took_s),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY errors),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY took_s)
      FROM history
     WHERE records > 0 OR NOT has_records
     GROUP BY batch_code, day
"""
Wanted = tuple[str, date]
KINDS = {
    DayKind.ORDINARY: "ordinary days",
    DayKind.MONTH_END: "month ends",
    DayKind.HOLIDAY: "holidays",
}


def usual_runs(wanted: Collection[Wanted], known: DayCalendar | None = None) -> dict[Wanted, Usual]:
    """Return what is usual for each batch code on its day; without history it is left out.

    Comparable are runs of days of the same class (ordinary, month end, holiday) and weekday; when
    there are fewer than 20 of those days, of the same class. A day's own runs never count, nor
    those of a day that a planned outage touched. At most two queries, and the calendar's if it is
    not `known`.
    """
    if not wanted:
        return {}
    known = known or calendar.day_calendar(monitoring_config())
    alike = {day: known.comparable(day, within=HISTORY) for day in {day for _, day in wanted}}
    on_weekday = {day: same_weekday(day, days) for day, days in alike.items()}
    by_weekday = _read(_in_use(wanted, on_weekday, known), known, of_weekday=True)
    enough = {each: usual for each, usual in by_weekday.items() if usual.days_counted >= ENOUGH}
    rest = [each for each in wanted if each not in enough]
    return enough | _read(_in_use(rest, alike, known), known, of_weekday=False)


def _in_use(
    wanted: Iterable[Wanted], compared: Mapping[date, list[date]], known: DayCalendar
) -> dict[Wanted, list[date]]:
    """Return the days that each one is compared with, but for those of its outages."""
    return {
        (code, day): [past for past in compared[day] if not known.is_out(code, past)]
        for code, day in wanted
    }


def usual_records(codes: Iterable[str], day: date, known: DayCalendar) -> dict[str, float]:
    """Return the median records of comparable runs, of the batches that have 20 days of them."""
    usual = usual_runs([(code, day) for code in codes], known)
    return {
        code: found.median_records
        for (code, _), found in usual.items()
        if found.median_records and found.days_counted >= ENOUGH
    }


def same_weekday(day: date, days: Iterable[date]) -> list[date]:
    """Return those of `days` that fall on the weekday of `day`."""
    return [each for each in days if each.weekday() == day.weekday()]


def days_in_words(kind: DayKind, day: date, *, of_weekday: bool) -> str:
    """Return which days are compared with `day`: ordinary days, Wednesdays."""
    return f"{KINDS[kind]}, {WEEKDAYS[day.weekday()] if of_weekday else 'all weekdays'}"


def _read(
    compared: Mapping[Wanted, list[date]], known: DayCalendar, *, of_weekday: bool
) -> dict[Wanted, Usual]:
    """Return what is usual over the days that each one is compared with."""
    rows = [(*wanted, _array(days)) for wanted, days in compared.items() if days]
    if not rows:
        return {}
    codes, days, pasts = map(list, zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(USUAL_SQL, {"codes": codes, "days": days, "pasts": pasts})
        found = cursor.fetchall()
    words = {
        day: days_in_words(known.kind_of(day), day, of_weekday=of_weekday) for _, day in compared
    }
    return {(row[0], row[1]): _usual(row, words[row[1]]) for row in found}


def _array(days: Iterable[date]) -> str:
    """Write days as PostgreSQL does: arrays of unequal lengths are no array of it."""
    return f"{{{','.join(day.isoformat() for day in days)}}}"


def _usual(row: tuple[Any, ...], days: str) -> Usual:
    _, _, runs, with_records, counted, first, last, *quantiles = row
    median_records, rps, records, shortest_s, long_s, errors, longest_s = quantiles
    return Usual(
        runs=runs,
        runs_with_records=with_records,
        days_counted=counted,
        days=days,
        first_date=first,
        last_date=last,
        median_records=median_records,
        median_rps=rps,
        p10_records=records,
        p10_duration_s=shortest_s,
        p90_duration_s=long_s,
        p90_errors=errors,
        p95_duration_s=longest_s,
    )
