"""Store the runs that a reading saw: in sets, only what differs, and how each came there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from batchops.ccb.snapshot import RunKey, Snapshot
from monitoring.lifecycle.turn import Turn
from monitoring.lifecycle.upsert import upsert
from monitoring.models import Poll, Run, RunEvent, RunSample
from monitoring.queries import runs_by_key
from monitoring.reading import (
    Observed,
    ended_submissions,
    observe,
    observe_submission,
    settle_times,
)
from monitoring.states import OPEN, RunState, verb_of

KEY = ("source_batch_cd", "batch_nbr", "rerun_nbr")
STORED = [field.name for field in fields(Observed)]
# What must change for a run to have moved; each of them is seen to change at a commit.
PROGRESS = ("state", "records_processed", "heartbeat", "threads", "instances")
# All that a sample keeps but its place: what rules may know, and how far the run was.
SAMPLED = (
    *PROGRESS,
    "status_code",
    "records_in_error",
    "version",
    "started_at",
    "ended_at",
    "own_ended_at",
    "restarted_at",
    "business_date",
    "error_message",
)
KEPT = (*SAMPLED, "entered_at", "moved_at", "seen_to_move")
BATCH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Held:
    """What we held of a run before; `own_ended_at` is the end that CC&B's run bore."""

    state: RunState
    own_ended_at: datetime | None
    business_date: date
    batch_code: str


@dataclass(frozen=True, slots=True)
class Change:
    """One run that differs from what was held of it (None: it is new)."""

    run: Run
    held: Held | None
    sampled: bool

    @property
    def before(self) -> RunState | None:
        return self.held.state if self.held else None

    @property
    def days(self) -> set[date]:
        """Return the business days whose figures it changes."""
        return {self.run.business_date} | ({self.held.business_date} if self.held else set())

    @property
    def left(self) -> set[date]:
        """Return the business day on which its batch may have no run any more."""
        held, run = self.held, self.run
        stays = held is None or (held.batch_code, held.business_date) == (
            run.batch_code,
            run.business_date,
        )
        return set() if stays or held is None else {held.business_date}

    @property
    def is_move(self) -> bool:
        """Return whether its state changed; a second failure is a move, too."""
        if self.held is None or self.held.state != self.run.state:
            return True
        ends = {self.held.own_ended_at, self.run.own_ended_at}
        return self.run.state == RunState.FAILED and len(ends - {None}) == 2

    def is_history(self, turn: Turn) -> bool:
        """Return whether it was over before anybody watched."""
        return self.held is None and self.run.started_at < turn.watching_since and self.is_over

    @property
    def is_over(self) -> bool:
        return self.run.state not in OPEN

    def entered_at(self, clock: datetime) -> datetime:
        """Return when it came to its state, by CC&B's clock; at latest at the poll's `clock`."""
        return self.run.ended_at or (clock if self.held else self.run.started_at)


def store_runs(snapshot: Snapshot, turn: Turn) -> list[Change]:
    """Upsert what differs from what we hold, and return it; the same again changes nothing."""
    over = ended_submissions(snapshot)
    known = runs_by_key([*(run.key for run in snapshot.runs), *over, *snapshot.missing])
    observed = observe(snapshot, turn.site, known)
    for key, (state, row) in over.items():
        if key not in known:
            observed[key] = observe_submission(row, state, turn.site, turn.clock)
    wanted = {
        key: _values(settle_times(values, known.get(key), site=turn.site, seen=_seen(turn)))
        for key, values in observed.items()
    }
    for key in snapshot.missing:
        if key in known:
            left_as = over[key][0] if key in over else None
            wanted[key] = _missing(known[key], left_as, turn)
    changes = _differing(wanted, known, turn)
    _note_moves(changes, turn)
    own = ["moved_at", "entered_at", "seen_to_move"]
    upsert([change.run for change in changes], unique=KEY, update=[*STORED, *own])
    return changes


def _missing(held: Run, over: RunState | None, turn: Turn) -> dict[str, Any]:
    """Return what becomes of a run that CC&B has no more; when it ended only its queue tells."""
    if over is None:
        return {"state": RunState.GONE}
    return {"state": over, "ended_at": held.ended_at or turn.clock}


def store_events(changes: Iterable[Change], turn: Turn) -> None:
    """Store an event of each move; history has none."""
    moves = (c for c in changes if c.is_move and not c.is_history(turn))
    RunEvent.objects.bulk_create((_event(move, turn) for move in moves), batch_size=BATCH_ROWS)


def store_samples(changes: Iterable[Change], poll: Poll, turn: Turn) -> None:
    """Store a sample of each change that a poll saw; history has none."""
    seen = (c for c in changes if c.sampled and not c.is_history(turn))
    RunSample.objects.bulk_create(
        (_sample(change.run, poll, turn) for change in seen), batch_size=BATCH_ROWS
    )


def _note_moves(changes: Iterable[Change], turn: Turn) -> None:
    """Set on runs that moved when they came to their state; history came to it unseen."""
    for change in changes:
        if change.is_move and not change.is_history(turn):
            change.run.entered_at = change.entered_at(turn.clock)
            change.run.seen_to_move = change.held is not None


def _seen(turn: Turn) -> tuple[datetime | None, datetime]:
    return turn.seen_until, turn.clock


def _values(observed: Observed) -> dict[str, Any]:
    return {name: getattr(observed, name) for name in STORED}


def _differing(
    wanted: Mapping[RunKey, Mapping[str, Any]], known: Mapping[RunKey, Run], turn: Turn
) -> list[Change]:
    """Return the runs, with their new values set, that are new or not as we hold them."""
    differing = []
    for key, values in sorted(wanted.items(), key=lambda item: item[1].get("started_at", turn.at)):
        run = known.get(key)
        if run is None:
            differing.append(_new(key, values, turn))
        elif any(getattr(run, name) != value for name, value in values.items()):
            differing.append(_changed(run, values, turn))
    return differing


def _new(key: RunKey, values: Mapping[str, Any], turn: Turn) -> Change:
    is_open = values["state"] in OPEN
    run = Run(
        source_batch_cd=key.batch_cd,
        batch_nbr=key.batch_nbr,
        rerun_nbr=key.rerun_nbr,
        created_at=turn.at,
        moved_at=turn.clock if is_open else None,
        **values,
    )
    return Change(run, None, sampled=True)


def _changed(run: Run, values: Mapping[str, Any], turn: Turn) -> Change:
    held = Held(RunState(run.state), run.own_ended_at, run.business_date, run.batch_code)
    differ = {name for name, value in values.items() if getattr(run, name) != value}
    for name in differ:
        setattr(run, name, values[name])
    if not differ.isdisjoint(PROGRESS):
        run.moved_at = turn.clock
    return Change(run, held, sampled=not differ.isdisjoint(SAMPLED))


def _event(change: Change, turn: Turn) -> RunEvent:
    run = change.run
    return RunEvent(
        run=run,
        at=turn.at,
        source_at=turn.clock,
        actor=turn.actor,
        verb=verb_of(change.before, RunState(run.state)),
        before={"state": change.before} if change.before else {},
        after={
            "state": run.state,
            "status_code": run.status_code,
            "entered_at": run.entered_at and run.entered_at.isoformat(),
        },
    )


def _sample(run: Run, poll: Poll, turn: Turn) -> RunSample:
    seen = {name: getattr(run, name) for name in KEPT}
    return RunSample(run=run, poll=poll, at=turn.clock, **seen)
