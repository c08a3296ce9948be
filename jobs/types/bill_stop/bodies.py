"""Put bill-stop jobs and what they found into the words of the API, field for field."""

from typing import Annotated, TypedDict

from django.utils.translation import gettext as _

from batchops.shapes import Day, Moment, Succeeded, words
from jobs import queries as engine
from jobs import states
from jobs.models import Job
from jobs.types.bill_stop import queries, rules
from jobs.types.bill_stop.models import BillStopConnection, BillStopCrp

RUNNING = "running"
# A run that lacks a part of the agreements has failed: the lists before it stay.
WORDS = {
    states.PENDING: RUNNING,
    states.PROCESSING: RUNNING,
    states.COMPLETED: states.COMPLETED,
    states.COMPLETED_WITH_ERRORS: states.FAILED,
    states.FAILED: states.FAILED,
    states.CANCELLED: states.CANCELLED,
}
RunWord = Annotated[
    str, words(RUNNING, states.COMPLETED, states.FAILED, states.CANCELLED)
]  # fmt: skip


class BillStopRunBody(TypedDict):
    """One run; its counts grow while it runs."""

    batchDate: Day
    startTime: Moment
    endTime: Moment | None
    status: RunWord
    summaryCount: int
    detailsCount: int
    durationSeconds: int | None
    errorMessage: str | None
    progressPercent: int
    etaSeconds: int | None
    jobId: str


class BillStopStatusBody(TypedDict):
    """Whether a run is under way, and the newest one; null before the first."""

    success: Succeeded
    isRunning: bool
    latestBatch: BillStopRunBody | None
    timestamp: Moment


class BillStopTriggeredBody(TypedDict):
    """A run was started."""

    success: Succeeded
    message: str
    jobId: str
    timestamp: Moment


class BillStopPastBody(TypedDict):
    """One run of the history."""

    id: str
    batchDate: Day
    startTime: Moment
    endTime: Moment | None
    status: RunWord
    summaryCount: int
    detailsCount: int
    durationSeconds: int | None
    errorMessage: str | None


class BillStopHistoryBody(TypedDict):
    """The last runs, newest first."""

    success: Succeeded
    history: list[BillStopPastBody]
    timestamp: Moment


class BillStopCrpBody(TypedDict):
    """One CRP: its connections, and how many of them are not billed."""

    CRP_ACCOUNT_NO: str
    TOTAL_CPC_COUNT: int
    BILL_STOP_COUNT: int
    ACTIVE_BILLING_COUNT: int
    BILL_STOP_PERCENTAGE: float


class BillStopConnectionBody(TypedDict):
    """One connection; name, address and phone are null without `jobs.view_customer`."""

    CRP_ACCOUNT_NO: str
    CPC_CUSTOMER_NO: str
    METER_NO: str | None
    CUSTOMER_NAME: str | None
    ADDRESS: str | None
    NOCS_NAME: str | None
    PHONE_NO: str | None
    SA_STATUS_DESC: str
    LAST_BILL_DATE: Day | None
    DAYS_SINCE_BILL: int | None
    BILLING_STATUS: Annotated[str, words(rules.STOPPED_WORD, rules.ACTIVE_WORD)]
    REASON: Annotated[str | None, words(*rules.REASONS, None)]
    CURRENT_BALANCE: float


class BillStopStatisticsBody(TypedDict):
    """The figures of all CRPs together."""

    totalCRPs: int
    totalCPCs: int
    totalBillStopIssues: int
    totalActiveBilling: int
    billStopPercentage: float


class BillStopInfoBody(TypedDict):
    """The run whose lists these are."""

    batchDate: Day
    lastUpdate: Moment | None
    status: RunWord
    durationSeconds: int | None
    summaryCount: int
    detailsCount: int


class BillStopDataBody(TypedDict):
    """The lists of the last run that completed, or of a day's; without one batchInfo is null."""

    success: Succeeded
    summary: list[BillStopCrpBody]
    details: list[BillStopConnectionBody]
    statistics: BillStopStatisticsBody
    batchInfo: BillStopInfoBody | None
    timestamp: Moment


def status_word(job: Job) -> str:
    """Return the word of api.md section 1 for a job's state."""
    return WORDS[job.state]


def error_of(job: Job) -> str:
    """Say why a run failed; empty when it did not."""
    if job.error:
        return job.error
    if status_word(job) == states.FAILED:
        return _("%(failed)s of %(total)s ranges could not be read; the job's page says why.") % {
            "failed": job.failed,
            "total": job.items_total,
        }
    return ""


def past_body(job: Job) -> BillStopPastBody:
    """Return a run as the history shows it."""
    found = queries.figures(job)
    elapsed_s = None if job.is_open else engine.elapsed_s(job)
    return {
        "id": job.pk,
        "batchDate": queries.batch_date(job).isoformat(),
        "startTime": (job.started_at or job.created_at).isoformat(),
        "endTime": job.finished_at.isoformat() if job.finished_at else None,
        "status": status_word(job),
        "summaryCount": found.summary_count if found else 0,
        "detailsCount": found.details_count if found else 0,
        "durationSeconds": None if elapsed_s is None else int(elapsed_s),
        "errorMessage": error_of(job) or None,
    }


def run_body(job: Job) -> BillStopRunBody:
    """Return a run as the status shows it."""
    past = past_body(job)
    return {
        "batchDate": past["batchDate"],
        "startTime": past["startTime"],
        "endTime": past["endTime"],
        "status": past["status"],
        "summaryCount": past["summaryCount"],
        "detailsCount": past["detailsCount"],
        "durationSeconds": past["durationSeconds"],
        "errorMessage": past["errorMessage"],
        "progressPercent": engine.progress_pct(job),
        "etaSeconds": engine.eta_s(job),
        "jobId": job.pk,
    }


def crp_body(crp: BillStopCrp) -> BillStopCrpBody:
    """Return one line of the summary."""
    return {
        "CRP_ACCOUNT_NO": crp.crp_account_no,
        "TOTAL_CPC_COUNT": crp.total,
        "BILL_STOP_COUNT": crp.stopped,
        "ACTIVE_BILLING_COUNT": crp.active,
        "BILL_STOP_PERCENTAGE": round(crp.stopped_pct, 2),
    }


def connection_body(one: BillStopConnection, *, personal: bool) -> BillStopConnectionBody:
    """Return one line of the details; `personal` says whether the caller may see who it is."""
    billed_on = one.last_bill_date
    return {
        "CRP_ACCOUNT_NO": one.crp_account_no,
        "CPC_CUSTOMER_NO": one.cpc_customer_no,
        "METER_NO": one.meter_no or None,
        "CUSTOMER_NAME": (personal and one.customer_name) or None,
        "ADDRESS": (personal and one.address) or None,
        "NOCS_NAME": one.nocs_name or None,
        "PHONE_NO": (personal and one.phone_no) or None,
        "SA_STATUS_DESC": one.sa_status_desc,
        "LAST_BILL_DATE": billed_on.isoformat() if billed_on else None,
        "DAYS_SINCE_BILL": one.days_since_bill,
        "BILLING_STATUS": rules.STOPPED_WORD if one.is_stopped else rules.ACTIVE_WORD,
        "REASON": one.reason or None,
        "CURRENT_BALANCE": float(one.balance),
    }


def statistics_body(found: queries.Totals) -> BillStopStatisticsBody:
    """Return the figures of a whole snapshot."""
    return {
        "totalCRPs": found.crps,
        "totalCPCs": found.connections,
        "totalBillStopIssues": found.stopped,
        "totalActiveBilling": found.active,
        "billStopPercentage": found.stopped_pct,
    }


def info_body(job: Job) -> BillStopInfoBody:
    """Return whose lists are shown."""
    past = past_body(job)
    return {
        "batchDate": past["batchDate"],
        "lastUpdate": past["endTime"],
        "status": past["status"],
        "durationSeconds": past["durationSeconds"],
        "summaryCount": past["summaryCount"],
        "detailsCount": past["detailsCount"],
    }
