"""Change what is stored about CC&B; nothing else does."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from batchops.ccb.errors import CcbLoginRefused
from batchops.ccb.snapshot import RunKey, Snapshot
from batchops.errors import BatchOpsError
from batchops.live.publish import publish
from monitoring.errors import SnapshotOutdated
from monitoring.models import ImdCount, MonitoringConfig, Poll, Run, RunEvent, Source, Step
from monitoring.queries import day_bounds, last_good_poll, monitoring_config, runs_by_key, site
from monitoring.reading import Observed, Site, ended_submissions, observe, observe_submission
from monitoring.states import RunState, verb_of
from monitoring.workflow import SEEDED

STORED = [field.name for field in fields(Observed)]
IMD_PENDING = "PENDING"


@dataclass(frozen=True, slots=True)
class Asked:
    """Why a poll is made and when it began; `slot` is of the schedule, None when by hand."""

    slot: datetime | None
    by: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What we held of a run before a poll; `own_ended_at` is the end that CC&B's run bore."""

    state: RunState
    own_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One run that a poll moved, with the state it was in before (None: first seen)."""

    run: Run
    before: RunState | None

    def entered_at(self, clock: datetime) -> datetime:
        """Return when it came to its state, by CC&B's clock; at latest at the poll's `clock`."""
        return self.run.ended_at or (clock if self.before else self.run.started_at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored poll and the runs in which it changed anything."""

    poll: Poll
    changed: list[Run]


@transaction.atomic
def seed_workflow() -> None:
    """Create the six steps and the monitoring settings where they are missing."""
    MonitoringConfig.objects.get_or_create(pk=1)
    Source.objects.get_or_create(pk=1)
    if not Step.objects.exists():
        for order, step in enumerate(SEEDED, 1):
            Step.objects.create(sequence_order=order, **step)


@transaction.atomic
def record_poll(snapshot: Snapshot, *, asked: Asked, at: datetime) -> Recorded:
    """Store one good reading: runs that changed, their events, IMD counts, the poll itself.

    Reading the same again changes no run. Closes the login circuit, because the login worked.

    :raises SnapshotOutdated: when a reading that began later is stored already.
    """
    _take_turn()
    _refuse_outdated(asked)
    config = monitoring_config()
    where = site(config)
    changed = _store_runs(snapshot, where, at=at, actor=asked.by)
    pending = [row.count for row in snapshot.imd if row.status.strip() == IMD_PENDING]
    poll = Poll.objects.create(
        slot=asked.slot,
        started_at=asked.started_at,
        took_s=(at - asked.started_at).total_seconds(),
        asked_by=asked.by,
        succeeded=True,
        runs_read=len(snapshot.runs),
        runs_changed=len(changed),
        source_at=snapshot.clock,
        source_offset_s=(snapshot.clock - asked.started_at).total_seconds(),
        pending_imd=sum(pending),
        business_date=where.day_of(snapshot.clock),
    )
    _store_imd(poll, snapshot)
    _watch_since(where, snapshot.clock, config)
    publish("workflow")
    return Recorded(poll, changed)


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


def _take_turn() -> None:
    # Not the source's row: who asks for a poll writes that, and would wait for all of this one.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('monitoring.record', 0))")


def _locked_source() -> Source:
    Source.objects.get_or_create(pk=1)
    return Source.objects.select_for_update(no_key=True).get(pk=1)


def _refuse_outdated(asked: Asked) -> None:
    last = last_good_poll()
    if last is not None and last.started_at > asked.started_at:
        raise SnapshotOutdated(
            f"This reading began at {asked.started_at:%H:%M:%S} UTC, before the one that is "
            "stored already; it was put aside."
        )


def _store_runs(snapshot: Snapshot, where: Site, *, at: datetime, actor: str) -> list[Run]:
    """Upsert what differs from what we hold, in sets, with the events; return what differed."""
    observed = observe(snapshot, where)
    over = ended_submissions(snapshot)
    known = runs_by_key([*observed, *over, *snapshot.missing])
    for key, (state, row) in over.items():
        if key not in known:
            observed[key] = observe_submission(row, state, where, snapshot.clock)
    wanted = {key: asdict(values) for key, values in observed.items()}
    for key in snapshot.missing:
        if key in known:
            state = over[key][0] if key in over else RunState.GONE
            wanted[key] = {"state": state, "ended_at": known[key].ended_at or snapshot.clock}
    before = {key: Held(RunState(run.state), run.own_ended_at) for key, run in known.items()}
    changed = _differing(wanted, known, at)
    _upsert(changed)
    moved = [change for key, run in changed if (change := _change(run, before.get(key)))]
    _store_events(moved, at=at, source_at=snapshot.clock, actor=actor)
    return [run for _, run in changed]


def _change(run: Run, held: Held | None) -> Change | None:
    """Return how the poll moved a run; a second failure is a move though the state is the same."""
    if held is None or held.state != run.state:
        return Change(run, held.state if held else None)
    ends = {held.own_ended_at, run.own_ended_at}
    failed_again = run.state == RunState.FAILED and len(ends - {None}) == 2
    return Change(run, held.state) if failed_again else None


def _differing(
    wanted: Mapping[RunKey, Mapping[str, Any]], known: Mapping[RunKey, Run], at: datetime
) -> list[tuple[RunKey, Run]]:
    """Return the runs, with their new values set, that are new or not as we hold them."""
    differing = []
    for key, values in sorted(wanted.items(), key=lambda item: item[1].get("started_at", at)):
        run = known.get(key)
        if run is None:
            run = Run(
                source_batch_cd=key.batch_cd,
                batch_nbr=key.batch_nbr,
                rerun_nbr=key.rerun_nbr,
                created_at=at,
            )
        elif all(getattr(run, name) == value for name, value in values.items()):
            continue
        for name, value in values.items():
            setattr(run, name, value)
        differing.append((key, run))
    return differing


def _upsert(changed: list[tuple[RunKey, Run]]) -> None:
    Run.objects.bulk_create(
        [run for _, run in changed],
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["source_batch_cd", "batch_nbr", "rerun_nbr"],
        update_fields=STORED,
    )


def _store_events(moved: list[Change], *, at: datetime, source_at: datetime, actor: str) -> None:
    RunEvent.objects.bulk_create(
        (
            RunEvent(
                run=change.run,
                at=at,
                source_at=source_at,
                actor=actor,
                verb=verb_of(change.before, RunState(change.run.state)),
                before={"state": change.before} if change.before else {},
                after={
                    "state": change.run.state,
                    "status_code": change.run.status_code,
                    "entered_at": change.entered_at(source_at).isoformat(),
                },
            )
            for change in moved
        ),
        batch_size=2000,
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


def _watch_since(where: Site, clock: datetime, config: MonitoringConfig) -> None:
    """Remember at the first good poll from when on troubles are ours; older ones are history."""
    source, _ = Source.objects.get_or_create(pk=1)
    changed: dict[str, Any] = {}
    if source.watching_since is None:
        yesterday = where.day_of(clock) - timedelta(days=1)
        changed["watching_since"] = day_bounds(yesterday, config)[0]
    if source.circuit_opened_at is not None:
        changed |= {"circuit_opened_at": None, "circuit_message": ""}
    if changed:
        Source.objects.filter(pk=1).update(**changed)
