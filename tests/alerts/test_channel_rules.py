"""Which channel hears of what, and when: rules, hours, clocks that change."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts import deliver, lifecycle
from alerts.hours import Hours
from alerts.lifecycle.planning import Event, plan_alert, plan_event
from alerts.models import Alert, Channel, Delivery
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.receivers import Receiver, webhook

LONDON = ZoneInfo("Europe/London")
ALWAYS = {"kind": "webhook", "place": "hooks.example"}


def hears(alert: dict[str, Any], **channel: Any) -> bool:
    about = {"rule": "FAILED", "severity": "CRITICAL", "batch_code": "CM-DMRU", **alert}
    return bool(plan_alert(Alert(**about), [Channel(pk=7, **ALWAYS, **channel)], at=AT))


class TestRules:
    @pytest.mark.parametrize(
        ("alert", "channel", "heard"),
        [
            ({}, {}, True),
            ({"severity": "WARNING"}, {}, False),
            ({"severity": "WARNING"}, {"minimum_severity": "WARNING"}, True),
            ({"severity": "INFO"}, {"minimum_severity": "WARNING"}, False),
            ({}, {"rules": ["STUCK"]}, False),
            ({}, {"rules": ["STUCK", "FAILED"]}, True),
            ({}, {"batches": "D1-IMD\nCM-DMRU"}, True),
            ({"batch_code": "drill"}, {"batches": "D1-IMD\nCM-DMRU"}, False),
            ({"batch_code": ""}, {"batches": "D1-IMD"}, False),
            ({"record_only": True}, {}, False),
            ({"rule": "CHANNEL_FAILING", "key": "channel 8", "batch_code": ""},
             {"rules": ["STUCK"], "batches": "D1-IMD"}, True),
            ({"rule": "CHANNEL_FAILING", "key": "channel 7", "batch_code": ""}, {}, False),
        ],
    )  # fmt: skip
    def test_all_that_it_says_must_hold(
        self, alert: dict[str, Any], channel: dict[str, Any], heard: bool
    ) -> None:
        assert hears(alert, **channel) is heard

    @pytest.mark.parametrize(
        ("ends", "bad", "batches", "heard"),
        [
            ("none", True, "", False), ("bad", True, "", True), ("bad", False, "", False),
            ("all", False, "", True), ("all", False, "drill", True), ("all", False, "x", False),
        ],
    )  # fmt: skip
    def test_of_jobs_it_hears_what_it_says(
        self, ends: str, bad: bool, batches: str, heard: bool
    ) -> None:
        channel = Channel(pk=7, **ALWAYS, job_ends=ends, batches=batches)

        planned = plan_event(Event(type="drill", is_bad=bad), [channel], at=AT)

        assert bool(planned) is heard


def london(*clock: int, fold: int = 0) -> datetime:
    local = datetime(*clock).replace(tzinfo=LONDON, fold=fold)  # type: ignore[arg-type]  # noqa: DTZ001
    return local.astimezone(UTC)


class TestHours:
    OFFICE = Hours(time(8), time(18), frozenset(range(5)), LONDON)
    NIGHT = Hours(time(22), time(6), frozenset({4}), LONDON)

    @pytest.mark.parametrize(
        ("hours", "at", "earliest"),
        [
            (OFFICE, (2026, 3, 27, 9, 0), (2026, 3, 27, 9, 0)),
            (OFFICE, (2026, 3, 27, 8, 0), (2026, 3, 27, 8, 0)),
            (OFFICE, (2026, 3, 27, 7, 59), (2026, 3, 27, 8, 0)),
            # Friday evening, then the night in which clocks go forward, and back.
            (OFFICE, (2026, 3, 27, 18, 0), (2026, 3, 30, 8, 0)),
            (OFFICE, (2026, 10, 23, 18, 0), (2026, 10, 26, 8, 0)),
            (NIGHT, (2026, 3, 27, 23, 0), (2026, 3, 27, 23, 0)),
            (NIGHT, (2026, 3, 28, 5, 59), (2026, 3, 28, 5, 59)),
            (NIGHT, (2026, 3, 28, 6, 0), (2026, 4, 3, 22, 0)),
            # An hour that the clocks leave out begins as they go on.
            (Hours(time(1, 30), time(5), frozenset({6}), LONDON),
             (2026, 3, 29, 0, 0), (2026, 3, 29, 2, 30)),
            (Hours(time(), time(), frozenset(range(7)), LONDON),
             (2026, 10, 25, 1, 30), (2026, 10, 25, 1, 30)),
        ],
    )  # fmt: skip
    def test_it_waits_for_the_next_that_begin(
        self, hours: Hours, at: tuple[int, ...], earliest: tuple[int, ...]
    ) -> None:
        assert hours.earliest(london(*at)) == london(*earliest)

    def test_both_hours_of_a_night_that_has_one_twice_are_within(self) -> None:
        night = Hours(time(1), time(2), frozenset(range(7)), LONDON)

        for fold in (0, 1):
            at = london(2026, 10, 25, 1, 30, fold=fold)
            assert night.earliest(at) == at


@pytest.mark.django_db
class TestOutsideItsHours:
    @pytest.fixture
    def later(self, receiver: Receiver) -> Channel:
        """A channel whose hours begin in two hours."""
        begins = (database_now() + timedelta(hours=2)).astimezone(ZoneInfo("Asia/Dhaka"))
        ends = begins + timedelta(hours=1)
        channel, _ = webhook(
            receiver, hours_from=begins.time(), hours_until=ends.time().replace(microsecond=0)
        )
        return channel

    def begin(self) -> None:
        Delivery.objects.filter(next_try_at__gt=database_now()).update(next_try_at=database_now())

    def test_what_is_still_open_is_told_when_they_begin(
        self, later: Channel, receiver: Receiver
    ) -> None:
        opened()
        deliver.deliver_due()
        assert not receiver.got
        waiting = Delivery.objects.get()
        assert waiting.held_until
        assert waiting.give_up_at > waiting.next_try_at + timedelta(hours=23)

        self.begin()
        deliver.deliver_due()
        lifecycle.reconcile("FAILED", [finding()], at=AT, actor="system:test")

        assert len(receiver.got) == 1

    def test_what_is_over_by_then_is_told_to_nobody(
        self, later: Channel, receiver: Receiver
    ) -> None:
        opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        self.begin()

        deliver.deliver_due()

        assert not receiver.got
        assert not Delivery.objects.exists()
