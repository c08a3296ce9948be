"""Store older runs chunk by chunk, so that a stopped import goes on where it was."""

from datetime import datetime, timedelta

from django.db import transaction

from batchops.ccb.snapshot import Snapshot
from batchops.live.publish import publish
from monitoring.errors import ImportMoved
from monitoring.lifecycle.days import reckon_days
from monitoring.lifecycle.runs import store_events, store_runs
from monitoring.lifecycle.turn import Turn, take_turn, watch_since
from monitoring.models import HistoryImport
from monitoring.queries import day_bounds, ground, monitoring_config, site


@transaction.atomic
def begin_import(*, days: int, clock: datetime, at: datetime, actor: str) -> HistoryImport:
    """Return the import that is open, now reaching `days` back, or a new one.

    It goes from the end of the business day that it is by CC&B's `clock` back to the beginning of
    the one `days` before; one that reached further already is done.
    """
    take_turn()
    config = monitoring_config()
    today = site(config).day_of(clock)
    since = day_bounds(today - timedelta(days=days), config)[0]
    running = HistoryImport.objects.filter(finished_at=None).first()
    if running is None:
        until = day_bounds(today, config)[1]
        return HistoryImport.objects.create(
            since=since, until=until, reached_at=until, asked_by=actor, started_at=at
        )
    running.since = min(since, running.reached_at)
    running.finished_at = at if running.since == running.reached_at else None
    running.save(update_fields=["since", "finished_at"])
    return running


@transaction.atomic
def store_chunk(
    snapshot: Snapshot, running: HistoryImport, *, since: datetime, at: datetime
) -> HistoryImport:
    """Store the runs from `since` to where the import was, and move it there, all or nothing.

    :raises ImportMoved: when another process moved it meanwhile.
    """
    take_turn()
    chunks = HistoryImport.objects.select_for_update(no_key=True).filter(finished_at=None)
    now = chunks.filter(pk=running.pk, reached_at=running.reached_at).first()
    if now is None:
        raise ImportMoved("Another process moved this import on; it does the rest.")
    standing = ground()
    turn = Turn(
        at=at,
        clock=snapshot.clock,
        seen_until=None,
        watching_since=watch_since(standing, snapshot.clock),
        actor=running.asked_by,
        site=standing.site,
    )
    changes = store_runs(snapshot, turn)
    store_events(changes, turn)
    left = {day for change in changes for day in change.left}
    reckon_days((day for change in changes for day in change.days), at=at, left=left)
    now.reached_at = since
    now.runs_read += len(snapshot.runs)
    now.runs_changed += len(changes)
    now.finished_at = at if since <= now.since else None
    now.save(update_fields=["reached_at", "runs_read", "runs_changed", "finished_at"])
    publish("workflow")
    return now
