"""Say what screens can watch about bill stop."""

from typing import Any, Literal

from batchops.live.topics import Topic, register
from jobs.types.bill_stop import queries
from jobs.types.bill_stop.bodies import run_body
from jobs.types.bill_stop.lifecycle import NAME

DRAWN: tuple[Literal["jobId", "status", "startTime", "endTime"], ...] = (
    "jobId",
    "status",
    "startTime",
    "endTime",
)


def register_topic() -> None:
    """Make the topic known to the hub; what it shows moves with the jobs."""
    register(Topic(NAME, "jobs.view_job", read, follows="jobs"))


def read(_key: str) -> dict[str, Any]:
    """Return what the status route answers, whose lists everybody reads, and `structure`.

    `structure` differs when a run came or made a move; figures move without it.
    """
    job, shown = queries.latest(), queries.shown()
    run = run_body(job) if job else None
    return {
        "isRunning": job is not None and job.is_open,
        "latestBatch": run,
        "shownJob": shown.pk if shown else None,
        "structure": [run[name] for name in DRAWN] if run else [],
    }
