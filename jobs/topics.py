"""Say what screens can watch about jobs."""

from typing import Any

from batchops.live.topics import Topic, register
from jobs import queries
from jobs.serializers import job_body, stats_body

ACTIVE_SHOWN = 100


def register_topics() -> None:
    """Make the topics of jobs known to the hub."""
    register(Topic("jobs", "jobs.view_job", read_jobs))
    register(Topic("job", "jobs.view_job", read_job, keyed=True))


def read_jobs(_key: str) -> dict[str, Any]:
    """Return the counts by state and the open jobs, newest first."""
    active = queries.page_of_jobs(queries.JobFilter(status="active"), limit=ACTIVE_SHOWN)
    return {
        "stats": stats_body(queries.count_by_state()),
        "active": [job_body(job) for job in active.rows],
    }


def read_job(key: str) -> dict[str, Any] | None:
    """Return what the API answers about one job; None when there is none."""
    job = queries.jobs().filter(pk=key).first()
    return job_body(job) if job else None
