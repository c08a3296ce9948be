"""Describe CRPs and connections as the columns of a file."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from batchops.exports import Column, Export
from jobs.models import Job
from jobs.types.bill_stop import queries, rules
from jobs.types.bill_stop.models import BillStopConnection, BillStopCrp


def crps_export(job: Job, found: QuerySet[BillStopCrp]) -> Export:
    """Return CRPs of a job's snapshot as an export."""
    columns = [
        Column(_("CRP account"), lambda crp: crp.crp_account_no),
        Column(_("Connections"), lambda crp: crp.total),
        Column(_("Bill stop"), lambda crp: crp.stopped),
        Column(_("Active billing"), lambda crp: crp.active),
        Column(_("Bill stop, percent"), lambda crp: round(crp.stopped_pct, 2)),
    ]
    return Export.of(found, name=_name("crps", job), columns=columns)


def connections_export(job: Job, found: QuerySet[BillStopConnection], *, personal: bool) -> Export:
    """Return connections as an export; without `personal` it has no column that says who."""
    who = [
        Column(_("Customer"), lambda one: one.customer_name),
        Column(_("Address"), lambda one: one.address),
        Column(_("Phone"), lambda one: one.phone_no),
    ]
    columns = [
        Column(_("CRP account"), lambda one: one.crp_account_no),
        Column(_("CPC customer"), lambda one: one.cpc_customer_no),
        Column(_("Meter"), lambda one: one.meter_no),
        *(who if personal else []),
        Column(_("NOCS"), lambda one: one.nocs_name),
        Column(_("Agreement"), lambda one: one.sa_status_desc),
        Column(_("Last bill"), _last_bill),
        Column(_("Days since bill"), lambda one: one.days_since_bill),
        Column(_("Billing"), _billing),
        Column(_("Reason"), lambda one: rules.reason_in_words(one.reason)),
        Column(_("Balance"), lambda one: float(one.balance)),
    ]
    return Export.of(found, name=_name("connections", job), columns=columns)


def _name(what: str, job: Job) -> str:
    return f"bill-stop-{what}-{queries.batch_date(job)}"


def _last_bill(one: Any) -> str:
    return one.last_bill_date.isoformat() if one.last_bill_date else ""


def _billing(one: Any) -> str:
    return _(rules.STOPPED_WORD if one.is_stopped else rules.ACTIVE_WORD)
