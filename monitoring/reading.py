"""Turn one reading of CC&B into what we keep of each run; plain Python."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from batchops.ccb.snapshot import (
    MessageRow,
    ProgressRow,
    RunKey,
    RunRow,
    Snapshot,
    SubmissionRow,
    ThreadDetailRow,
)
from monitoring.states import LEFT, OPEN, RunState, state_of

Name = TypeVar("Name", bound=Hashable)


class Known(Protocol):
    """What is held of a run's times."""

    started_at: datetime
    ended_at: datetime | None
    own_ended_at: datetime | None
    restarted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one reading says of one run, in the fields that we store."""

    batch_code: str
    state: RunState
    status_code: str
    started_at: datetime
    business_date: date
    ended_at: datetime | None = None
    own_ended_at: datetime | None = None
    restarted_at: datetime | None = None
    thread_count: int = 0
    instances: int = 0
    threads: Mapping[str, int] = field(default_factory=dict)
    records_processed: int = 0
    records_in_error: int = 0
    heartbeat: int = 0
    version: int = 0
    do_not_restart: bool = False
    source_business_date: date | None = None
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """What the site knows and CC&B does not: our names of batches, where a day begins, its zone."""

    code_of: Mapping[str, str]
    day_of: Callable[[datetime], date]
    zone: ZoneInfo


class ThreadName(NamedTuple):
    """Name one thread of a run."""

    run: RunKey
    thread: int


class _Rest(NamedTuple):
    """What a reading holds of one run beside its own row."""

    progress: ProgressRow | None
    threads: Mapping[str, int]
    details: Iterable[ThreadDetailRow]
    message: str


def observe(
    snapshot: Snapshot, site: Site, held: Mapping[RunKey, Known] | None = None
) -> dict[RunKey, Observed]:
    """Return every run that the reading holds, by its key.

    One without a start began with its first thread, else when it was first seen: as it is `held`,
    or now.
    """
    held = held or {}
    progress = {row.key: row for row in snapshot.progress}
    threads: dict[RunKey, dict[str, int]] = defaultdict(dict)
    for row in snapshot.threads:
        threads[row.key][row.status] = row.threads
    messages = last_messages(snapshot)
    details: dict[RunKey, list[ThreadDetailRow]] = defaultdict(list)
    for detail in snapshot.thread_details:
        details[detail.key].append(detail)
    seen = {}
    for run in snapshot.runs:
        key = run.key
        rest = _Rest(progress.get(key), threads[key], details[key], messages.get(key, ""))
        started_at = _started_at(run, rest.progress, held.get(key)) or snapshot.clock
        seen[key] = _observed(run, site, rest, started_at=started_at)
    return seen


def observe_threads(snapshot: Snapshot) -> dict[ThreadName, dict[str, Any]]:
    """Return every thread that the reading tells one by one, in the fields that we store."""
    messages = _last(snapshot.messages, lambda row: ThreadName(row.key, row.thread))
    return {
        (name := ThreadName(row.key, row.thread)): {
            "status_code": row.status,
            "executions": row.executions,
            "retries": row.retries,
            "records_processed": row.records,
            "records_in_error": row.errors,
            "started_at": row.started_at,
            "ended_at": row.ended_at,
            "last_message": messages.get(name, "")
            if state_of(row.status) is RunState.FAILED
            else "",
        }
        for row in snapshot.thread_details
    }


def last_messages(snapshot: Snapshot) -> dict[RunKey, str]:
    """Return the text of each run's last message."""
    return _last(snapshot.messages, lambda row: row.key)


def _last(messages: Iterable[MessageRow], of: Callable[[MessageRow], Name]) -> dict[Name, str]:
    last: dict[Name, MessageRow] = {}
    for row in messages:
        known = last.get(of(row))
        if known is None or (row.scheduler_id, row.sequence) > (known.scheduler_id, known.sequence):
            last[of(row)] = row
    return {name: row.text.replace("\x00", "").strip() for name, row in last.items()}


def ended_submissions(snapshot: Snapshot) -> dict[RunKey, tuple[RunState, SubmissionRow]]:
    """Return the submissions that are over and whose run the reading does not hold."""
    readable = {run.key for run in snapshot.runs}
    over = {}
    for row in snapshot.submissions:
        key = RunKey(row.batch_cd, row.batch_nbr, row.rerun_nbr)
        if row.batch_nbr and key not in readable and (state := state_of(row.status)) in LEFT:
            over[key] = (state, row)
    return over


def observe_submission(row: SubmissionRow, state: RunState, site: Site, at: datetime) -> Observed:
    """Return what a submission alone tells of a run that cannot be read: that it is over."""
    started_at = row.requested_at or at
    return Observed(
        batch_code=site.code_of.get(row.batch_cd, row.batch_cd),
        state=state,
        status_code=row.status,
        started_at=started_at,
        business_date=site.day_of(started_at),
        source_business_date=row.process_date,
    )


def settle_times(
    observed: Observed,
    known: Known | None,
    *,
    site: Site,
    seen: tuple[datetime | None, datetime],
) -> Observed:
    """Return a run whose times of an hour that comes twice are told apart.

    When clocks go back CC&B's dates do not say which of two hours they mean, and the first is
    taken. It is the second when we hold it so, or when it was not there yet at the reading before
    (`seen`: CC&B's clock then and now).
    """
    before, now = seen
    if before is None and known is None:
        return observed

    def told(moment: datetime, held: datetime | None) -> datetime:
        later = _second(moment, site.zone)
        if later is None or held == moment:
            return moment
        is_later = before is not None and moment < before <= later <= now
        return later if held == later or is_later else moment

    ended, own, again = observed.ended_at, observed.own_ended_at, observed.restarted_at
    started_at = told(observed.started_at, known.started_at if known else None)
    return replace(
        observed,
        started_at=started_at,
        ended_at=ended and told(ended, known.ended_at if known else None),
        own_ended_at=own and told(own, known.own_ended_at if known else None),
        restarted_at=again and told(again, known.restarted_at if known else None),
        business_date=site.day_of(started_at),
    )


def settle_clock(snapshot: Snapshot, *, expected: datetime, zone: ZoneInfo) -> Snapshot:
    """Return the reading with its clock in the one of two equal hours that is nearer `expected`."""
    later = _second(snapshot.clock, zone)
    if later is None or abs(later - expected) >= abs(snapshot.clock - expected):
        return snapshot
    return replace(snapshot, clock=later)


def _second(moment: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the later moment that the site's clocks show alike; None where they show it once."""
    again = moment.astimezone(zone).replace(fold=1).astimezone(UTC)
    return again if again > moment else None


def _observed(run: RunRow, site: Site, rest: _Rest, *, started_at: datetime) -> Observed:
    state, progress = state_of(run.run_status), rest.progress
    last_ended_at = progress.last_ended_at if progress else None
    return Observed(
        batch_code=site.code_of.get(run.key.batch_cd, run.key.batch_cd),
        state=state,
        status_code=run.run_status.strip(),
        started_at=started_at,
        restarted_at=_restarted_at(progress, rest.details),
        # CC&B may keep the old end when a run is restarted, and may lack one that was set by hand.
        ended_at=None if state in OPEN else run.ended_at or last_ended_at,
        own_ended_at=None if state in OPEN else run.ended_at,
        thread_count=progress.threads if progress else sum(rest.threads.values()),
        instances=progress.instances if progress else 0,
        threads=dict(rest.threads),
        records_processed=progress.records if progress else 0,
        records_in_error=progress.errors if progress else 0,
        heartbeat=progress.heartbeat if progress else 0,
        version=run.version,
        do_not_restart=run.do_not_restart,
        source_business_date=run.business_date,
        business_date=site.day_of(started_at),
        error_message=rest.message if state is RunState.FAILED else "",
    )


def _started_at(run: RunRow, progress: ProgressRow | None, held: Known | None) -> datetime | None:
    """Return when a run began as far as CC&B tells or we hold it."""
    first = progress.first_started_at if progress else None
    return run.started_at or first or (held.started_at if held else None)


def _restarted_at(
    progress: ProgressRow | None, details: Iterable[ThreadDetailRow]
) -> datetime | None:
    """Return when the run last began again: its last execution, if a thread had more than one.

    While another thread worked on, only that thread was restarted, and the run was not.
    """
    if progress is None or progress.instances <= progress.threads:
        return None
    again = progress.last_started_at
    if again is None or any(_worked_at(again, thread) for thread in details):
        return None
    return again


def _worked_at(at: datetime, thread: ThreadDetailRow) -> bool:
    """Whether a thread that was executed once had begun before `at` and ended after it."""
    if thread.executions != 1 or thread.started_at is None or thread.started_at >= at:
        return False
    return thread.ended_at is None or thread.ended_at > at
