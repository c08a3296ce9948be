"""The work of a bill-stop job: one item for each range of agreements."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext_noop

from batchops.ccb.bill_stop import IdRange, Reading, id_range, read_agreements
from batchops.ccb.errors import CcbError, CcbLoginRefused, CcbNotConfigured, CcbTimeout
from batchops.inputs import StrictSerializer
from jobs import progress
from jobs.errors import ItemCancelled, ItemFailed, MoveRefused
from jobs.lifecycle import WorkItem, give_up
from jobs.models import Job
from jobs.registry import JobType, Result, register
from jobs.types.bill_stop import lifecycle, queries

# A read that takes too long is read in halves, down to a sixteenth of its range.
HALVINGS = 4
NOT_AGAIN = (
    "CC&B refused our login before, and no scheduled job logs in again, so that the account is "
    "not locked. Correct CCB_URL, then start this job by hand."
)


@register
class BillStop(JobType):
    """Reads CC&B's prepaid agreements into a snapshot, which all see when the job completes."""

    name = lifecycle.NAME
    label = gettext_noop("Bill stop")
    about = (
        "Finds the prepaid connections that CC&B no longer bills, by CRP. It only reads CC&B, and "
        "what it found takes the place of the last lists when it completes."
    )
    params = StrictSerializer
    single_flight = True
    # CC&B lets our account hold two sessions; the other is for the polls.
    max_workers = 1
    max_attempts = 3
    item_limit = timedelta(minutes=10)
    job_limit = timedelta(hours=4)
    items_kept = settings.BILL_STOP_KEPT

    def items(self, job: Job, start: int) -> Iterator[dict[str, Any]]:
        by_itself = job.created_by.startswith("system:") and job.generation == 1
        if by_itself and queries.login_was_refused_before(job):
            lifecycle.note_refused_login(job)
            raise ItemFailed(NOT_AGAIN)
        ranges = settings.BILL_STOP_RANGES
        for number in range(start, ranges):
            low, high = id_range(number, of=ranges)
            yield {"low": low, "high": high, "label": f"Range {number + 1} of {ranges}"}

    def run_item(self, job: Job, item: WorkItem) -> Result:
        wanted = item.params or {}
        span = IdRange(wanted["low"], wanted["high"])
        try:
            reading = _read(span)
        except CcbError as error:
            self._fail(job, item, error)
        stopped = lifecycle.keep_range(job, span, reading)
        return {"connections": len(reading.agreements), "stopped": stopped}

    def summarise(self, job: Job) -> dict[str, Any]:
        shown = queries.shown()
        lifecycle.remove_lists(but=shown.pk if shown else "")
        found = queries.totals(job)
        return {"crps": found.crps, "connections": found.connections, "stopped": found.stopped}

    def _fail(self, job: Job, item: WorkItem, error: CcbError) -> NoReturn:
        """Fail the item; the job with it if no later try can help, for it needs every range."""
        refused = isinstance(error, CcbLoginRefused)
        if refused:
            lifecycle.note_refused_login(job)
        if refused or isinstance(error, CcbNotConfigured) or item.attempt >= self.max_attempts:
            with suppress(MoveRefused):  # it was cancelled, and has ended, meanwhile
                give_up(job.pk, error=error.message, actor="system:worker")
        raise ItemFailed(error.message) from error


def _read(span: IdRange, *, halvings: int = HALVINGS) -> Reading:
    try:
        return read_agreements(span, limit=settings.BILL_STOP_READ_LIMIT)
    except CcbTimeout as error:
        if error.code != "ccb_call_timeout" or not halvings:
            raise
    if progress.cancel_wished():
        raise ItemCancelled("Stopped between two reads, as its job was cancelled.")
    lower, upper = (_read(half, halvings=halvings - 1) for half in span.halves())
    return Reading(lower.day, lower.agreements + upper.agreements)
