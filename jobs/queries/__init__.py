"""Read jobs, items and what follows from their counters."""

from jobs.queries.artifacts import (
    artifact_of,
    artifact_to_make,
    artifacts_due,
    artifacts_to_remove,
)
from jobs.queries.changing import changeable
from jobs.queries.days import ALL_TYPES, days_since, first_end, newest_day, types_since
from jobs.queries.figures import (
    elapsed_s,
    eta_range_s,
    eta_s,
    no_progress_since,
    progress_at,
    progress_pct,
    quiet_s,
    rate,
    success_pct,
)
from jobs.queries.finding import (
    COUNTED,
    JobFilter,
    JobKey,
    count_by_state,
    count_capped,
    count_up_to,
    find_job,
    holder_of,
    jobs,
    newest_moves,
    page_of_jobs,
)
from jobs.queries.items import count_running, count_to_retry, page_of_items, states_to_retry
from jobs.queries.paging import Page
from jobs.queries.schedules import find_schedule, last_decided, schedules, schedules_on
from jobs.queries.work import (
    Work,
    active_work,
    cancels_left,
    is_expanding,
    summary_of,
    to_summarise,
)

__all__ = [
    "ALL_TYPES",
    "COUNTED",
    "JobFilter",
    "JobKey",
    "Page",
    "Work",
    "active_work",
    "artifact_of",
    "artifact_to_make",
    "artifacts_due",
    "artifacts_to_remove",
    "cancels_left",
    "changeable",
    "count_by_state",
    "count_capped",
    "count_running",
    "count_to_retry",
    "count_up_to",
    "days_since",
    "elapsed_s",
    "eta_range_s",
    "eta_s",
    "find_job",
    "find_schedule",
    "first_end",
    "holder_of",
    "is_expanding",
    "jobs",
    "last_decided",
    "newest_day",
    "newest_moves",
    "no_progress_since",
    "page_of_items",
    "page_of_jobs",
    "progress_at",
    "progress_pct",
    "quiet_s",
    "rate",
    "schedules",
    "schedules_on",
    "states_to_retry",
    "success_pct",
    "summary_of",
    "to_summarise",
    "types_since",
]
