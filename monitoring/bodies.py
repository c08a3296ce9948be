"""Say what the API answers about CC&B's workflow, field for field; plain shapes."""

from typing import Annotated, TypedDict

from batchops.shapes import Day, Moment, words
from monitoring.states import WORDS

Word = Annotated[str, words(*dict.fromkeys(WORDS.values()))]


class RunBody(TypedDict):
    """A run as the timeline shows it."""

    status: Word
    statusCode: str
    start_time: Moment
    end_time: Moment | None
    duration_seconds: int | None
    records_processed: int
    rps: float | None
    business_date: Day
    batch_nbr: int
    thread_count: int
    rerun_nbr: int
    records_in_error: int
    error_message: str


class StepOfAnyBody(TypedDict):
    """A step of the workflow on one business day, and its runs."""

    batch_code: str
    batch_name: str
    sequence_order: int
    expected_start_time: str
    expected_duration_minutes: int
    max_duration_minutes: int
    is_critical: bool
    depends_on_batch: str | None
    can_run_multiple: bool
    todayStatus: RunBody | None
    allRuns: list[RunBody]
    totalRuns: int
    state: str
    isLate: bool
    progressPercent: int | None


class StepBody(StepOfAnyBody, total=False):
    """The step that works off IMDs also says how many wait, and how many go per second."""

    pendingIMDCount: int | None
    needsToRun: bool | None
    drainPerSecond: float | None


class DayBody(TypedDict):
    """The workflow on one business day."""

    businessDate: Day
    timeline: list[StepBody]


class TimelineBody(DayBody):
    """The day asked for on top, and each of the days asked for in a list."""

    timelines: list[DayBody]
    totalPendingIMD: int | None
    pendingIMDByDate: dict[str, int | None]
    currentTime: Moment
    lastUpdated: Moment | None
    stale: bool
    loginRefused: bool


class RunningBody(TypedDict):
    """A batch that runs in CC&B."""

    batchCode: str
    status: Word
    startTime: Moment
    businessDate: Day
    totalRecords: int


class RunningBatchesBody(TypedDict):
    """The batches that run in CC&B, as of its last good reading; what began since is unknown."""

    count: int
    batches: list[RunningBody]
    asOf: Moment | None
    stale: bool


class PendingImdBody(TypedDict):
    """How many initial measurements wait, as of the last good reading."""

    count: int
    asOf: Moment


class LogBody(TypedDict):
    """A run as the log lists it."""

    id: int
    batch_code: str
    batch_nbr: int
    rerun_nbr: int
    status: Word
    start_time: Moment
    end_time: Moment | None
    duration_seconds: int | None
    thread_count: int
    records_processed: int
    records_in_error: int
    rps: float | None
    business_date: Day
    error_message: str | None
    created_at: Moment


class LogsBody(TypedDict):
    """A page of runs, newest first."""

    logs: list[LogBody]
    total: int
    nextCursor: str | None


class BatchHealthBody(TypedDict):
    """How the runs of one batch went that ended with a result."""

    batch_code: str
    total_runs: int
    successful_runs: int
    failed_runs: int
    success_rate: float
    avg_duration: int
    avg_rps: float


class FailureBody(TypedDict):
    """A run that failed, with CC&B's message of when it did, though it may be repaired since."""

    id: int
    batch_code: str
    batch_nbr: int
    status: Word
    start_time: Moment
    end_time: Moment | None
    error_message: str | None
    business_date: Day
    repaired: bool


class HealthBody(TypedDict):
    """How each batch went in the last days, and the newest 50 runs that failed in them."""

    summary: list[BatchHealthBody]
    recentFailures: list[FailureBody]
    period: str
    asOf: Moment | None
    stale: bool


class PerformanceRowBody(TypedDict):
    """A run and its pace."""

    batchCode: str
    status: Word
    statusCode: str
    startTime: Moment
    endTime: Moment | None
    totalDuration: int | None
    totalRecords: int
    rps: float | None
    businessDate: Day


class DateRangeBody(TypedDict):
    """Business days, both included."""

    startDate: Day
    endDate: Day


class PerformanceBody(TypedDict):
    """The runs of a range of business days, newest first."""

    performance: list[PerformanceRowBody]
    dateRange: DateRangeBody
    total: int
    nextCursor: str | None


class CheckBody(TypedDict):
    """One thing that was looked at."""

    check: str
    status: str
    message: str


class LevelBody(TypedDict):
    """How well it goes: ok, warning or error, and of what."""

    status: str
    checks: list[CheckBody]
