"""Which connection counts as stopped, and why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jobs.types.bill_stop import rules
from tests.jobs.agreements import DAY


class TestRule:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"last_bill_on": DAY}, rules.BILLED),
            ({"last_bill_on": date(2026, 11, 19)}, rules.BILLED),
            ({"last_bill_on": date(2026, 11, 18)}, rules.NOT_BILLED_SINCE),
            ({"has_error": True}, rules.SEGMENT_IN_ERROR),
            ({"has_error": True, "has_unfrozen": True}, rules.SEGMENT_IN_ERROR),
            ({"has_unfrozen": True}, rules.SEGMENT_NOT_FROZEN),
            ({}, rules.NEVER_BILLED),
            ({"has_segment": False}, rules.NO_SEGMENT),
            ({"has_segment": False, "started_on": date(2026, 11, 20)}, rules.NEW),
            ({"has_error": True, "last_bill_on": DAY}, rules.BILLED),
        ],
    )
    def test_names_the_reason(self, changes: dict[str, Any], reason: str) -> None:
        billing = rules.Billing(
            **{
                "started_on": date(2024, 1, 1),
                "last_bill_on": None,
                "has_error": False,
                "has_unfrozen": False,
                "has_segment": True,
                **changes,
            }
        )
        since = rules.counts_from(DAY, rule="days", days=3)

        assert rules.reason_of(billing, counts_from=since) == reason

    def test_the_month_counts_from_its_first(self) -> None:
        assert rules.counts_from(DAY, rule="month", days=3) == date(2026, 11, 1)
