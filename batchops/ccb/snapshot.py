"""Say what one reading of CC&B holds: immutable rows, times aware and in UTC, codes as written."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple


class RunKey(NamedTuple):
    """Name one run: CC&B's primary key of CI_BATCH_RUN."""

    batch_cd: str
    batch_nbr: int
    rerun_nbr: int

    def __str__(self) -> str:
        return f"{self.batch_cd} {self.batch_nbr}/{self.rerun_nbr}"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run; `run_status` is CC&B's own text, known to us or not.

    CC&B may hold one without a start, as before its first thread begins.
    """

    key: RunKey
    run_status: str
    business_date: date | None
    do_not_restart: bool
    version: int
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """What all thread executions of one run add up to, restarts included.

    `heartbeat` is the sum of CC&B's version counters: it moves at every commit of a thread.
    """

    key: RunKey
    threads: int
    instances: int
    records: int
    errors: int
    heartbeat: int
    open_instances: int
    first_started_at: datetime | None
    last_started_at: datetime | None
    last_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """How many threads of one run are in one status, and how often they were retried."""

    key: RunKey
    status: str
    threads: int
    retries: int


@dataclass(frozen=True, slots=True)
class ThreadDetailRow:
    """One thread of a run over all its executions; `ended_at` is None while one goes on."""

    key: RunKey
    thread: int
    status: str
    retries: int
    executions: int
    records: int
    errors: int
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One entry of CC&B's submission queue; `batch_nbr` is 0 until its run exists."""

    id: str
    batch_cd: str
    batch_nbr: int
    rerun_nbr: int
    status: str
    requested_at: datetime | None
    threads: int
    process_date: date | None
    method: str
    user: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of a run that failed or of which a thread did, its parameters in the text.

    Of one run the greatest (`scheduler_id`, `sequence`) is the last message.
    """

    key: RunKey
    scheduler_id: int
    sequence: int
    category: int
    number: int
    severity: str
    text: str
    thread: int


@dataclass(frozen=True, slots=True)
class ImdRow:
    """How many initial measurements of one business object are in one status."""

    business_object: str
    status: str
    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one reading saw, in one consistent state of CC&B.

    `clock` is the source's own clock at that state; `missing` are the asked keys that CC&B no
    longer holds.
    """

    clock: datetime
    runs: tuple[RunRow, ...] = ()
    progress: tuple[ProgressRow, ...] = ()
    threads: tuple[ThreadRow, ...] = ()
    thread_details: tuple[ThreadDetailRow, ...] = ()
    submissions: tuple[SubmissionRow, ...] = ()
    messages: tuple[MessageRow, ...] = ()
    imd: tuple[ImdRow, ...] = ()
    missing: tuple[RunKey, ...] = ()
