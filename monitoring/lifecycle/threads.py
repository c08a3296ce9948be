"""Store the threads of runs as a reading saw them, so that people can expand a run."""

from collections.abc import Mapping
from typing import Any

from batchops.ccb.snapshot import RunKey, Snapshot
from monitoring.lifecycle.turn import Turn
from monitoring.lifecycle.upsert import upsert
from monitoring.models import RunThread
from monitoring.queries import run_ids_by_key
from monitoring.reading import ThreadName, observe_threads

STORED = (
    "status_code",
    "executions",
    "retries",
    "records_processed",
    "records_in_error",
    "started_at",
    "ended_at",
    "last_message",
)


def store_threads(snapshot: Snapshot, turn: Turn, ids: Mapping[RunKey, int]) -> None:
    """Upsert the threads that differ from what we hold; threads of unknown runs are left out.

    `ids` are those of runs that are known already.
    """
    observed = observe_threads(snapshot)
    asked = {name.run for name in observed}
    run_ids = {**ids, **run_ids_by_key(asked - ids.keys())}
    held = _held([run_ids[key] for key in asked if key in run_ids])
    changed = []
    for name, values in observed.items():
        run_id = run_ids.get(name.run)
        if run_id is not None and held.get((run_id, name.thread)) != values:
            changed.append(_row(run_id, name, values, turn))
    upsert(changed, unique=("run", "number"), update=(*STORED, "seen_at"))


def _held(run_ids: Any) -> dict[tuple[int, int], dict[str, Any]]:
    rows = RunThread.objects.filter(run__in=list(run_ids)).values("run_id", "number", *STORED)
    return {(row.pop("run_id"), row.pop("number")): row for row in rows}


def _row(run_id: int, name: ThreadName, values: dict[str, Any], turn: Turn) -> RunThread:
    return RunThread(run_id=run_id, number=name.thread, seen_at=turn.clock, **values)
