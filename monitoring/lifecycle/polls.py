"""Store each reading of CC&B, good or failed, and what people ask of the next."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from batchops.ccb.errors import CcbLoginRefused
from batchops.ccb.snapshot import Snapshot
from batchops.errors import BatchOpsError
from batchops.live.publish import publish
from monitoring.errors import SnapshotOutdated
from monitoring.lifecycle.days import note_pending_imd, reckon_days
from monitoring.lifecycle.runs import store_events, store_runs, store_samples
from monitoring.lifecycle.submissions import store_submissions
from monitoring.lifecycle.threads import store_threads
from monitoring.lifecycle.turn import Turn, take_turn, watch_since
from monitoring.models import ImdCount, Poll, Run, Source
from monitoring.queries import Ground, ground, key_of, last_good_poll

IMD_PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a poll is made and when it began; `slot` is of the schedule, None when by hand."""

    slot: datetime | None
    by: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored poll and the runs in which it changed anything; `known` were held before.

    `ground` is what it stood on, `watching_since` from when on troubles are ours.
    """

    poll: Poll
    changed: list[Run]
    known: list[Run]
    ground: Ground
    watching_since: datetime


@transaction.atomic
def record_poll(snapshot: Snapshot, *, asked: Asked, at: datetime) -> Recorded:
    """Store one good reading: what changed of runs and how, the day's figures, the poll itself.

    Reading the same again changes no run. Closes the login circuit, because the login worked.

    :raises SnapshotOutdated: when a reading that began later is stored already.
    """
    take_turn()
    last = last_good_poll()
    _refuse_outdated(asked, last)
    standing = ground()
    turn = Turn(
        at=at,
        clock=snapshot.clock,
        seen_until=last.source_at if last else None,
        watching_since=watch_since(standing, snapshot.clock),
        actor=asked.by,
        site=standing.site,
    )
    changes = store_runs(snapshot, turn)
    changed = [change.run for change in changes]
    poll = _good_poll(snapshot, asked, turn, runs_changed=len(changes))
    store_events(changes, turn)
    store_samples(changes, poll, turn)
    store_threads(snapshot, turn, {key_of(run): run.pk for run in changed})
    store_submissions(snapshot, poll, turn)
    _store_imd(poll, snapshot)
    left = {day for change in changes for day in change.left}
    reckon_days((day for change in changes for day in change.days), at=at, left=left)
    note_pending_imd(turn.site.day_of(turn.clock), pending=poll.pending_imd or 0, at=at)
    publish("workflow")
    known = [change.run for change in changes if change.held]
    return Recorded(poll, changed, known, standing, turn.watching_since)


@transaction.atomic
def record_failed_poll(error: BatchOpsError, *, asked: Asked, at: datetime) -> Poll:
    """Store that a reading failed and why; no run changes.

    A refused login opens the circuit: no poll logs in again until somebody says "try again".
    """
    if isinstance(error, CcbLoginRefused):
        _locked_source()
        Source.objects.filter(pk=1, circuit_opened_at=None).update(
            circuit_opened_at=at, circuit_message=error.message
        )
    publish("workflow")
    return Poll.objects.create(
        slot=asked.slot,
        started_at=asked.started_at,
        took_s=(at - asked.started_at).total_seconds(),
        asked_by=asked.by,
        succeeded=False,
        error_code=error.code,
        error_message=error.message,
    )


@transaction.atomic
def ask_for_poll(*, at: datetime, actor: str) -> None:
    """Note that `actor` wants CC&B read now; the watch cluster does so within a second."""
    _locked_source()
    Source.objects.filter(pk=1).update(poll_asked_at=at, poll_asked_by=actor)


@transaction.atomic
def try_again(*, at: datetime, actor: str) -> bool:
    """Close the login circuit and ask for a poll; return whether the circuit was open."""
    _locked_source()
    closed = Source.objects.filter(pk=1, circuit_opened_at__isnull=False).update(
        circuit_opened_at=None, circuit_message=""
    )
    ask_for_poll(at=at, actor=actor)
    publish("workflow")
    return bool(closed)


@transaction.atomic
def note_staleness(*, stale: bool) -> None:
    """Tell pages when the picture of CC&B became too old, or is new again; else nothing."""
    if Source.objects.filter(pk=1).exclude(stale=stale).update(stale=stale):
        publish("workflow")


def _good_poll(snapshot: Snapshot, asked: Asked, turn: Turn, *, runs_changed: int) -> Poll:
    pending = [row.count for row in snapshot.imd if row.status.strip() == IMD_PENDING]
    return Poll.objects.create(
        slot=asked.slot,
        started_at=asked.started_at,
        took_s=(turn.at - asked.started_at).total_seconds(),
        asked_by=asked.by,
        succeeded=True,
        runs_read=len(snapshot.runs),
        runs_changed=runs_changed,
        source_at=snapshot.clock,
        source_offset_s=(snapshot.clock - asked.started_at).total_seconds(),
        pending_imd=sum(pending),
        business_date=turn.site.day_of(snapshot.clock),
    )


def _locked_source() -> Source:
    Source.objects.get_or_create(pk=1)
    return Source.objects.select_for_update(no_key=True).get(pk=1)


def _refuse_outdated(asked: Asked, last: Poll | None) -> None:
    if last is not None and last.started_at > asked.started_at:
        raise SnapshotOutdated(
            f"This reading began at {asked.started_at:%H:%M:%S} UTC, before the one that is "
            "stored already; it was put aside."
        )


def _store_imd(poll: Poll, snapshot: Snapshot) -> None:
    ImdCount.objects.bulk_create(
        ImdCount(
            poll=poll,
            business_object=row.business_object.strip(),
            status=row.status.strip(),
            count=row.count,
            oldest_at=row.oldest_at,
        )
        for row in snapshot.imd
    )
