"""Count what happens in any process and leaves no row: noted in memory, added to rows in passing.

A note costs no query, so that reading stays reading. Whoever calls `keep` now and then (the web
server, the wrapper of a watch cluster, each scrape) adds what was noted; a process that is killed
loses the notes of its last seconds.
"""

import os
from collections import Counter, deque

from django.db import connection, transaction

from batchops.models import Tally

# Where nobody keeps them, as in a worker, the oldest notes go.
MOST_NOTES = 100_000
ADD_SQL = """
    INSERT INTO batchops_tally AS kept (name, label, value) VALUES (%s, %s, %s)
        ON CONFLICT (name, label) DO UPDATE SET value = kept.value + excluded.value
"""
_notes: deque[tuple[str, str]] = deque(maxlen=MOST_NOTES)
# What the parent noted, the parent keeps.
os.register_at_fork(after_in_child=_notes.clear)


def note(name: str, label: str) -> None:
    """Note that something happened once; whatever becomes of the caller's transaction."""
    _notes.append((name, label))


def keep() -> None:
    """Add what this process noted to the rows; when that fails the notes stay."""
    counted = Counter(_notes.popleft() for _ in range(len(_notes)))
    if not counted:
        return
    try:
        _add(counted)
    except Exception:
        _notes.extend(counted.elements())
        raise


def kept(name: str) -> dict[str, int]:
    """Return how often something happened, by label."""
    return dict(Tally.objects.filter(name=name).order_by("label").values_list("label", "value"))


@transaction.atomic
def _add(counted: Counter[tuple[str, str]]) -> None:
    # In one order, so that two processes never wait for each other.
    rows = [(*what, n) for what, n in sorted(counted.items())]
    with connection.cursor() as cursor:
        cursor.executemany(ADD_SQL, rows)
