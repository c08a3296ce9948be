"""Measure the pages of jobs over a million jobs and five million items, in the server."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.test import Client

from batchops.management.benches import Bench
from batchops.management.pages import as_served, asking, timed, visitor
from batchops.management.scratch import scratch_database
from batchops.web.first_data import load_first_data
from jobs import queries
from jobs.bodies import cursor_of
from jobs.models import Job
from jobs.pages.listing import JOBS_LISTED
from jobs.topics import read_jobs

JOBS = 1_000_000
ITEMS_A_JOB = 5
GOAL_MS = 50.0
# One a minute, newest first: 10 at work, 30 waiting, some failed, cancelled or with errors.
FILL_JOBS_SQL = """
    INSERT INTO jobs_job (
        id, type, title, campaign_id, external_id, params, priority, single_flight_key, state,
        generation, error, created_by, cancel_requested_by, items_total, next_position, cut_short,
        expand_deaths, succeeded, failed, cancelled, carried, recent_rate, created_at, started_at,
        expanded_at, cancel_requested_at, last_settled_at, finished_at, summarised_at)
    SELECT left(translate(encode(sha256(n::text::bytea), 'base64'), '+/=', 'xyz'), 16),
           (ARRAY['drill', 'statements', 'reminders', 'uploads'])[1 + n %% 4],
           (ARRAY['January statements', 'Payment reminders', 'Meter exchange',
                  'Rate change notices'])[1 + n %% 4] || ' ' || n,
           CASE WHEN n %% 3 = 0 THEN 'camp-' || n %% 5000 ELSE '' END,
           CASE WHEN n %% 10 = 0 THEN 'batch_' || n ELSE '' END,
           '{}', 0, '', state, 1,
           CASE state WHEN 'failed' THEN 'File ' || n %% 365 || ' is missing.' ELSE '' END,
           'user:' || (ARRAY['ada', 'bea', 'carl', 'dora', 'emil'])[1 + n %% 5],
           CASE state WHEN 'cancelled' THEN 'user:ada' ELSE '' END,
           %(items)s, %(items)s, false, 0,
           CASE state WHEN 'completed' THEN %(items)s
                      WHEN 'completed_with_errors' THEN %(items)s - 1
                      WHEN 'cancelled' THEN 2 WHEN 'processing' THEN 2 ELSE 0 END,
           CASE state WHEN 'completed_with_errors' THEN 1 WHEN 'failed' THEN %(items)s ELSE 0 END,
           CASE state WHEN 'cancelled' THEN %(items)s - 2 ELSE 0 END, 0, 0,
           at, CASE WHEN state <> 'pending' THEN at END, at,
           CASE state WHEN 'cancelled' THEN at + interval '20 s' END, at + interval '1 min',
           CASE WHEN n > 40 THEN at + interval '1 min' END,
           CASE WHEN n > 40 THEN at + interval '1 min' END
      FROM (SELECT n, now() - n * interval '1 min' AS at,
                   CASE WHEN n <= 10 THEN 'processing' WHEN n <= 40 THEN 'pending'
                        WHEN n %% 50 = 0 THEN 'failed'
                        WHEN n %% 33 = 0 THEN 'completed_with_errors'
                        WHEN n %% 40 = 0 THEN 'cancelled' ELSE 'completed' END AS state
              FROM generate_series(1, %(jobs)s) AS n) AS made
"""
FILL_ITEMS_SQL = """
    INSERT INTO jobs_jobitem (job_id, position, params, state, attempts, deaths, suspect, error,
                              started_at, finished_at)
    SELECT j.id, p,
           CASE p %% 2 WHEN 0 THEN jsonb_build_object('label', 'Account ' || s.n %% 9999999) END,
           s.state, 1, 0, false,
           CASE s.state WHEN 'failed' THEN 'ORA-' || 17000 + s.n %% 99 || ': no reading'
                        ELSE '' END,
           j.started_at, CASE s.state WHEN 'pending' THEN NULL ELSE j.last_settled_at END
      FROM jobs_job AS j, generate_series(0, %(items)s - 1) AS p,
           LATERAL (SELECT abs(hashtext(j.id || p)::bigint) AS n,
                           CASE WHEN p < j.succeeded THEN 'succeeded'
                                WHEN p < j.succeeded + j.failed THEN 'failed'
                                WHEN p < j.succeeded + j.failed + j.cancelled THEN 'cancelled'
                                ELSE 'pending' END AS state) AS s
"""
LISTS = {
    "newest_50": "",
    "tab_active": "?status=active",
    "tab_completed": "?status=completed",
    "tab_failed": "?status=failed",
    "tab_cancelled": "?status=cancelled",
    "by_type": "?type=statements",
    "by_type_and_state": "?type=drill&status=failed",
    "by_type_without_any": "?type=statements&status=failed",
    "by_campaign": "?campaign=camp-3",
    "by_person": "?createdBy=ada",
    "by_days": "?createdFrom={day}&createdTo={day}",
    "by_all": "?type=drill&status=completed&createdBy=ada&createdTo={day}",
    "search_id": "?search={id}",
    "search_common_word": "?search=january",
    "search_rare_word": "?search=batch_500000",
    "search_words": "?search=meter+12345",
    "search_beginning": "?search=123456",
    "search_error": "?search=missing",
    "search_item_error": "?search=ORA-17042",
    "search_label": "?search=account+55",
    "search_nothing": "?search=zzzz",
    "search_in_failed": "?search=january&status=failed",
}


def run() -> dict[str, Any]:
    """Fill a database made for it with JOBS jobs, ask for each page, and drop it again.

    :raises Unavailable: when the role of DATABASE_URL may not create databases.
    """
    with scratch_database("lists"), as_served():
        load_first_data()
        filled_s = fill_jobs()
        asked = dict(_questions(visitor("Administrator")))
        figures = timed(asked, goal_ms=GOAL_MS)
    return {
        "jobs": JOBS,
        "items": JOBS * ITEMS_A_JOB,
        "filled_s": round(filled_s),
        **figures,
    }


def fill_jobs() -> float:
    """Make JOBS jobs, one a minute, with their items; return how many seconds it took."""
    begun = time.monotonic()
    figures = {"jobs": JOBS, "items": ITEMS_A_JOB}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL_JOBS_SQL, figures)
        cursor.execute(FILL_ITEMS_SQL, figures)
        cursor.execute("VACUUM ANALYZE jobs_job, jobs_jobitem")
        cursor.execute("RESET statement_timeout")
    return time.monotonic() - begun


def _questions(client: Client) -> Iterator[tuple[str, Callable[[], Any]]]:
    middle = Job.objects.order_by("-created_at")[JOBS // 2]
    values = {"day": f"{middle.created_at:%Y-%m-%d}", "id": middle.pk[:8]}
    for name, query in LISTS.items():
        yield name, asking(client, f"/admin/jobs/{query.format(**values)}")
    yield "page_20", asking(client, f"/admin/jobs/{_twentieth()}")
    yield "fragment", asking(client, "/admin/jobs/fragment/")
    yield "job_page", asking(client, f"/admin/jobs/{middle.pk}/")
    yield "items_of_a_job", asking(client, f"/admin/jobs/{middle.pk}/items/fragment/")
    yield "health_page", asking(client, "/admin/health/")
    yield "health_workers", asking(client, "/admin/health/workers/fragment/")
    yield "api_newest_50", asking(client, "/api/batch-jobs?limit=50")
    yield "api_with_stats", asking(client, "/api/batch-jobs?limit=50&stats=true")
    yield "counts", queries.count_capped
    yield "topic", lambda: read_jobs("")


def _twentieth() -> str:
    """Return the query of the 20th page."""
    before = queries.page_of_jobs(queries.JobFilter(), limit=19 * JOBS_LISTED)
    return f"?cursor={cursor_of(before.next_key)}"


BENCH = Bench("lists", f"p95 of the pages of jobs over {JOBS:,} jobs, filled in for it", run)
