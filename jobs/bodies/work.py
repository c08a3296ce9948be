"""Answer programs outside that do a job's items."""

from typing import Annotated, Any, NotRequired, TypedDict

from batchops.shapes import Narrower, Succeeded, words
from jobs import lifecycle, states
from jobs.bodies.jobs import ProgressBody, StatusWord, status_body
from jobs.lifecycle import Lease
from jobs.models import Job

PROCESSED = "processed"
JOB_COMPLETED = "job_completed"
JOB_CANCELLED = "job_cancelled"
NO_ITEMS = "no_items"


class StandingBody(TypedDict):
    """How a job stands for who does its items; `remainingItems` is 0 at the end.

    `status` is processed while it is open, whatever it waits for; `jobStatus` tells how it ended.
    """

    status: Annotated[str, words(PROCESSED, JOB_COMPLETED, JOB_CANCELLED, NO_ITEMS)]
    jobStatus: StatusWord
    remainingItems: int
    progress: ProgressBody
    cancelRequested: bool


class HandledBody(StandingBody):
    """What became of the next item: null when none was free, or when the site's workers do them."""

    success: Succeeded
    itemId: int | None
    itemStatus: NotRequired[Annotated[str, words(states.SUCCEEDED, states.FAILED)]]
    error: NotRequired[str]
    conversationId: NotRequired[str]


class LeaseBody(TypedDict):
    """A lease; a heartbeat makes it last so long again."""

    token: Annotated[str, Narrower(format="uuid")]
    leaseSeconds: float


class GivenItemBody(TypedDict):
    """An item to be done."""

    id: int
    position: int
    params: dict[str, Any]
    attempt: int


class GivenBody(TypedDict):
    """What a program outside was given."""

    claim: LeaseBody | None
    items: list[GivenItemBody]


class ClaimedBody(StandingBody, GivenBody):
    """What a program outside was given, and how the job stands; no claim when nothing was free."""

    success: Succeeded


class KeptBody(TypedDict):
    """A lease that goes on."""

    success: Succeeded
    cancelRequested: bool
    leaseSeconds: float


class ReportedBody(StandingBody):
    """What became of a report: items newly settled, settled before, and still held."""

    success: Succeeded
    accepted: int
    repeated: int
    held: int


def next_body(job: Job) -> StandingBody:
    """Return how a job stands in the words of process-next, `remainingItems` being 0 at the end.

    `status` is processed while it is open, whatever it waits for; then job_completed,
    job_cancelled or no_items, and `jobStatus` says whether it failed.
    """
    shown = status_body(job)
    left = shown["remainingItems"]
    return {
        "status": _next_word(job),
        "jobStatus": shown["status"],
        "remainingItems": max(1, left) if job.is_open else 0,
        "progress": shown["progress"],
        "cancelRequested": job.cancel_asked_at is not None,
    }


def _next_word(job: Job) -> str:
    if job.is_open:
        return PROCESSED
    if job.state == states.CANCELLED:
        return JOB_CANCELLED
    return JOB_COMPLETED if job.items_total else NO_ITEMS


def claim_body(lease: Lease | None) -> GivenBody:
    """Return what a program outside was given; `claim` is null when nothing was free."""
    if lease is None:
        return {"claim": None, "items": []}
    lease_s = lifecycle.lease_time(lease.kind).total_seconds()
    return {
        "claim": {"token": str(lease.token), "leaseSeconds": lease_s},
        "items": [
            {"id": one.id, "position": one.position, "params": one.params, "attempt": one.attempt}
            for one in lease.items
        ],
    }


def reference_of(result: dict[str, Any] | None) -> str | None:
    """Return the reference that a result carries, None when it carries none."""
    given = result or {}
    found = given.get("conversationId", given.get("reference"))
    return found if isinstance(found, str) else None
