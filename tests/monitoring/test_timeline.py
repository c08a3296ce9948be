"""The business day as it is drawn: states, what is late, what is unknown."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from monitoring import queries, timeline
from monitoring.bodies import StepBody
from monitoring.models import Poll, Run, Step
from monitoring.shown import StepView, Timeline
from tests.monitoring.source import TODAY, FakeCcb
from tests.monitoring.stored import stored_run

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


def drawn(day: date | None = None) -> Timeline:
    return timeline.draw(day, at=timezone.now())


def step(code: str, day: date | None = None) -> StepView:
    return next(s for s in drawn(day).steps if s.step.batch_code == code)


def past_runs(code: str, n: int, records: int, day: date = TODAY) -> None:
    for back in range(1, n + 1):
        began = datetime.combine(day - timedelta(days=back), time(1), tzinfo=UTC)
        ended_at = began + timedelta(hours=2)
        stored_run(code, 1000 + back, began_at=began, ended_at=ended_at, records_processed=records)


def word_of(facts: StepBody) -> str:
    status = facts["todayStatus"]
    assert status is not None
    return status["status"]


class TestStates:
    def test_six_steps_stand_in_order(self) -> None:
        codes = [s.step.batch_code for s in drawn().steps]

        assert codes == ["CM-DMRU", "D1-IMD", "C1-PPBTR", "F1-FLUSH", "CM_BSGGN", "BILLRESTSMS"]

    def test_nothing_read_yet_is_unknown(self) -> None:
        assert {s.look.code for s in drawn().steps} == {"unknown"}

    @pytest.mark.parametrize(
        ("code", "look", "word"),
        [
            ("10", "pending", "Pending"),
            ("20", "running", "Running"),
            ("30", "failed", "Error"),
            ("40", "complete", "Complete"),
            ("IP", "running", "Running"),
            ("ER", "failed", "Error"),
            ("CO", "complete", "Complete"),
            ("ED", "ended", "Ended"),
            ("xx", "unknown", "Unknown"),
        ],
    )
    def test_codes_have_their_words(
        self, ccb: FakeCcb, poll: MakePoll, code: str, look: str, word: str
    ) -> None:
        ccb.run("CM-DMRU", status=code)
        poll()

        shown = step("CM-DMRU")

        assert shown.look.code == look
        assert word_of(shown.facts()) == word

    def test_an_unknown_code_is_named(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.run("CM-DMRU", status="xx")
        poll()

        assert step("CM-DMRU").look.label == "Unknown code 'xx'"

    def test_an_unrepaired_error_wins_over_a_later_run(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("C1-PPBTR", 1)
        ccb.advance(minutes=5)
        ccb.complete("C1-PPBTR", 2)
        poll()

        shown = step("C1-PPBTR")

        assert shown.look.code == "failed"
        assert len(shown.runs) == 2

    def test_the_latest_run_stands_for_the_step(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.complete("C1-PPBTR", 1)
        ccb.advance(minutes=5)
        ccb.run("C1-PPBTR", 2)
        poll()

        assert step("C1-PPBTR").look.code == "running"

    def test_a_step_is_late_behind_its_grace(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.advance(minutes=-1)
        poll()
        assert step("CM-DMRU").look.code == "pending"  # 05:29, expected 05:00, grace 30 min

        ccb.advance(minutes=2)
        poll()

        assert step("CM-DMRU").look.code == "late"
        assert step("D1-IMD").look.code == "pending"

    def test_the_imd_step_is_complete_only_without_pending_ones(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.complete("D1-IMD")
        ccb.imd = 12
        poll()

        waiting = step("D1-IMD").facts()
        ccb.imd = 0
        poll()
        done = step("D1-IMD").facts()

        assert (word_of(waiting), waiting["needsToRun"]) == ("Pending", True)
        assert waiting["pendingIMDCount"] == 12
        assert (word_of(done), done["needsToRun"]) == ("Complete", False)

    def test_a_past_day_that_left_imds_pending_is_not_complete(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.complete("D1-IMD")
        ccb.imd = 500
        poll()
        ccb.advance(days=1)
        ccb.imd = 0
        poll()

        left = step("D1-IMD", TODAY).facts()

        assert (word_of(left), left["needsToRun"]) == ("Pending", True)
        assert left["pendingIMDCount"] == 500


class TestStale:
    def test_what_moved_becomes_unknown_and_what_ended_stays(
        self, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        ccb.complete("CM-DMRU")
        ccb.run("D1-IMD")
        poll()

        made_stale()

        looks = {s.step.batch_code: s.look.code for s in drawn().steps}
        assert looks["CM-DMRU"] == "complete"
        assert looks["D1-IMD"] == "unknown"
        assert looks["C1-PPBTR"] == "unknown"
        assert word_of(step("D1-IMD").facts()) == "Unknown"

    def test_a_past_day_that_was_not_read_to_its_end_is_unknown(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        tomorrow = poll().started_at + timedelta(days=1)

        shown = timeline.draw(TODAY, at=tomorrow)

        assert timeline.draw(None, at=tomorrow).day == TODAY + timedelta(days=1)
        assert {s.look.code for s in shown.steps} == {"unknown"}

    def test_a_past_day_that_was_read_to_its_end_stays_known(
        self, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        poll()
        made_stale()

        assert step("CM-DMRU", TODAY - timedelta(days=1)).look.code == "late"


@pytest.fixture
def ordinary_day(ccb: FakeCcb) -> date:
    """Today in CC&B, never the last of a month, which is compared with its like alone."""
    month_end = (TODAY + timedelta(days=1)).day == 1
    ccb.advance(days=int(month_end))
    return TODAY + timedelta(days=int(month_end))


class TestProgress:
    def test_it_is_hidden_without_history(
        self, ccb: FakeCcb, poll: MakePoll, ordinary_day: date
    ) -> None:
        past_runs("CM-DMRU", 19, 1000, ordinary_day)
        ccb.count(ccb.run("CM-DMRU"), 500)
        poll()

        assert step("CM-DMRU").progress_pct is None

    @pytest.mark.parametrize(("records", "shown"), [(500, 50), (999, 99), (5000, 99)])
    def test_it_is_of_usual_and_at_most_99(
        self, ccb: FakeCcb, poll: MakePoll, ordinary_day: date, records: int, shown: int
    ) -> None:
        past_runs("CM-DMRU", 60, 1000, ordinary_day)
        ccb.count(ccb.run("CM-DMRU"), records)
        poll()

        assert step("CM-DMRU").progress_pct == shown

    def test_days_of_the_same_weekday_go_before_all_others(
        self, ccb: FakeCcb, poll: MakePoll, ordinary_day: date
    ) -> None:
        past_runs("CM-DMRU", 300, 1000, ordinary_day)
        same = [ordinary_day - timedelta(weeks=n) for n in range(1, 43)]
        Run.objects.filter(business_date__in=same).update(records_processed=2000)
        ccb.count(ccb.run("CM-DMRU"), 500)
        poll()

        assert step("CM-DMRU").progress_pct == 25

    def test_the_imd_step_goes_by_what_is_left(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.run("D1-IMD")
        for pending in (800, 1000, 250):
            ccb.imd = pending
            poll()

        assert step("D1-IMD").progress_pct == 75


class TestBusinessDay:
    def test_before_five_it_is_still_yesterday(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.advance(minutes=-31)  # 04:59 in Dhaka
        ccb.run("F1-FLUSH")
        poll()

        assert drawn().day == TODAY - timedelta(days=1)
        assert step("F1-FLUSH").look.code == "running"

    @pytest.mark.parametrize("shift", [date(2026, 3, 29), date(2026, 10, 25)])
    def test_a_clock_change_moves_no_run_to_another_day(
        self, settings: Any, poll: MakePoll, shift: date
    ) -> None:
        """In Berlin these days last 23 and 25 hours; each begins at 05:00 by the wall."""
        settings.SITE_ZONE = ZoneInfo("Europe/Berlin")
        before = datetime.combine(shift, time(4, 59), tzinfo=settings.SITE_ZONE)
        config = queries.monitoring_config()
        site = queries.site(config)

        begins, ends = queries.day_bounds(shift - timedelta(days=1), config)

        assert site.day_of(before) == shift - timedelta(days=1)
        assert site.day_of(before + timedelta(minutes=1)) == shift
        assert ends - begins == timedelta(hours=23 if shift.month == 3 else 25)

    def test_a_past_day_shows_its_own_runs(self, ccb: FakeCcb, poll: MakePoll) -> None:
        past_runs("CM-DMRU", 3, 1000)
        poll()

        shown = step("CM-DMRU", TODAY - timedelta(days=2))

        assert shown.look.code == "complete"
        assert [view.run.batch_nbr for view in shown.runs] == [1002]


class TestClock:
    def test_elapsed_goes_by_the_sources_clock(
        self, ccb: FakeCcb, poll: MakePoll, settings: Any
    ) -> None:
        settings.CCB_CLOCK_SPEED = 60
        ccb.run("CM-DMRU")
        ccb.advance(minutes=10)
        made = poll()

        view = timeline.draw(None, at=made.started_at + timedelta(seconds=5)).steps[0].shown

        assert view is not None
        assert view.elapsed_s == 15 * 60
        assert view.ticks_from is None

    def test_the_rate_is_that_of_the_last_reading_however_long_ago(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.advance(minutes=10)
        ccb.count(key, 60_000)
        made = poll()

        view = timeline.draw(None, at=made.started_at + timedelta(minutes=10)).steps[0].shown

        assert view is not None
        assert (view.elapsed_s, view.rps) == (20 * 60, 100)

    def test_pages_count_on_from_our_own_clock(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.run("CM-DMRU")
        ccb.advance(minutes=10)
        made = poll()

        view = timeline.draw(None, at=made.started_at).steps[0].shown

        assert view is not None
        assert view.ticks_from == made.started_at - timedelta(minutes=10)


class TestStepsTable:
    def test_first_data_keeps_what_people_edited(self) -> None:
        from monitoring.lifecycle import seed_workflow

        Step.objects.filter(batch_code="F1-FLUSH").delete()
        Step.objects.filter(batch_code="CM-DMRU").update(max_minutes=300)

        seed_workflow()

        assert Step.objects.count() == 5
        assert Step.objects.get(batch_code="CM-DMRU").max_minutes == 300
