"""Write snapshots, range by range, and remove old ones; nothing else does."""

import logging
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Now

from batchops.ccb.bill_stop import Agreement, IdRange, Reading
from jobs.errors import ItemFailed
from jobs.lifecycle import create_schedule, enable_schedule
from jobs.models import Job, Schedule
from jobs.types.bill_stop import rules
from jobs.types.bill_stop.models import BillStopConnection, BillStopCrp, BillStopSnapshot

log = logging.getLogger("jobs.bill_stop")

NAME = "bill-stop"
ROWS_AT_ONCE = 500
SCHEDULE_NAME = "Bill stop, nightly"
NIGHTLY = "0 2 * * *"
# A night of maintenance must not cost a day's lists.
LATE_MINUTES = 6 * 60
ACTOR = "system:first_data"


@transaction.atomic
def keep_range(job: Job, span: IdRange, reading: Reading) -> int:
    """Store what a range held in place of what it held before; return how many are stopped.

    The counts of the snapshot and of its CRPs are made anew in the same transaction, so it may
    be called again for a range, as after a worker's death. A login refused before is forgotten.

    :raises ItemFailed: when the job has ended meanwhile; what it completed with stays.
    """
    snapshot = _locked(job, reading.day)
    if not Job.objects.open().filter(pk=job.pk).exists():
        raise ItemFailed("The job has ended meanwhile, so nothing more is kept of it.")
    ids = (f"{span.low:010}", f"{span.high:010}")
    BillStopConnection.objects.filter(snapshot=snapshot, sa_id__range=ids).delete()
    rows = [_row(snapshot, agreement, reading.day) for agreement in reading.agreements]
    BillStopConnection.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
    _count_again(snapshot)
    BillStopSnapshot.objects.filter(pk=snapshot.pk).update(login_refused=False)
    return sum(row.is_stopped for row in rows)


def note_refused_login(job: Job) -> None:
    """Remember that CC&B refused our login, so that no scheduled job tries it again."""
    BillStopSnapshot.objects.update_or_create(job=job, defaults={"login_refused": True})


def remove_lists(*, but: str) -> int:
    """Remove the lists of jobs whose items retention has removed, but of one; return of how many.

    Without its items a job cannot be retried, so nobody completes a snapshot half of which is
    gone. The figures stay as long as the job.
    """
    old = BillStopSnapshot.objects.filter(
        lists_removed_at=None, job__items_removed_at__isnull=False
    ).exclude(pk=but)
    ids = list(old.values_list("pk", flat=True))
    for job_id in ids:
        with transaction.atomic():
            BillStopConnection.objects.filter(snapshot=job_id).delete()
            BillStopCrp.objects.filter(snapshot=job_id).delete()
            BillStopSnapshot.objects.filter(pk=job_id).update(lists_removed_at=Now())
    if ids:
        log.info("remove_lists jobs=%s", ",".join(ids))
    return len(ids)


@transaction.atomic
def seed_schedule() -> None:
    """Plan a bill stop for each night unless one is planned; off where there is no CC&B."""
    if Schedule.objects.filter(type=NAME).exists():
        return
    schedule = create_schedule(
        Schedule(name=SCHEDULE_NAME, type=NAME, cron=NIGHTLY, late_minutes=LATE_MINUTES),
        actor=ACTOR,
    )
    if settings.CCB_URL:
        enable_schedule(schedule.pk, actor=ACTOR)


def _locked(job: Job, day: date) -> BillStopSnapshot:
    """Return the job's snapshot, locked; made with the first range, judged by that one's day."""
    BillStopSnapshot.objects.get_or_create(job=job)
    snapshot = BillStopSnapshot.objects.select_for_update(no_key=True).get(job=job)
    if snapshot.as_of_date is None:
        snapshot.as_of_date = day
        snapshot.counts_from_date = rules.counts_from(
            day, rule=settings.BILL_STOP_RULE, days=settings.BILL_STOP_DAYS
        )
        snapshot.save(update_fields=["as_of_date", "counts_from_date"])
    return snapshot


def _row(snapshot: BillStopSnapshot, agreement: Agreement, day: date) -> BillStopConnection:
    assert snapshot.counts_from_date is not None
    billing = rules.Billing(
        started_on=agreement.started_on,
        last_bill_on=agreement.last_bill_on,
        has_error=agreement.has_error,
        has_unfrozen=agreement.has_unfrozen,
        has_segment=agreement.has_segment,
    )
    reason = rules.reason_of(billing, counts_from=snapshot.counts_from_date)
    billed_on = agreement.last_bill_on
    return BillStopConnection(
        snapshot=snapshot,
        sa_id=agreement.sa_id,
        crp_account_no=agreement.crp_account_no,
        cpc_customer_no=agreement.cpc_customer_no,
        meter_no=agreement.meter_no,
        customer_name=agreement.customer_name,
        address=agreement.address,
        phone_no=agreement.phone_no,
        nocs_name=agreement.nocs_name,
        sa_status_desc=agreement.status_text or agreement.status,
        last_bill_date=billed_on,
        days_since_bill=(day - billed_on).days if billed_on else None,
        is_stopped=rules.is_stopped(reason),
        reason=reason,
        balance_cents=agreement.balance_cents,
    )


def _count_again(snapshot: BillStopSnapshot) -> None:
    found = BillStopConnection.objects.filter(snapshot=snapshot).order_by()
    counted = found.values("crp_account_no").annotate(
        total=Count("pk"), stopped=Count("pk", filter=Q(is_stopped=True))
    )
    crps = [BillStopCrp(snapshot=snapshot, **counts) for counts in counted]
    BillStopCrp.objects.filter(snapshot=snapshot).delete()
    BillStopCrp.objects.bulk_create(crps, batch_size=ROWS_AT_ONCE)
    BillStopSnapshot.objects.filter(pk=snapshot.pk).update(
        summary_count=len(crps), details_count=sum(crp.total for crp in crps)
    )
