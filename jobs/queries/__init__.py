"""Read jobs, items and what follows from their counters."""

from jobs.queries.changing import changeable
from jobs.queries.figures import elapsed_s, eta_s, progress_pct, rate
from jobs.queries.finding import (
    JobFilter,
    JobKey,
    count_by_state,
    find_job,
    holder_of,
    jobs,
    page_of_jobs,
)
from jobs.queries.items import count_running, count_to_retry, page_of_items, states_to_retry
from jobs.queries.paging import Page
from jobs.queries.schedules import find_schedule, last_decided, schedules, schedules_on
from jobs.queries.work import Work, active_work, cancels_left, summary_of, to_summarise

__all__ = [
    "JobFilter",
    "JobKey",
    "Page",
    "Work",
    "active_work",
    "cancels_left",
    "changeable",
    "count_by_state",
    "count_running",
    "count_to_retry",
    "elapsed_s",
    "eta_s",
    "find_job",
    "find_schedule",
    "holder_of",
    "jobs",
    "last_decided",
    "page_of_items",
    "page_of_jobs",
    "progress_pct",
    "rate",
    "schedules",
    "schedules_on",
    "states_to_retry",
    "summary_of",
    "to_summarise",
]
