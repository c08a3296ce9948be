"""Forecasts as pure functions: what they go by, and what may never reach them."""

from dataclasses import replace
from datetime import date, timedelta
from math import inf
from random import Random
from typing import Any

import pytest

from monitoring.forecast import backtest
from monitoring.forecast.backtest import Warned, back_test
from monitoring.forecast.facts import (
    Course,
    DayNow,
    PastDay,
    Reading,
    StepPast,
    StepPlan,
)
from monitoring.forecast.history import basis_for
from monitoring.forecast.outlook import Band, Outlook, StepOutlook, look_ahead
from monitoring.forecast.paths import Supposed
from monitoring.forecast.quantiles import quantile, share_over
from monitoring.forecast.record import DayRecord, RunRecord, Sample
from monitoring.forecast.scores import WarnedDay, scores, warnings
from monitoring.forecast.why import Cause, Span, causes

HOUR, MINUTE = 3600.0, 60.0
DAY = date(2026, 11, 18)
PLANS = (
    StepPlan(code="READS", expected_s=0.0),
    StepPlan(code="IMD", expected_s=2 * HOUR, depends_on="READS", drains_imd=True),
    StepPlan(code="BILLS", expected_s=6 * HOUR, depends_on="READS", deadline_s=9 * HOUR),
)
WARNED = Warned(over_pct=35, in_a_row=2)


def past(n: int, **took_s: float) -> PastDay:
    """Return the day `n` days before; each step begins at its hour, when what it needs is done."""
    steps: dict[str, StepPast] = {}
    for plan in PLANS:
        if plan.code in took_s:
            took = took_s[plan.code]
            above = steps.get(plan.depends_on)
            begins_s = max(plan.expected_s, above.done_s if above else 0.0)
            steps[plan.code] = StepPast(0.0, took, 100 * took, 0.0, begins_s + took)
    finished_s = max(step.done_s for step in steps.values())
    return PastDay(day=DAY - timedelta(days=n), kind="ordinary", steps=steps, finished_s=finished_s)


def steady(days: int = 60, *, bills_s: float = 2 * HOUR) -> list[PastDay]:
    """Return days that differ by up to ten minutes."""
    dice = Random(1)
    return [
        past(n, READS=HOUR, IMD=HOUR, BILLS=bills_s + dice.uniform(-5, 5) * MINUTE)
        for n in range(1, days + 1)
    ]


def every_other(hours: int, others: int) -> list[tuple[int, int]]:
    """Return how many days before, and hours that alternate from week to week."""
    return [(n, others if n // 7 % 2 else hours) for n in range(1, 281)]


def now(at_s: float, **steps: Course) -> DayNow:
    return DayNow(day=DAY, at_s=at_s, plans=PLANS, steps=steps, deadline_s=9 * HOUR)


def ahead(at_s: float, history: list[PastDay] | None = None, **steps: Course) -> Outlook:
    days = steady() if history is None else history
    return look_ahead(now(at_s, **steps), basis_for(DAY, "ordinary", days))


def of(code: str, outlook: Outlook) -> StepOutlook:
    return next(step for step in outlook.steps if step.code == code)


def band_of(outlook: Outlook) -> Band:
    assert outlook.band
    return outlook.band


def done(began_s: float, ended_s: float) -> Course:
    return Course(began_s, ended_s, 1000)


def record(n: int, *, bills_s: float, watched: bool = True) -> DayRecord:
    """Return a stored day whose bills begin at their hour and do 100 records a second."""
    began, ended = 6 * HOUR, 6 * HOUR + bills_s
    instants = [at * 15 * MINUTE for at in range(60)]
    samples = [Sample(at, int((at - began) * 100)) for at in instants if began <= at < ended]
    return DayRecord(
        day=DAY - timedelta(days=n),
        kind="ordinary",
        plans=PLANS,
        deadline_s=9 * HOUR,
        runs=[
            RunRecord("READS", 0.0, HOUR, complete=True, records=360_000),
            RunRecord("IMD", 2 * HOUR, 3 * HOUR, complete=True, records=360_000),
            RunRecord("BILLS", began, ended, True, int(bills_s * 100), samples if watched else ()),
        ],
        readings=[Reading(at, 0 if at >= 3 * HOUR else 5) for at in instants] if watched else [],
    )


class TestQuantiles:
    def test_a_new_value_falls_between_p10_and_p90_in_80_of_100_cases(self) -> None:
        dice, inside = Random(3), 0
        for _ in range(2000):
            seen = sorted([dice.gauss(0, 1) for _ in range(20)] * 5)
            low, high = (quantile(seen, share, times=5) for share in (0.1, 0.9))
            inside += low <= dice.gauss(0, 1) <= high

        assert 0.77 < inside / 2000 < 0.83

    def test_the_share_over_a_limit_leaves_out_what_equals_it(self) -> None:
        assert share_over([1, 2, 3, inf], 2) == 0.5


class TestComparableDays:
    def test_with_under_20_nothing_is_said(self) -> None:
        outlook = ahead(0.0, steady(19))

        assert outlook.band is None
        assert outlook.steps == ()
        assert basis_for(DAY, "ordinary", steady(19)).found == 19

    def test_the_same_weekday_counts_alone_once_there_are_20(self) -> None:
        assert basis_for(DAY, "ordinary", steady(139)).weekday is None
        assert basis_for(DAY, "ordinary", steady(140)).weekday == DAY.weekday()

    def test_other_classes_never_count(self) -> None:
        holidays = [replace(each, kind="holiday") for each in steady(60)]

        assert basis_for(DAY, "ordinary", [*holidays, *steady(5)]).found == 5

    def test_a_past_day_is_brought_to_the_level_of_the_last_fortnight(self) -> None:
        slower = [past(n, READS=HOUR, BILLS=(2 if n > 14 else 3) * HOUR) for n in range(1, 61)]

        median = of("BILLS", ahead(0.0, slower)).band.p50_s

        assert median == pytest.approx(9 * HOUR, abs=MINUTE)


class TestForecast:
    def test_a_late_step_makes_late_what_waits_for_it(self) -> None:
        late = ahead(6.5 * HOUR, READS=Course(6 * HOUR, None, 1000))

        assert of("BILLS", late).start_s >= 6.9 * HOUR
        assert band_of(late).p50_s > band_of(ahead(0.0)).p50_s + 30 * MINUTE

    def test_steps_of_one_past_day_stay_together(self) -> None:
        """Reads and bills are long on the same days: both or none, never one of them."""
        days = [past(n, READS=hours * HOUR, BILLS=hours * HOUR) for n, hours in every_other(7, 9)]
        today = replace(now(0.0), deadline_s=15 * HOUR)

        outlook = look_ahead(today, basis_for(DAY, "ordinary", days))

        assert band_of(outlook).miss_pct == 50

    def test_a_slow_pace_of_records_tells_more_than_the_time(self) -> None:
        usual: Any = {"READS": done(0, HOUR), "IMD": done(2 * HOUR, 3 * HOUR)}
        even = ahead(7 * HOUR, **usual, BILLS=Course(6 * HOUR, None, 360_000, HOUR))
        slow = ahead(7 * HOUR, **usual, BILLS=Course(6 * HOUR, None, 180_000, HOUR))

        assert of("BILLS", even).by == of("BILLS", slow).by == "records"
        assert band_of(even).p50_s == pytest.approx(8 * HOUR, abs=5 * MINUTE)
        assert 9.4 * HOUR < band_of(slow).p50_s < 10.1 * HOUR

    def test_without_records_only_days_that_took_longer_count(self) -> None:
        days = [past(n, READS=HOUR, BILLS=hours * HOUR) for n, hours in every_other(2, 4)]

        step = of("BILLS", ahead(8.5 * HOUR, days, BILLS=Course(6 * HOUR, None, None)))

        assert step.by == "time"
        assert step.band.p10_s == step.band.p90_s == 10 * HOUR

    def test_what_overran_all_days_is_expected_to_go_on_the_longer_it_lasts(self) -> None:
        outlooks = [
            ahead(6 * HOUR + took, BILLS=Course(6 * HOUR, None, int(100 * took), took))
            for took in (2.5 * HOUR, 2.9 * HOUR)
        ]

        first, second = (of("BILLS", each) for each in outlooks)
        assert first.by == "overrun"
        assert (second.band.miss_pct or 0) > (first.band.miss_pct or 0) > 40

    def test_measurements_are_expected_to_drain_at_their_pace(self) -> None:
        busy = Course(2 * HOUR, None, 180_000, busy_s=HOUR / 2, pending=90_000)

        step = of("IMD", ahead(2.5 * HOUR, READS=done(0, HOUR), IMD=busy))

        assert step.by == "drain"
        assert step.band.p50_s == pytest.approx(2.75 * HOUR, abs=2 * MINUTE)

    def test_what_stands_still_is_late_for_as_long_again_in_the_median(self) -> None:
        at_s, still_s = 8 * HOUR, HOUR
        stuck = Course(6 * HOUR, None, 360_000, 2 * HOUR, still_s)

        step = of("BILLS", ahead(at_s, BILLS=stuck))

        assert (step.state, step.by) == ("running", "still")
        assert step.band.p50_s == pytest.approx(at_s + HOUR + still_s, abs=20 * MINUTE)

    def test_what_failed_is_not_said_to_run(self) -> None:
        failed = Course(6 * HOUR, None, 360_000, HOUR, still_s=MINUTE, failed=True)

        step = of("BILLS", ahead(8 * HOUR, BILLS=failed))

        assert (step.state, step.by) == ("failed", "still")

    def test_what_has_not_begun_in_time_is_not_expected_before_now(self) -> None:
        step = of("BILLS", ahead(7 * HOUR, READS=done(0, HOUR)))

        assert step.start_s == pytest.approx(8 * HOUR, abs=10 * MINUTE)
        assert step.band.p10_s >= 8.9 * HOUR

    def test_what_is_done_stays_as_it_was(self) -> None:
        outlook = ahead(
            9.5 * HOUR,
            READS=done(0, HOUR),
            IMD=done(2 * HOUR, 3 * HOUR),
            BILLS=done(6 * HOUR, 9.25 * HOUR),
        )

        assert outlook.finished_s == 9.25 * HOUR
        assert outlook.band == Band(9.25 * HOUR, 9.25 * HOUR, 9.25 * HOUR, 100.0)

    def test_the_same_facts_give_the_same_forecast(self) -> None:
        stuck = Course(6 * HOUR, None, 360_000, 2 * HOUR, HOUR)

        assert ahead(8 * HOUR, BILLS=stuck) == ahead(8 * HOUR, BILLS=stuck)


class TestWhatIf:
    @pytest.mark.parametrize(
        ("supposed", "later_s"),
        [
            (Supposed("BILLS", late_s=40 * MINUTE), 40 * MINUTE),
            (Supposed("BILLS", times=2), 2 * HOUR),
        ],
    )
    @pytest.mark.parametrize("began", [False, True])
    def test_a_step_is_later_or_takes_longer(
        self, supposed: Supposed, later_s: float, began: bool
    ) -> None:
        course = Course(6 * HOUR, None, 18_000) if began else Course()
        today = now(6.05 * HOUR, READS=done(0, HOUR), IMD=done(2 * HOUR, 3 * HOUR), BILLS=course)
        basis = basis_for(DAY, "ordinary", steady())

        as_is, as_if = (look_ahead(today, basis, supposed=each) for each in (None, supposed))

        moved_s = band_of(as_if).p50_s - band_of(as_is).p50_s
        assert moved_s == pytest.approx(later_s, abs=5 * MINUTE)


class TestCauses:
    def test_they_name_the_step_that_moved_and_not_those_that_only_wait_for_it(self) -> None:
        before = {"READS": Span(0, HOUR), "BILLS": Span(6 * HOUR, 8 * HOUR)}
        after = {"READS": Span(0, 7 * HOUR), "BILLS": Span(7 * HOUR, 9 * HOUR)}

        found = causes(PLANS, before, after, later_s=HOUR)

        assert found == [Cause("READS", "takes", 6 * HOUR)]

    def test_what_made_up_for_some_of_it_is_no_cause(self) -> None:
        before = {"BILLS": Span(6 * HOUR, 8 * HOUR)}
        after = {"BILLS": Span(7 * HOUR, 8.5 * HOUR)}

        found = causes(PLANS, before, after, later_s=HOUR / 2)

        assert found == [Cause("BILLS", "starts", HOUR)]


class TestBackTest:
    HISTORY = [record(n, bills_s=2 * HOUR + (n % 9) * MINUTE) for n in range(1, 61)]

    def outcome(self, own: DayRecord, others: list[PastDay]) -> Any:
        return back_test(own, others, WARNED)

    def test_nothing_of_the_day_itself_or_later_reaches_its_forecasts(self) -> None:
        """Whatever the history holds of that day and later ones, the forecasts are the same."""
        own = replace(record(0, bills_s=2 * HOUR), day=DAY)
        before = [gone for each in self.HISTORY if (gone := each.past())]
        absurd = [past(n, READS=15 * HOUR, IMD=HOUR, BILLS=9 * HOUR) for n in range(-30, 1)]

        clean, tainted = (self.outcome(own, days) for days in (before, [*before, *absurd]))

        assert clean.days == tainted.days == 60
        assert clean == tainted

    def test_nothing_that_came_after_a_moment_reaches_the_forecast_of_that_moment(self) -> None:
        """Two days that are alike until bills are half done have the same forecasts until then."""
        quick = replace(record(0, bills_s=2 * HOUR), day=DAY)
        slow = replace(record(0, bills_s=8 * HOUR), day=DAY)
        basis = basis_for(DAY, "ordinary", [gone for r in self.HISTORY if (gone := r.past())])

        for at_s in (0.0, 2.5 * HOUR, 6 * HOUR, 7 * HOUR, 7.75 * HOUR):
            assert look_ahead(quick.now(at_s), basis) == look_ahead(slow.now(at_s), basis)
        assert look_ahead(quick.now(8.5 * HOUR), basis) != look_ahead(slow.now(8.5 * HOUR), basis)

    def test_a_day_that_nobody_watched_tells_only_what_had_begun_and_ended(self) -> None:
        own = record(0, bills_s=2 * HOUR, watched=False)

        half = own.now(7 * HOUR).steps

        assert half["IMD"].finished_s == 3 * HOUR
        assert half["BILLS"] == Course(6 * HOUR, None, None, HOUR)

    def test_it_announces_a_miss_before_the_deadline_and_counts_it(self) -> None:
        missed = replace(record(0, bills_s=5 * HOUR), day=DAY)

        test = self.outcome(missed, [gone for each in self.HISTORY if (gone := each.past())])

        assert test.whole.done_s == 11 * HOUR
        assert 8 * HOUR < test.announced_s < 9 * HOUR
        assert set(test.whole.bands) == {0, 25, 50, 75}
        assert test.whole.rivals.keys() == {"yesterday", "mean", "weekday"}
        assert test.steps["BILLS"].bands[75].p50_s > 8.5 * HOUR


class TestScores:
    def test_errors_and_bands_are_counted_beside_the_rivals(self) -> None:
        tested = [
            backtest.Tested(100.0, {50: Band(90, 95, 110)}, {"yesterday": 80, "mean": 110}),
            backtest.Tested(200.0, {50: Band(150, 170, 190)}, {"yesterday": 260, "mean": 150}),
            backtest.Tested(None, {50: Band(150, 170, 190)}, {}),
        ]

        (score,) = scores(tested)

        assert (score.part, score.n, score.inside_pct, score.error_s) == (50, 2, 50.0, 17.5)
        assert score.rivals_s == {"yesterday": 40.0, "mean": 30.0}
        assert score.better_pct == pytest.approx(41.7)

    def test_warnings_are_false_or_announce_a_miss_early_or_come_too_late(self) -> None:
        found = warnings(
            [
                WarnedDay(100, missed=True, announced_s=40),
                WarnedDay(100, missed=True, announced_s=120),
                WarnedDay(100, missed=True, announced_s=None),
                WarnedDay(100, missed=False, announced_s=50),
                WarnedDay(100, missed=False, announced_s=None),
            ]
        )

        assert (found.missed, found.announced, found.lead_s, found.false) == (3, 1, 60, 1)
        assert found.false_a_month == 6.0
