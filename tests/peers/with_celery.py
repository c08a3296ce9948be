"""A batch on Celery with Redis as broker and for results: as a chord, and in chunks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from celery import Celery, chord

from tests.peers.reporting import (
    ENDS_WITHIN_S,
    STARTS_WITHIN_S,
    WORKERS,
    measure,
    run,
    until,
    workers,
)

CHORD_ITEMS = 5_000
CHUNKS_ITEMS = 20_000
CHUNK = 100

app = Celery("peers", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task(name="peers.item")
def item(number: int) -> int:
    return number


@app.task(name="peers.end")
def end(results: Sequence[int]) -> int:
    """Stand for what a batch does at its end: it sees every item's result."""
    return len(results)


def as_chord(items: int) -> int:
    return int(chord(item.s(n) for n in range(items))(end.s()).get(timeout=ENDS_WITHIN_S))


def in_chunks(items: int) -> int:
    """One message and one result for CHUNK items, and nothing that follows on the last one."""
    numbers = ((n,) for n in range(items))
    found = item.chunks(numbers, CHUNK).group().apply_async().get(timeout=ENDS_WITHIN_S)
    return sum(map(len, found))


def main() -> None:
    command = ("-m", "celery", "-A", "tests.peers.with_celery", "worker", "-l", "CRITICAL")
    with workers(*command, "-c", str(WORKERS)):
        until(lambda: bool(app.control.ping(timeout=1)), STARTS_WITHIN_S)
        as_chord(100)
        measure("celery chord", CHORD_ITEMS, lambda: as_chord(CHORD_ITEMS))
        measure(f"celery chunks of {CHUNK}", CHUNKS_ITEMS, lambda: in_chunks(CHUNKS_ITEMS))


if __name__ == "__main__":
    run(main)
