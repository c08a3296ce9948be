"""DEADLINE_AT_RISK: a pure function of the day's forecasts; and what was over when it is over."""

import pytest

from alerts.states import Finding
from monitoring.rules import over
from monitoring.rules.deadlines import RULE, WORKFLOW
from monitoring.rules.facts import OutlookFacts, RiskFacts
from tests.monitoring.pictures import at, book, found, picture, step

CLOCKS = ("14:00", "14:15", "14:30", "14:45")


def outlook(clock: str, chance: float | None, key: str = WORKFLOW) -> OutlookFacts:
    due, low, middle, high = (at(hour) for hour in ("18:00", "17:20", "17:50", "19:10"))
    risks = {} if chance is None else {key: RiskFacts(due, low, middle, high, chance)}
    return OutlookFacts(at(clock), risks, 57, "ordinary days, Wednesdays", "/admin/forecast/")


def findings(*chances: float | None, stands: bool = False) -> list[Finding]:
    """Return what is found when the day's last forecasts gave these chances."""
    made = [outlook(clock, chance) for clock, chance in zip(CLOCKS, chances, strict=False)]
    standing = frozenset({(RULE, WORKFLOW)} if stands else ())
    return found(RULE, picture(clock="14:45", outlook=made, standing=standing))


class TestDeadlineAtRisk:
    @pytest.mark.parametrize(
        ("chances", "opens"),
        [
            ((36, 36), True),
            ((90,), False),  # once
            ((36, 34, 90), False),  # not in a row
            ((35, 35), False),  # not over
            ((None, None), False),  # not enough history, or done
            ((), False),
        ],
    )
    def test_it_is_found_when_two_forecasts_running_say_over_35(
        self, chances: tuple[float | None, ...], opens: bool
    ) -> None:
        assert bool(findings(*chances)) is opens

    @pytest.mark.parametrize(("chance", "stands"), [(25, True), (24.9, False), (None, False)])
    def test_it_stands_until_the_chance_is_under_25_or_the_day_is_done(
        self, chance: float | None, stands: bool
    ) -> None:
        assert bool(findings(chance, stands=True)) is stands

    def test_it_is_critical_over_80(self) -> None:
        assert findings(80, 80)[0].severity == "WARNING"
        assert findings(80, 81)[0].severity == "CRITICAL"

    def test_it_says_when_all_is_expected_to_be_done_and_by_which_days(self) -> None:
        (finding,) = findings(40, 41)

        assert finding.message == (
            "The day's workflow misses its deadline 18:00 with a chance of 41 %. It is expected at "
            "17:50, between 17:20 and 19:10. See on the page Forecast which step holds it up."
        )
        assert finding.evidence["history"]["comparable_days"] == 57
        assert finding.subject_url == "/admin/forecast/"

    def test_a_step_with_a_deadline_of_its_own_goes_by_its_own_setting(self) -> None:
        made = [outlook(clock, 30, "CM_BSGGN") for clock in CLOCKS]
        steps = [step("CM_BSGGN")]
        own = book(RULE, of="CM_BSGGN", thresholds={"risk_pct": 20})

        assert not found(RULE, picture(steps=steps, outlook=made))
        (finding,) = found(RULE, picture(steps=steps, outlook=made, book=own))
        assert (finding.key, finding.batch_code) == ("CM_BSGGN", "CM_BSGGN")

    def test_it_says_why_it_is_over(self) -> None:
        standing = frozenset({(RULE, WORKFLOW)})

        def reason(*made: OutlookFacts) -> str:
            seen = picture(clock="14:45", outlook=made, standing=standing)
            return over.reasons(standing, seen, [])[RULE][WORKFLOW]

        assert reason(outlook("14:45", 10)) == "The chance of missing the deadline is small again."
        assert reason(outlook("14:45", None)) == "It is done, or the business day is over."
