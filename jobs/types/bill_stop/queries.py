"""Read bill-stop jobs and what they found."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from jobs import queries, states
from jobs.models import Job, JobQuerySet
from jobs.types.bill_stop.lifecycle import NAME
from jobs.types.bill_stop.models import BillStopConnection, BillStopCrp, BillStopSnapshot

# What a list may be ordered by; each falls back on the account's number.
SORTS = {
    "crp": "crp_account_no",
    "connections": "total",
    "bill_stop": "stopped",
    "active_billing": "active_count",
    "percentage": "share",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of a whole snapshot."""

    crps: int
    connections: int
    stopped: int

    @property
    def active(self) -> int:
        return self.connections - self.stopped

    @property
    def stopped_pct(self) -> float:
        """Return the share of connections that are not billed, in percent to two decimals."""
        return round(100 * self.stopped / self.connections, 2) if self.connections else 0.0


def runs() -> JobQuerySet:
    """Return all jobs of the type with what they found in figures, newest first."""
    found = queries.jobs().filter(type=NAME).select_related("bill_stop")
    return found.order_by("-created_at", "-pk")


def latest() -> Job | None:
    """Return the job that is open, else the newest, by one look into an index for each.

    The open one need not be the newest: somebody may retry one that failed before.
    """
    newest = Job.objects.filter(type=NAME).order_by("-created_at", "-pk")
    found = [Job.objects.open().filter(single_flight_key=NAME), newest]
    return runs().filter(pk=Coalesce(*(Subquery(one.values("pk")[:1]) for one in found))).first()


def shown() -> Job | None:
    """Return the job whose lists everybody reads: the newest that completed.

    An older one that completes by a retry later does not bring back what it read before.
    """
    return _completed().first()


def shown_on(day: date) -> Job | None:
    """Return the job whose lists are those of a day of the site, None when it has none."""
    begin = datetime.combine(day, time(), tzinfo=settings.SITE_ZONE)
    within = Q(created_at__gte=begin, created_at__lt=begin + timedelta(days=1))
    return _completed().filter(within).first()


def _completed() -> JobQuerySet:
    kept = {"bill_stop__isnull": False, "bill_stop__lists_removed_at": None}
    return runs().filter(state=states.COMPLETED, **kept)


def batch_date(job: Job) -> date:
    """Return the day of the site on which a job was started."""
    return localtime(job.created_at, settings.SITE_ZONE).date()


def figures(job: Job) -> BillStopSnapshot | None:
    """Return what a job found, in figures; None while it has found nothing."""
    return getattr(job, "bill_stop", None)


def login_was_refused_before(job: Job) -> bool:
    """Say whether CC&B refused the login of the job before this one."""
    before = runs().filter(created_at__lt=job.created_at).first()
    found = figures(before) if before else None
    return found is not None and found.login_refused


def crps(job: Job) -> QuerySet[BillStopCrp]:
    """Return the CRPs of a job's snapshot, each with its `active_count` and `share`."""
    found = BillStopCrp.objects.filter(snapshot=job.pk)
    share = 1.0 * F("stopped") / F("total")
    return found.annotate(active_count=F("total") - F("stopped"), share=share)


def narrowed(
    found: QuerySet[BillStopCrp], *, search: str = "", show: str = "", sort: str = ""
) -> QuerySet[BillStopCrp]:
    """Return those CRPs whose number holds `search`, in an order of SORTS ("-" before: downwards).

    `show` keeps those with a bill stop ("stopped"), all stopped ("all_stopped") or none ("active").
    """
    if search:
        found = found.filter(crp_account_no__icontains=search)
    if show == "stopped":
        found = found.filter(stopped__gt=0)
    elif show == "all_stopped":
        found = found.filter(stopped__gt=0, stopped=F("total"))
    elif show == "active":
        found = found.filter(stopped=0)
    by = SORTS[sort.removeprefix("-") or "crp"]
    return found.order_by(f"-{by}" if sort.startswith("-") else by, "crp_account_no")


def connections(
    job: Job, *, crp: str = "", search: str = "", show: str = "", reason: str = ""
) -> QuerySet[BillStopConnection]:
    """Return the connections of a job's snapshot, of all CRPs or one, by CRP and customer.

    `search` is what a customer's or meter's number holds; `show` is "stopped" or "active".
    """
    found = BillStopConnection.objects.filter(snapshot=job.pk)
    if crp:
        found = found.filter(crp_account_no=crp)
    if search:
        found = found.filter(Q(cpc_customer_no__icontains=search) | Q(meter_no__icontains=search))
    if show:
        found = found.filter(is_stopped=show == "stopped")
    if reason:
        found = found.filter(reason=reason)
    return found.order_by("crp_account_no", "cpc_customer_no", "pk")


def totals(job: Job) -> Totals:
    """Add up a job's snapshot."""
    found = figures(job)
    stopped = BillStopCrp.objects.filter(snapshot=job.pk).aggregate(n=Sum("stopped"))["n"] or 0
    if found is None:
        return Totals(0, 0, 0)
    return Totals(found.summary_count, found.details_count, stopped)
