"""Show the items of a job."""

from typing import Annotated, Any, TypedDict

from batchops.shapes import Moment, words
from jobs import states
from jobs.bodies.writing import iso
from jobs.models import JobItem


class ItemBody(TypedDict):
    """One item of a job; `notBefore` is when it may be tried again.

    `resultHidden` says that there is a result, which the caller's role may not see; nor may it
    see the params then, which may come from results of another job.
    """

    id: int
    position: int
    status: Annotated[str, words(*states.ITEM_STATES)]
    attempts: int
    params: dict[str, Any] | None
    result: dict[str, Any] | None
    resultHidden: bool
    error: str | None
    notBefore: Moment | None
    startedAt: Moment | None
    completedAt: Moment | None


class ItemsBody(TypedDict):
    """A page of items, by position."""

    items: list[ItemBody]
    nextCursor: str | None


def item_body(item: JobItem, *, hidden: bool = False) -> ItemBody:
    """Return one item of a job; if they are `hidden` from the caller, without params and result."""
    return {
        "id": item.pk,
        "position": item.position,
        "status": item.shown_state,
        "attempts": item.attempts,
        "params": None if hidden else item.params,
        "result": None if hidden else item.result,
        "resultHidden": hidden and item.result is not None,
        "error": item.error or None,
        "notBefore": iso(item.not_before),
        "startedAt": None if item.is_taken else iso(item.started_at),
        "completedAt": iso(item.finished_at),
    }
