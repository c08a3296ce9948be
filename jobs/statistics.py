"""Count what the jobs of each business day came to, from what happened to them."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from batchops.calendar import business_date, business_day, site_day_start
from batchops.cluster import bells
from batchops.cluster.ticks import Tick, register
from batchops.db import allow_statements, database_now, session_lock
from batchops.live.publish import publish
from jobs import queries
from jobs.models import SECONDS_BOUNDS

BELL = "jobs.tasks.count_days"
LOCK = "jobs.statistics"
EVERY = timedelta(minutes=1)
COUNT_WITHIN_S = 60
DAYS_A_TURN = 31

# From events and summaries, which are only ever added: counting a day again gives the same, and a
# job that is retried leaves the day of its first end as it was. The items of an end are those of
# its generation: of the succeeded ones, those that earlier generations had are taken off.
COUNT_SQL = """
    WITH day AS (
        SELECT * FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[])
            AS d (date, begins_at, ends_at)),
    happened AS (
        SELECT day.date, j.type, e.verb, e.after AS state,
               CASE WHEN e.verb = 'finish' THEN extract(epoch FROM e.at - began.at) END AS seconds,
               greatest(0, own.succeeded - coalesce(earlier.succeeded, 0)) AS items_succeeded,
               own.failed AS items_failed
          FROM day
          JOIN jobs_jobevent AS e
            ON e.at >= day.begins_at AND e.at < day.ends_at AND e.verb IN ('start', 'finish')
          JOIN jobs_job AS j ON j.id = e.job_id
          LEFT JOIN LATERAL (
               SELECT max(b.at) AS at FROM jobs_jobevent AS b
                WHERE b.job_id = e.job_id AND b.generation = e.generation AND b.verb = 'start')
               AS began ON e.verb = 'finish'
          LEFT JOIN jobs_runsummary AS own
            ON e.verb = 'finish' AND own.job_id = e.job_id AND own.generation = e.generation
          LEFT JOIN LATERAL (
               SELECT s.succeeded FROM jobs_runsummary AS s
                WHERE s.job_id = e.job_id AND s.generation < e.generation
                ORDER BY s.generation DESC LIMIT 1) AS earlier ON e.verb = 'finish')
    INSERT INTO jobs_jobday AS kept (
           date, type, started, completed, completed_with_errors, failed, cancelled,
           items_succeeded, items_failed, seconds_sum, seconds_p50, seconds_p95, seconds_within)
    SELECT date, coalesce(type, ''),
           count(*) FILTER (WHERE verb = 'start'),
           count(*) FILTER (WHERE verb = 'finish' AND state = 'completed'),
           count(*) FILTER (WHERE verb = 'finish' AND state = 'completed_with_errors'),
           count(*) FILTER (WHERE verb = 'finish' AND state = 'failed'),
           count(*) FILTER (WHERE verb = 'finish' AND state = 'cancelled'),
           coalesce(sum(items_succeeded), 0), coalesce(sum(items_failed), 0),
           coalesce(sum(seconds), 0),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds),
           (SELECT array_agg(n ORDER BY bound) FROM unnest(%s::float8[]) AS bound,
                   LATERAL (SELECT count(*) AS n FROM unnest(array_agg(seconds)) AS s
                             WHERE s <= bound) AS within)
      FROM happened
     GROUP BY GROUPING SETS ((date, type), (date))
        ON CONFLICT (date, type) DO UPDATE
       SET started = excluded.started, completed = excluded.completed,
           completed_with_errors = excluded.completed_with_errors, failed = excluded.failed,
           cancelled = excluded.cancelled, items_succeeded = excluded.items_succeeded,
           items_failed = excluded.items_failed, seconds_sum = excluded.seconds_sum,
           seconds_p50 = excluded.seconds_p50, seconds_p95 = excluded.seconds_p95,
           seconds_within = excluded.seconds_within
     WHERE (kept.started, kept.completed, kept.completed_with_errors, kept.failed, kept.cancelled,
            kept.items_succeeded, kept.items_failed, kept.seconds_sum, kept.seconds_within)
           IS DISTINCT FROM
           (excluded.started, excluded.completed, excluded.completed_with_errors, excluded.failed,
            excluded.cancelled, excluded.items_succeeded, excluded.items_failed,
            excluded.seconds_sum, excluded.seconds_within)
 RETURNING kept.date
"""


def register_ticks() -> None:
    """Let the wrapper of a watch cluster ring every minute for the day's figures."""
    register(Tick("jobs.statistics", "watch", EVERY, ring))


def ring() -> None:
    """Ring for a count."""
    bells.ring(BELL, cluster="watch")


def count_days() -> None:
    """Count the days that may have changed: yesterday, today, and those since the last count."""
    with session_lock(LOCK) as held:
        if held:
            count_until(database_now())


def count_until(at: datetime) -> int:
    """Count the days up to the one of `at`; return how many figures changed.

    The first count goes back to the first job; so many days at a time that none takes long.
    """
    today = site_day(at)
    first, changed = _first_to_count(today), 0
    while first <= today:
        last = min(today, first + timedelta(days=DAYS_A_TURN - 1))
        changed += _count(first, last)
        first = last + timedelta(days=1)
    return changed


def site_day(at: datetime) -> date:
    """Return the site's business day of a moment."""
    return business_date(at, zone=settings.SITE_ZONE, day_start=site_day_start())


def _first_to_count(today: date) -> date:
    yesterday = today - timedelta(days=1)
    newest = queries.newest_day()
    if newest is None:
        began_at = queries.first_end()
        newest = site_day(began_at) if began_at else today
    return min(newest, yesterday)


@transaction.atomic
def _count(first: date, last: date) -> int:
    allow_statements(COUNT_WITHIN_S)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    start = site_day_start()
    bounds = [business_day(day, zone=settings.SITE_ZONE, day_start=start) for day in days]
    begins, ends = zip(*bounds, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT_SQL, [days, list(begins), list(ends), [float(bound) for bound in SECONDS_BOUNDS]]
        )
        changed = len(cursor.fetchall())
    if changed:
        publish("statistics")
    return changed
