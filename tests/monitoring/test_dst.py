"""Nights on which clocks are put back or forward: CC&B's dates do not say which hour they mean."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.models import Alert
from monitoring.models import Poll, Run, Step
from tests.monitoring.source import FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


def as_read(moment: datetime) -> datetime:
    """Return what the reader makes of the wall clock at that moment: always the first of two."""
    wall = moment.astimezone(LONDON).replace(tzinfo=None)
    return wall.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


@pytest.fixture
def in_london(settings: Any) -> None:
    settings.SITE_ZONE = LONDON


@pytest.mark.usefixtures("in_london")
class TestNights:
    def test_the_hour_that_comes_twice_is_told_apart(
        self, ccb: FakeCcb, poll: Callable[[], Poll]
    ) -> None:
        """At 01:00 UTC clocks go from 02:00 back to 01:00: what is read goes back an hour."""
        midnight = datetime(2026, 10, 25, tzinfo=UTC)
        long, short = midnight - timedelta(minutes=15), midnight + timedelta(minutes=65)
        moved, clocks = [], []
        for minute in range(-15, 150, 15):
            now = midnight + timedelta(minutes=minute)
            ccb.clock = as_read(now)
            ccb.count(ccb.run("CM-DMRU", started_at=as_read(long)), minute)
            if minute == 75:
                ccb.run("BILLREST", started_at=as_read(short))
            if minute == 90:
                ccb.complete("BILLREST", ended_at=as_read(short + timedelta(minutes=20)))
            clocks.append(poll().source_at)
            moved.append(Run.objects.get(batch_code="CM-DMRU").moved_at)

        assert clocks == moved
        assert clocks == [midnight + timedelta(minutes=m) for m in range(-15, 150, 15)]
        run = Run.objects.get(batch_code="BILLRESTSMS")
        assert (run.started_at, run.duration_seconds) == (short, 1200)
        assert Run.objects.get(batch_code="CM-DMRU").started_at == long

    def test_the_hour_that_is_left_out_is_no_time_that_passed(
        self, ccb: FakeCcb, poll: Callable[[], Poll]
    ) -> None:
        """At 01:00 UTC clocks go from 01:00 to 02:00."""
        begun = datetime(2026, 3, 29, 0, 45, tzinfo=UTC)
        ccb.clock = as_read(begun + timedelta(minutes=45))
        ccb.run("CM-DMRU", started_at=as_read(begun))
        poll()
        ccb.complete("CM-DMRU")
        poll()

        assert Run.objects.get().duration_seconds == 45 * 60

    def test_a_step_is_late_when_the_rule_says_so_in_the_hour_that_comes_twice(
        self, ccb: FakeCcb, poll: Callable[[], Poll]
    ) -> None:
        """Expected at 00:45 UTC with half an hour's grace, which ends after clocks went back."""
        Step.objects.filter(batch_code="CM-DMRU").update(expected_start=time(1, 45))
        late, client = {}, client_of("Viewer")
        for minute in (10, 20):
            ccb.clock = as_read(datetime(2026, 10, 25, 1, minute, tzinfo=UTC))
            poll()
            answer = client.get("/api/ami-operational/batch-timeline").json()
            found = Alert.objects.filter(rule="NOT_STARTED", batch_code="CM-DMRU").exists()
            late[minute] = (answer["data"]["timeline"][0]["isLate"], found)

        assert late == {10: (False, False), 20: (True, True)}
