"""Answer what became of many jobs."""

from collections import Counter
from typing import Annotated, TypedDict

from batchops.shapes import Succeeded, words
from jobs.bodies.writing import cursor_of
from jobs.bulk import Action, Bulk

OUTCOMES = ("cancelled", "cancelling", "retried", "refused", "not_found", "not_reached")


class BulkResultBody(TypedDict):
    """What happened to one job, by the name that the caller used."""

    id: str
    outcome: Annotated[str, words(*OUTCOMES)]
    message: str


class BulkDoneBody(TypedDict):
    """What happened to each; `left` were not reached in time, those of a filter at `nextCursor`."""

    success: Succeeded
    action: Annotated[str, words("cancel", "retry")]
    results: list[BulkResultBody]
    counts: dict[str, int]
    left: int
    nextCursor: str | None


def bulk_body(action: Action, result: Bulk) -> BulkDoneBody:
    """Return what happened to each of many jobs."""
    return {
        "success": True,
        "action": action,
        "results": [
            {"id": one.job_id, "outcome": one.outcome, "message": one.message}
            for one in result.done
        ],
        "counts": Counter(one.outcome for one in result.done),
        "left": result.left,
        "nextCursor": cursor_of(result.next_key),
    }
