"""What rules find of a business day: steps that do not start, wrong order, IMDs that stay."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchops.calendar import moment_in_day
from monitoring.rules.facts import PollFacts, far_apart
from monitoring.states import RunState
from tests.monitoring.pictures import at, complete, found, keys, picture, polls, run, step

SEGMENTS = step("CM_BSGGN", starts="11:00", depends_on="C1-PPBTR")
PREPAY = step("C1-PPBTR", starts="09:30", depends_on="D1-IMD", repeats=True)
IMD = step("D1-IMD", starts="07:00", depends_on="CM-DMRU", repeats=True, drains_imd=True)
READS = step()
STEPS = [READS, IMD, PREPAY, SEGMENTS]


class TestNotStarted:
    @pytest.mark.parametrize(("clock", "is_found"), [("05:30", False), ("05:31", True)])
    def test_after_expected_start_and_grace(self, *, clock: str, is_found: bool) -> None:
        assert bool(found("NOT_STARTED", picture(clock=clock))) == is_found

    @pytest.mark.parametrize(
        ("state", "is_found"),
        [
            (RunState.PENDING, False),
            (RunState.RUNNING, False),
            (RunState.GONE, False),
            (RunState.CANCELLED, True),
        ],
    )
    def test_any_run_of_the_day_will_do_but_a_cancelled_one(
        self, *, state: RunState, is_found: bool
    ) -> None:
        assert bool(found("NOT_STARTED", picture(run(state=state)))) == is_found

    def test_of_a_step_that_repeats_the_first_run_counts(self) -> None:
        early = complete("C1-PPBTR", began="09:35", ended="09:50")

        assert keys("NOT_STARTED", picture(early, steps=[PREPAY], clock="20:00")) == []

    def test_it_says_what_it_waits_for(self) -> None:
        seen = picture(run(), steps=[READS, IMD], clock="08:00")

        assert found("NOT_STARTED", seen)[0].message == (
            "Batch D1-IMD has not started. It was expected at 07:00. "
            "It waits for CM-DMRU (running)."
        )

    @pytest.mark.parametrize(
        ("zone", "day", "hour", "moment"),
        [
            # Clocks go from 02:00 to 03:00, and back from 03:00 to 02:00.
            ("Europe/Berlin", date(2026, 3, 29), time(7), "2026-03-29T05:00Z"),
            ("Europe/Berlin", date(2026, 3, 28), time(7), "2026-03-28T06:00Z"),
            ("Europe/Berlin", date(2026, 3, 28), time(2, 30), "2026-03-29T01:00Z"),
            ("Europe/Berlin", date(2026, 10, 24), time(4), "2026-10-25T03:00Z"),
            ("Asia/Dhaka", date(2026, 11, 30), time(1), "2026-11-30T19:00Z"),
        ],
    )
    def test_an_hour_is_found_in_its_business_day_whatever_clocks_do(
        self, zone: str, day: date, hour: time, moment: str
    ) -> None:
        site = ZoneInfo(zone)
        begins_at = datetime.combine(day, time(5), tzinfo=site).astimezone(UTC)

        assert moment_in_day(begins_at, hour, zone=site) == datetime.fromisoformat(moment)


class TestOutOfOrder:
    def test_one_that_ran_before_what_it_needs_was_complete(self) -> None:
        seen = picture(run("C1-PPBTR", began="09:35"), run("CM_BSGGN", began="09:50"), steps=STEPS)

        finding = found("OUT_OF_ORDER", seen)[0]

        assert finding.key == "CM_BSGGN"
        assert finding.evidence["seen"]["depends_on"] == "C1-PPBTR (running)"

    @pytest.mark.parametrize("began", ["09:30", "09:50"])
    def test_it_is_over_when_what_it_needs_completes(self, began: str) -> None:
        needed = complete("C1-PPBTR", began="09:35", ended="09:45")

        seen = picture(needed, run("CM_BSGGN", began=began), steps=STEPS)

        assert keys("OUT_OF_ORDER", seen) == []

    def test_a_later_run_of_what_it_needs_undoes_nothing(self) -> None:
        seen = picture(
            complete("C1-PPBTR", began="09:35", ended="09:45"),
            run("C1-PPBTR", began="09:55", key="C1-PPBTR 2/0"),
            run("CM_BSGGN", began="09:50"),
            steps=STEPS,
        )

        assert keys("OUT_OF_ORDER", seen) == []

    def test_steps_that_repeat_are_left_out(self) -> None:
        assert keys("OUT_OF_ORDER", picture(run("C1-PPBTR"), steps=STEPS)) == []

    def test_a_run_of_another_day_does_not_count(self) -> None:
        yesterdays = complete("C1-PPBTR", ended="09:45")

        seen = picture(
            yesterdays, run("CM_BSGGN"), steps=STEPS, today={"CM_BSGGN": [run("CM_BSGGN")]}
        )

        assert keys("OUT_OF_ORDER", seen) == ["CM_BSGGN"]

    @pytest.mark.parametrize(
        ("drained", "second_ends", "is_found"),
        [
            ([], "08:00", True),  # complete, but IMDs are pending
            (["08:15"], "08:00", False),
            (["07:25"], "08:00", True),  # none was pending, but its first run went on
            (["07:35"], "08:00", False),  # complete then, whatever came later
        ],
    )
    def test_a_step_that_drains_is_complete_with_none_pending(
        self, *, drained: Sequence[str], second_ends: str, is_found: bool
    ) -> None:
        needs_imd = step("CM_BSGGN", depends_on="D1-IMD")
        seen = picture(
            complete("D1-IMD", began="07:05", ended="07:30"),
            complete("D1-IMD", began="07:40", ended=second_ends, key="D1-IMD 2/0"),
            run("CM_BSGGN", began="09:00"),
            steps=[IMD, needs_imd],
            drained=[at(clock) for clock in drained],
        )

        assert bool(found("OUT_OF_ORDER", seen)) == is_found


READ = complete(ended="07:13")


class TestImdNotDraining:
    @pytest.mark.parametrize(
        ("pending", "is_found"),
        [
            ((9, 9, 9, 9), True),
            ((9, 10, 12, 12), True),
            ((9, 9, 9), False),
            ((9, 9, 9, 8), False),
            ((9, 8, 9, 9), False),
            ((0, 9, 9, 9), False),
            ((9, 9, 9, 0), False),
        ],
    )
    def test_pending_and_not_fewer_at_three_readings_running(
        self, *, pending: tuple[int, ...], is_found: bool
    ) -> None:
        seen = picture(READ, steps=STEPS, polls=polls(*pending))

        assert bool(found("IMD_NOT_DRAINING", seen)) == is_found

    def test_not_while_a_run_is_open(self) -> None:
        seen = picture(READ, run("D1-IMD"), steps=STEPS, polls=polls(9, 9, 9, 9))

        assert keys("IMD_NOT_DRAINING", seen) == []

    def test_not_while_what_it_depends_on_fills_the_queue(self) -> None:
        seen = picture(run(), steps=STEPS, polls=polls(9, 9, 9, 9))

        assert keys("IMD_NOT_DRAINING", seen) == []

    def test_not_from_readings_before_it_may_run(self) -> None:
        seen = picture(READ, steps=STEPS, clock="07:50", polls=polls(9, 9, 9, 9, until="07:50"))

        assert keys("IMD_NOT_DRAINING", seen) == []

    @pytest.mark.parametrize(
        ("pending", "stands"), [((9, 9), True), ((9, 8), False), ((9, 0), False)]
    )
    def test_once_found_it_stands_until_the_count_falls(
        self, *, pending: tuple[int, ...], stands: bool
    ) -> None:
        seen = picture(
            run("D1-IMD"),
            steps=STEPS,
            polls=polls(*pending),
            standing=frozenset({("IMD_NOT_DRAINING", "D1-IMD")}),
        )

        assert bool(found("IMD_NOT_DRAINING", seen)) == stands


GAP = timedelta(minutes=7, seconds=30)
MINUTES = st.lists(st.integers(-600, 600), min_size=1, max_size=40)
AT_ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestReadingsToCompare:
    @AT_ANY_SPEED
    @given(minutes=MINUTES)
    def test_they_lie_far_apart_and_end_with_the_last(self, minutes: list[int]) -> None:
        readings = [PollFacts(at() + timedelta(minutes=minute), 0) for minute in minutes]

        kept = far_apart(readings, GAP)

        assert kept[-1] == readings[-1]
        assert all(b.at - a.at >= GAP for a, b in pairwise(kept))

    @AT_ANY_SPEED
    @given(minutes=st.lists(st.integers(1, 60), min_size=1, max_size=12), doubled=st.data())
    def test_doubling_some_changes_nothing(
        self, minutes: list[int], doubled: st.DataObject
    ) -> None:
        moments = [at() + n * GAP * 2 for n in range(len(minutes))]
        readings = [PollFacts(moment, 0) for moment in moments]
        again = [
            PollFacts(moment - timedelta(seconds=2), 0)
            for moment in moments
            if doubled.draw(st.booleans())
        ]

        both = sorted([*readings, *again], key=lambda poll: poll.at)

        assert far_apart(both, GAP) == tuple(readings)
