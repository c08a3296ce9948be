"""Stand in for CC&B where bill stop reads agreements, press its button and do its jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from batchops.ccb.bill_stop import IDS, Agreement, IdRange, Reading
from batchops.ccb.errors import CcbError
from jobs.models import Job
from jobs.runner import run_slice
from jobs.types.bill_stop import job_type

DAY = date(2026, 11, 22)
RANGES = 4
BATCH = "/api/crp-cpc/bill-stop-batch"
SECRETS = ("Tea stall 0007", "House 7, Dhaka", "01000000007")


def agreement(number: int, *, of: int, crp: str = "", **changes: object) -> Agreement:
    """Return made agreement `number` of so many: every fifth is not billed any more."""
    known = {
        "sa_id": f"{IDS * number // of:010}",
        "status": "20",
        "started_on": date(2024, 1, 1),
        "crp_account_no": crp or f"3000000{number % 3}",
        "cpc_customer_no": f"2{number:07}",
        "meter_no": f"{number:08}",
        "customer_name": SECRETS[0],
        "address": SECRETS[1],
        "phone_no": SECRETS[2],
        "nocs_name": "NOCS North 1",
        "status_text": "Active",
        "last_bill_on": DAY - timedelta(days=1 if number % 5 else 9),
        "has_error": number % 10 == 0,
        "has_unfrozen": False,
        "has_segment": True,
        "balance_cents": -12_345,
    }
    return Agreement(**{**known, **changes})  # type: ignore[arg-type]


@dataclass
class FakeBilling:
    """Answers each range with those of `agreements` in it; `fails` may raise for a range."""

    agreements: list[Agreement]
    fails: Callable[[IdRange], CcbError | None] = lambda span: None
    asked: list[IdRange] = field(default_factory=list)

    def read_agreements(self, span: IdRange, **_: object) -> Reading:
        self.asked.append(span)
        error = self.fails(span)
        if error is not None:
            raise error
        found = [one for one in self.agreements if span.low <= int(one.sa_id) <= span.high]
        return Reading(DAY, found)


def fake_billing(patch: pytest.MonkeyPatch, agreements: int = 30) -> FakeBilling:
    """Let bill-stop jobs of this process read made agreements."""
    made = FakeBilling([agreement(number, of=agreements) for number in range(agreements)])
    patch.setattr(job_type, "read_agreements", made.read_agreements)
    return made


def press(client: Client) -> Any:
    """Press the button, as a program does."""
    return client.post(f"{BATCH}/trigger")


def run(client: Client) -> Job:
    """Press the button and do the job in this process."""
    return work(Job.objects.get(pk=press(client).json()["jobId"]))


def work(job: Job) -> Job:
    """Do a job in this process, to its summary."""
    for _ in range(20):
        run_slice()
        job.refresh_from_db()
        if not job.is_open and job.summarised_at is not None:
            return job
    raise AssertionError(f"job {job.pk} is still {job.state}")
