"""Move many alerts, or their mails, one by one: each for itself, with what became of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts import lifecycle
from alerts.lifecycle import Until
from batchops.errors import BatchOpsError


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one: moved, or `refusal` says why not."""

    id: int
    refusal: BatchOpsError | None = None


def acknowledge_each(
    ids: Sequence[int], *, actor: str, at: datetime, note: str, until: Until
) -> list[Done]:
    """Acknowledge alerts one by one."""
    return _each(
        ids, lambda i: lifecycle.acknowledge(i, at=at, actor=actor, note=note, until=until)
    )


def resolve_each(ids: Sequence[int], *, actor: str, at: datetime, note: str) -> list[Done]:
    """Resolve alerts by hand, one by one."""
    return _each(ids, lambda i: lifecycle.resolve(i, at=at, actor=actor, note=note))


def retry_each(ids: Sequence[int], *, actor: str, at: datetime) -> list[Done]:
    """Have mails tried again, one by one."""
    return _each(ids, lambda i: lifecycle.retry_delivery(i, at=at, actor=actor))


def _each(ids: Sequence[int], move: Callable[[int], object]) -> list[Done]:
    done = []
    for each in ids:
        refusal = None
        try:
            move(each)
        except BatchOpsError as error:
            refusal = error
        done.append(Done(each, refusal))
    return done
