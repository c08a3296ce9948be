"""Say what CC&B's tables hold about a planned run at a moment; pure, as OUAF would write it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batchops.ccb.simulator.planned import (
    CANCELLING,
    Arrival,
    DayPlan,
    Execution,
    PlannedRun,
    Submission,
)

PENDING, RUNNING, FAILED, COMPLETE = "10", "20", "30", "40"
BLANK = " "

# What a message of the log says: the site's own category, as everything over 90000 is.
MESSAGE_CATEGORY = 90101
MESSAGE_TEXTS = {
    1: "Batch %1: thread %2 ended with an error. %3",
    2: "Batch %1: thread %2 was ended from outside. %3",
}

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table the simulator writes: its columns, and how many of the first make its key."""

    name: str
    key: int
    listed: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns, in the order of a row."""
        return tuple(self.listed.split())


RUN_KEY = "BATCH_CD BATCH_NBR BATCH_RERUN_NBR"
TABLES = (
    Table(
        "CI_BATCH_RUN",
        3,
        f"{RUN_KEY} RUN_STATUS BATCH_BUS_DT DO_NOT_RESTART_SW VERSION START_DTTM END_DTTM",
    ),
    Table(
        "CI_BATCH_THD",
        4,
        f"{RUN_KEY} BATCH_THREAD_NBR THREAD_STATUS VERSION LOG_FILE_NAME THD_RETRY_CNT",
    ),
    Table(
        "CI_BATCH_INST",
        5,
        f"{RUN_KEY} BATCH_THREAD_NBR SCHEDULER_ID REC_PROC_CNT REC_ERR_CNT RESTART_DATA VERSION "
        "START_DTTM END_DTTM",
    ),
    Table(
        "CI_BATCH_JOB",
        1,
        f"BATCH_JOB_ID {RUN_KEY} USER_ID BATCH_START_DTTM BATCH_THREAD_CNT BATCH_THREAD_NBR "
        "PROCESS_DT MAX_COMMIT_RECS MAX_TIMEOUT_MINS BATCH_JOB_STAT_FLG VERSION SUBMIT_METH_FLG "
        "SUBMIT_USER_ID",
    ),
    Table("CI_BATCH_JOB_PRM", 2, "BATCH_JOB_ID SEQ_NUM BATCH_PARM_NAME BATCH_PARM_VAL VERSION"),
    Table(
        "CI_MSG_LOG",
        2,
        "SCHEDULER_ID MESSAGE_SEQ MESSAGE_CAT_NBR MESSAGE_NBR PROGRAM_NAME MSG_SEVERITY_FLG "
        "VERSION",
    ),
    Table(
        "CI_MSG_LOGPARM",
        3,
        "SCHEDULER_ID MESSAGE_SEQ PARM_SEQ MESSAGE_PARM VERSION",
    ),
)


class RunAt:
    """One run as the tables hold it at a moment; `number` is its batch number."""

    def __init__(
        self, run: PlannedRun, *, number: int, day: date, at: datetime, zone: ZoneInfo
    ) -> None:
        self._run = run
        self._key = (run.profile.code, number, run.rerun)
        self._day = datetime.combine(day, time())
        self._at = at
        self._zone = zone
        self._begun = [e for e in run.executions if e.started_at <= at]

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Yield each row with its table's name."""
        for place, submission in enumerate(self._run.submissions):
            if submission.requested_at <= self._at:
                yield from self._submission_rows(submission, place)
        if self._begun and not self._is_purged():
            yield "CI_BATCH_RUN", self._run_row()
            for thread, executions in self._by_thread().items():
                yield "CI_BATCH_THD", self._thread_row(thread, executions)
            for execution in self._begun:
                yield "CI_BATCH_INST", self._instance_row(execution)
                yield from self._message_rows(execution)

    def _is_purged(self) -> bool:
        return self._run.purged and self._run.ended_at <= self._at

    def _by_thread(self) -> dict[int, list[Execution]]:
        threads: dict[int, list[Execution]] = defaultdict(list)
        for execution in self._run.executions:
            threads[execution.thread] += [execution] if execution.started_at <= self._at else []
        return threads

    def _run_row(self) -> Row:
        statuses = [self._status(executions) for executions in self._by_thread().values()]
        ended = [e.ended_at for e in self._begun if e.ended_at <= self._at]
        by_hand = any(e.closed_by_hand for e in self._begun)
        if RUNNING in statuses or PENDING in statuses:
            status, end = RUNNING, self._end_while_running()
        else:
            status = FAILED if FAILED in statuses else COMPLETE
            end = None if by_hand else max(ended)
        odd, odd_changes = self._odd_status()
        return (
            *self._key,
            odd or status,
            self._day,
            "Y" if by_hand and status == COMPLETE else "N",
            1 + len({e.started_at for e in self._begun}) + len(ended) + odd_changes,
            self._local(self._run.started_at),
            self._local(end),
        )

    def _odd_status(self) -> tuple[str, int]:
        """Return the odd status shown now, and how often it has come or gone."""
        odd = self._run.odd_status
        if odd is None or self._at < odd.since:
            return "", 0
        return (odd.code, 1) if self._at < odd.until else ("", 2)

    def _end_while_running(self) -> datetime | None:
        """Return the end of an earlier go where this site's release leaves it in place."""
        first = self._run.submissions[0].ended_at if self._run.submissions else None
        restarted = first is not None and any(e.started_at > first for e in self._begun)
        return first if restarted and self._run.keeps_old_end else None

    def _status(self, executions: list[Execution]) -> str:
        if not executions:
            return PENDING
        last = executions[-1]
        if last.ended_at > self._at:
            return RUNNING
        return FAILED if last.failed else COMPLETE

    def _thread_row(self, thread: int, executions: list[Execution]) -> Row:
        status = self._status(executions)
        version = 1 + len(executions) + sum(e.ended_at <= self._at for e in executions)
        retries = max(0, len(executions) - 1)
        return (*self._key, thread, status, version, BLANK, retries)

    def _instance_row(self, execution: Execution) -> Row:
        commits, records, errors = done(execution, self._at, commit=self._run.profile.commit)
        ended = execution.ended_at <= self._at and not execution.closed_by_hand
        return (
            *self._key,
            execution.thread,
            execution.scheduler_id,
            records,
            errors,
            f"{execution.thread:03}{records:010}" if records and not ended else BLANK,
            1 + commits + ended,
            self._local(execution.started_at),
            self._local(execution.ended_at) if ended else None,
        )

    def _message_rows(self, execution: Execution) -> Iterator[tuple[str, Row]]:
        if not execution.failed or execution.ended_at > self._at:
            return
        hung = execution.worked_until < execution.ended_at - timedelta(minutes=1)
        number, instance = (2 if hung else 1), execution.scheduler_id
        program = f"com.splwg.batch.{self._run.profile.code.replace('-', '').lower()}"
        yield "CI_MSG_LOG", (instance, 1, MESSAGE_CATEGORY, number, program, "40", 1)
        said = (self._run.profile.code, str(execution.thread), execution.error)
        for place, parameter in enumerate(said, start=1):
            yield "CI_MSG_LOGPARM", (instance, 1, place, parameter, 1)

    def _submission_rows(self, submission: Submission, place: int) -> Iterator[tuple[str, Row]]:
        own = _submission_id(self._run.executions[0].scheduler_id, place)
        status, changes = _submitted(submission, self._at)
        has_run = submission.started_at is not None and (status != "PD" or bool(self._begun))
        yield (
            "CI_BATCH_JOB",
            (
                own,
                *(self._key if has_run else (self._run.profile.code, 0, 0)),
                submission.user,
                self._local(submission.requested_at),
                self._run.profile.threads,
                0,
                self._day,
                self._run.profile.commit,
                15,
                status,
                1 + changes,
                submission.method,
                submission.user,
            ),
        )
        if submission.pool:
            yield "CI_BATCH_JOB_PRM", (own, 1, "DIST-THD-POOL", submission.pool, 1)

    def _local(self, at: datetime | None) -> datetime | None:
        return None if at is None else local(at, self._zone)


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment as CC&B writes it: the site's wall clock, whole seconds, no zone."""
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _submitted(submission: Submission, at: datetime) -> tuple[str, int]:
    """Return a submission's status at a moment, and how often it has changed by then."""
    ended = submission.ended_at <= at
    if submission.started_at is None:
        cancelling = submission.ended_at - CANCELLING <= at
        return ("CA" if ended else "PC" if cancelling else "PD"), cancelling + ended
    started = submission.started_at <= at
    return ("ED" if ended else "ST" if started else "PD"), started + ended


def done(execution: Execution, at: datetime, *, commit: int) -> tuple[int, int, int]:
    """Return how many commits, records and errors the tables show of an execution at a moment.

    Errors, too, are seen from the next commit on.
    """
    whole = _worked_s(execution, execution.worked_until)
    share = min(1.0, _worked_s(execution, at) / max(1.0, whole))
    if execution.ended_at <= at and not execution.closed_by_hand:
        return -(-execution.records // commit), execution.records, execution.errors
    commits = int(execution.records * share) // commit
    records = commits * commit
    return commits, records, execution.errors * records // max(1, execution.records)


def _worked_s(execution: Execution, at: datetime) -> float:
    """Return how many seconds the execution has worked by then; waiting is no work."""
    seconds = (min(at, execution.worked_until) - execution.started_at).total_seconds()
    if execution.wait is not None:
        waited = (at - execution.wait.since) / timedelta(seconds=1)
        seconds -= min(max(0.0, waited), execution.wait.length.total_seconds())
    return max(0.0, seconds)


def tables_at(
    plan: DayPlan,
    at: datetime,
    *,
    numbers: Mapping[str, int],
    zone: ZoneInfo,
    wanted: Callable[[PlannedRun], bool] = lambda run: True,
) -> tuple[Rows, dict[str, int]]:
    """Return what the tables hold of a day at a moment, and the batch numbers that come next.

    `numbers` are those of each code's first run of the day; `wanted` may leave runs out. What
    D1_IMD_CTRL holds is not among the rows: `measured` counts it.
    """
    rows: Rows = defaultdict(list)
    following = dict(numbers)
    for run in plan.runs:
        number = following[run.profile.code] - (run.rerun > 0)
        if wanted(run):
            for table, row in RunAt(run, number=number, day=plan.day, at=at, zone=zone).rows():
                rows[table].append(row)
        if run.started_at <= at and not run.rerun:
            following[run.profile.code] = number + 1
    return rows, following


def measured(plan: DayPlan, at: datetime) -> tuple[int, int, int]:
    """Return how many of the day's measurements have come in, were worked off, and were in error.

    Those in error were worked off too.
    """
    came = sum(_arrived(arrival, at) for arrival in plan.arrivals)
    worked = [
        done(execution, at, commit=run.profile.commit)
        for run in plan.runs
        if run.profile.code == "D1-IMD"
        for execution in run.executions
        if execution.started_at <= at
    ]
    return came, sum(r for _, r, _ in worked), sum(e for _, _, e in worked)


def _arrived(arrival: Arrival, at: datetime) -> int:
    share = (at - arrival.since) / (arrival.until - arrival.since)
    return int(arrival.count * min(1.0, max(0.0, share)))


def _submission_id(scheduler_id: int, place: int) -> str:
    """Return 14 digits that look drawn, as OUAF's do; different for different runs."""
    return f"{(scheduler_id * 10 + place) * 48_271_939_274_861 % 10**14:014}"
