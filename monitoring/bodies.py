"""Say what the API answers about CC&B's workflow, field for field; plain shapes."""

from typing import TypedDict


class RunBody(TypedDict):
    """A run as the timeline shows it."""

    status: str
    statusCode: str
    start_time: str
    end_time: str | None
    duration_seconds: int | None
    records_processed: int
    rps: float | None
    business_date: str
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
    """The step that works off IMDs also says how many wait."""

    pendingIMDCount: int | None
    needsToRun: bool | None


class DayBody(TypedDict):
    """The workflow on one business day."""

    businessDate: str
    timeline: list[StepBody]


class TimelineBody(DayBody):
    """The day asked for on top, and each of the days asked for in a list."""

    timelines: list[DayBody]
    totalPendingIMD: int | None
    pendingIMDByDate: dict[str, int | None]
    currentTime: str
    lastUpdated: str | None
    stale: bool
    loginRefused: bool


class RunningBody(TypedDict):
    """A batch that runs in CC&B."""

    batchCode: str
    status: str
    startTime: str
    businessDate: str
    totalRecords: int


class RunningBatchesBody(TypedDict):
    """The batches that run in CC&B."""

    count: int
    batches: list[RunningBody]


class PendingImdBody(TypedDict):
    """How many initial measurements wait, as of the last good reading."""

    count: int
    asOf: str


class LogBody(TypedDict):
    """A run as the log lists it."""

    id: int
    batch_code: str
    batch_nbr: int
    rerun_nbr: int
    status: str
    start_time: str
    end_time: str | None
    duration_seconds: int | None
    thread_count: int
    records_processed: int
    rps: float | None
    business_date: str
    error_message: str | None
    created_at: str


class LogsBody(TypedDict):
    """A page of runs, newest first."""

    logs: list[LogBody]
    total: int
    nextCursor: str | None
