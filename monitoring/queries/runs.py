"""Read runs: those that may still change, those of CC&B's keys, their threads."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from batchops.ccb.snapshot import RunKey
from monitoring.models import MonitoringConfig, Run, RunThread, Step
from monitoring.queries.polling import kept_in_detail
from monitoring.states import OPEN, RunState

_OF_KEYS = """
    FROM unnest(%s::varchar[], %s::bigint[], %s::bigint[]) AS k (batch_cd, batch_nbr, rerun_nbr)
    JOIN batch_execution_logs AS r
      ON (r.source_batch_cd, r.batch_nbr, r.rerun_nbr) = (k.batch_cd, k.batch_nbr, k.rerun_nbr)
"""


def threads_of(runs: Collection[Run]) -> dict[int, list[RunThread]]:
    """Return the threads of runs by number, by the run's id; one query."""
    found: dict[int, list[RunThread]] = {}
    for thread in RunThread.objects.filter(run__in=runs).order_by("run", "number"):
        found.setdefault(thread.run_id, []).append(thread)
    return found


def unsettled_keys(
    at: datetime, config: MonitoringConfig, watching_since: datetime | None
) -> list[RunKey]:
    """Return the keys of the runs that may still change without a new date: open or failed.

    Failed ones are asked for again as long as the log keeps them in detail.
    """
    unsettled = Q(state__in=[*OPEN, RunState.UNKNOWN])
    if watching_since is not None:
        ours = Q(started_at__gte=watching_since - timedelta(days=7)) | Q(seen_to_move=True)
        young = Q(state=RunState.FAILED, started_at__gte=at - kept_in_detail(config))
        unsettled |= young & ours
    rows = Run.objects.filter(unsettled).values_list("source_batch_cd", "batch_nbr", "rerun_nbr")
    return [RunKey(*row) for row in rows]


def watched(states: Collection[RunState], *, since: datetime | None) -> QuerySet[Run]:
    """Return the runs in `states` that came to them since we watch, older ones being history."""
    return since_we_watch(Run.objects.filter(state__in=states).order_by("id"), since)


def last_complete_runs(*, since: datetime | None) -> QuerySet[Run]:
    """Return of each step the complete run that began last, if it ended since we watch.

    Of two that began at once it is the one that we read later.
    """
    complete = Run.objects.filter(batch_code=OuterRef("batch_code"), state=RunState.COMPLETE)
    last = Subquery(complete.order_by("-started_at", "-pk").values("pk")[:1])
    return since_we_watch(
        Run.objects.filter(pk__in=Step.objects.order_by().values_list(last)), since
    )


def since_we_watch(runs: QuerySet[Run], since: datetime | None) -> QuerySet[Run]:
    """Return those of `runs` that came to their states since we watch; None: not yet decided."""
    if since is None:
        return runs
    # CC&B may tell no time of a run that a poll saw move.
    known = runs.alias(last_at=Coalesce("ended_at", "started_at"))
    return known.filter(Q(last_at__gte=since) | Q(seen_to_move=True))


def runs_by_key(keys: Iterable[RunKey]) -> dict[RunKey, Run]:
    """Return the runs we hold of these keys."""
    # As arrays: the first reading asks for more keys than a list of values can hold.
    runs = Run.objects.raw(f"SELECT r.* {_OF_KEYS}", _key_columns(keys))
    return {key_of(run): run for run in runs}


def run_ids_by_key(keys: Collection[RunKey]) -> dict[RunKey, int]:
    """Return the ids of the runs we hold of these keys."""
    return dict(_columns_of_keys("id", keys))


def states_by_key(keys: Collection[RunKey]) -> dict[RunKey, RunState]:
    """Return the states of the runs we hold of these keys."""
    return {key: RunState(state) for key, state in _columns_of_keys("state", keys)}


def _columns_of_keys(column: Literal["id", "state"], keys: Collection[RunKey]) -> Any:
    if not keys:
        return []
    sql = f"SELECT r.source_batch_cd, r.batch_nbr, r.rerun_nbr, r.{column} {_OF_KEYS}"
    with connection.cursor() as cursor:
        cursor.execute(sql, _key_columns(keys))
        return [(RunKey(*row[:3]), row[3]) for row in cursor.fetchall()]


def _key_columns(keys: Iterable[RunKey]) -> list[list[Any]]:
    unique = list(dict.fromkeys(keys))
    return [[key[place] for key in unique] for place in range(3)]


def key_of(run: Run) -> RunKey:
    """Return CC&B's key of a run."""
    return RunKey(run.source_batch_cd, run.batch_nbr, run.rerun_nbr)
