"""Say what is usual for a step, from comparable days; nothing where there are too few."""

from datetime import date, timedelta
from typing import Any

from django.db import connection

ENOUGH = 20  # comparable runs, below which nothing is called usual
HISTORY = timedelta(days=400)  # 57 of each weekday, so that 20 comparable ones are found
USUAL_SQL = """
    SELECT batch_code,
           count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records_processed) AS median,
           count(*) FILTER (WHERE same_weekday) AS n_weekday,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY records_processed)
               FILTER (WHERE same_weekday) AS median_weekday
      FROM (SELECT batch_code, records_processed,
                   extract(isodow FROM business_date) = %(weekday)s AS same_weekday
              FROM batch_execution_logs
             WHERE batch_code = ANY(%(codes)s)
               AND business_date >= %(since)s AND business_date < %(day)s
               AND state = 'complete' AND records_processed > 0
               AND (extract(month FROM business_date)
                    <> extract(month FROM business_date + 1)) = %(month_end)s) AS comparable
     GROUP BY batch_code
"""


def usual_records(codes: list[str], day: date) -> dict[str, float]:
    """Return the median records of comparable runs, for the batches that have enough of them.

    Comparable are complete runs of days of the same class (month end or not) and weekday; when
    there are fewer than 20 of those, of the same class.
    """
    asked: dict[str, Any] = {
        "codes": codes,
        "day": day,
        "since": day - HISTORY,
        "weekday": day.isoweekday(),
        "month_end": (day + timedelta(days=1)).month != day.month,
    }
    with connection.cursor() as cursor:
        cursor.execute(USUAL_SQL, asked)
        rows = cursor.fetchall()
    return {
        code: weekday_median if n_weekday >= ENOUGH else median
        for code, n, median, n_weekday, weekday_median in rows
        if n >= ENOUGH
    }
