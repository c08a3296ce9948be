"""Let one writer of runs at a time have its turn, and say what all of a turn goes by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from monitoring.models import Source
from monitoring.queries import Ground, day_bounds
from monitoring.reading import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One writing of what a reading saw.

    `at` is our clock, `clock` CC&B's at the reading, `seen_until` CC&B's at the good reading
    before it (None: there is none). Runs that began before `watching_since` are history.
    """

    at: datetime
    clock: datetime
    seen_until: datetime | None
    watching_since: datetime
    actor: str
    site: Site


# Between two statements the runs of a long first history are worked out, for which a slow or busy
# machine takes longer than other transactions may be silent.
MAY_BE_SILENT = "2min"


def take_turn() -> None:
    """Wait until no other transaction writes runs, and keep others waiting until this one ends.

    It may be silent for MAY_BE_SILENT.
    """
    # Not the source's row: who asks for a poll writes that, and would wait for all of this one.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true),"
            " pg_advisory_xact_lock(hashtextextended('monitoring.record', 0))",
            [MAY_BE_SILENT],
        )


def watch_since(ground: Ground, clock: datetime) -> datetime:
    """Return from when on troubles are ours, older ones being history; decided once.

    It is the day before the one of the first good reading. A reading also closes the login
    circuit, because the login worked.
    """
    source = ground.source
    changed: dict[str, Any] = {}
    since = source.watching_since
    if since is None:
        yesterday = ground.site.day_of(clock) - timedelta(days=1)
        since = changed["watching_since"] = day_bounds(yesterday, ground.config)[0]
    if source.circuit_opened_at is not None:
        changed |= {"circuit_opened_at": None, "circuit_message": ""}
    if changed:
        Source.objects.update_or_create(pk=1, defaults=changed)
    return since
