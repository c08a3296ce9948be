"""How rules judge from poll to poll: what ends an alert and why, settings, trials, and the cost."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts import lifecycle
from alerts.models import Alert
from batchops.ccb.errors import CcbTimeout
from batchops.ccb.snapshot import SubmissionRow
from monitoring.models import Poll, RuleSetting, Run, Step
from tests.monitoring.source import FakeCcb
from tests.monitoring.test_alerts_of_runs import history
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


@pytest.fixture
def later(ccb: FakeCcb, poll: MakePoll) -> Callable[..., None]:
    """Poll after some time of CC&B's clock has passed."""

    def pass_(**passed: float) -> None:
        ccb.advance(**passed)
        poll()

    return pass_


def of_rule(rule: str) -> list[tuple[str, str]]:
    """Return state and closing words of a rule's alerts."""
    return [(state, note) for found, state, note in history() if found == rule]


class TestStuck:
    def test_a_missed_reading_is_no_standstill(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.count(key, 1000)
        poll()
        ccb.failing = CcbTimeout("late")
        for _ in range(5):
            later(minutes=15)
        ccb.failing = None
        ccb.count(key, 2000)

        later(minutes=1)

        assert of_rule("STUCK") == []

    def test_it_opens_after_an_hour_and_ends_with_progress(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.count(key, 1000)
        poll()
        later(minutes=59)
        assert of_rule("STUCK") == []
        later(minutes=1)
        later(seconds=1)
        assert of_rule("STUCK") == [("open", "")]

        ccb.count(key, 1001)
        later(minutes=5)

        assert of_rule("STUCK") == [("resolved", "The run makes progress again.")]

    def test_two_runs_of_a_step_are_judged_apart(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        for number in (1, 2):
            ccb.count(ccb.run("CM-DMRU", number), 1000)
        poll()
        ccb.count(ccb.run("CM-DMRU", 2), 2000)

        later(minutes=60)

        assert [a.key for a in Alert.objects.filter(rule="STUCK")] == ["CM-DMRU 1/0"]


class TestRestarts:
    def test_time_before_a_restart_does_not_count_whoever_saw_it(
        self, ccb: FakeCcb, later: Callable[..., None]
    ) -> None:
        key = ccb.run("F1-FLUSH")
        ccb.count(key, 10)
        ccb.advance(minutes=40)
        ccb.progress[key] = replace(ccb.progress[key], instances=5, last_started_at=ccb.clock)

        later(minutes=25)
        assert of_rule("LONG_RUNNING") == []

        later(minutes=6)
        assert of_rule("LONG_RUNNING") == [("open", "")]


class TestReasons:
    @pytest.mark.parametrize(
        ("after", "said"), [("40", "The run completed."), ("30", "The run failed.")]
    )
    def test_what_runs_too_long_ends_with_the_run(
        self, ccb: FakeCcb, later: Callable[..., None], after: str, said: str
    ) -> None:
        ccb.run("CM-DMRU")
        later(hours=5)

        ccb.run("CM-DMRU", status=after, ended_at=ccb.clock)
        later(minutes=15)

        assert of_rule("LONG_RUNNING") == [("resolved", said)]

    def test_a_step_has_started_when_it_has_a_run(
        self, ccb: FakeCcb, later: Callable[..., None]
    ) -> None:
        later(minutes=15)
        assert of_rule("NOT_STARTED") == [("open", "")]

        ccb.run("CM-DMRU")
        later(minutes=15)

        assert of_rule("NOT_STARTED") == [("resolved", "It has a run now.")]

    def test_what_never_started_ends_with_the_day(self, later: Callable[..., None]) -> None:
        later(minutes=15)

        later(hours=24)

        assert of_rule("NOT_STARTED") == [
            ("resolved", "The business day is over."),
            ("open", ""),
        ]

    def test_an_orphan_ends_with_its_submission(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.complete("CM-DMRU")
        ccb.submissions = [submission("ST")]
        poll()
        later(seconds=5)
        assert of_rule("JOB_ORPHAN") == []
        later(minutes=15)
        assert of_rule("JOB_ORPHAN") == [("open", "")]

        ccb.submissions = [submission("ED")]
        later(minutes=15)

        assert of_rule("JOB_ORPHAN") == [
            ("resolved", "The submission ended, or its run was restarted.")
        ]


def submission(status: str) -> SubmissionRow:
    return SubmissionRow("7", "CM-DMRU", 1, 0, status, None, 4, None, "SCHD", "SYSUSER")


ENOUGH = "The step's last complete run has no more errors than it may."


class TestResults:
    def test_a_higher_threshold_ends_it_without_naming_a_run_that_was_not(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.count(ccb.complete("CM-DMRU"), 1000, errors=101)
        poll()
        RuleSetting.objects.filter(rule="COMPLETED_WITH_ERRORS").update(thresholds={"errors": 200})

        later(minutes=15)

        assert of_rule("COMPLETED_WITH_ERRORS") == [("resolved", ENOUGH)]

    def test_closed_by_hand_it_stays_so_until_another_run_is_bad(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.count(ccb.complete("CM-DMRU"), 1000, errors=101)
        poll()
        alert = Alert.objects.get(rule="COMPLETED_WITH_ERRORS")
        lifecycle.resolve(alert.pk, at=timezone.now(), actor="user:a", note="seen to")

        later(minutes=15)
        assert of_rule("COMPLETED_WITH_ERRORS") == [("resolved", "seen to")]
        ccb.count(ccb.complete("CM-DMRU", 2, started_at=ccb.clock), 1000, errors=101)
        later(minutes=15)

        assert of_rule("COMPLETED_WITH_ERRORS")[1:] == [("open", "")]

    @pytest.mark.parametrize("written_anew", [1, 2])
    def test_of_two_that_began_at_once_the_one_read_last_counts_wherever_they_lie(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None], written_anew: int
    ) -> None:
        ccb.count(ccb.complete("CM-DMRU"), 1000)
        ccb.count(ccb.complete("CM-DMRU", 2), 1000, errors=101)
        poll()
        Run.objects.filter(batch_nbr=written_anew).update(status_code="40")

        later(minutes=15)

        assert of_rule("COMPLETED_WITH_ERRORS") == [("open", "")]

    def test_the_next_good_run_ends_it(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.count(ccb.complete("CM-DMRU"), 1000, errors=101)
        poll()
        ccb.advance(minutes=15)
        ccb.count(ccb.complete("CM-DMRU", 2, started_at=ccb.clock), 1000, errors=3)

        later(minutes=15)

        assert of_rule("COMPLETED_WITH_ERRORS") == [("resolved", ENOUGH)]


class TestSettings:
    def test_switched_off_it_ends_what_it_found(self, later: Callable[..., None]) -> None:
        later(minutes=15)
        RuleSetting.objects.create(
            rule="NOT_STARTED", step=Step.objects.get(batch_code="CM-DMRU"), enabled=False
        )

        later(minutes=15)

        assert of_rule("NOT_STARTED") == [("resolved", "The rule was switched off.")]

    def test_switched_off_for_a_step_it_ends_what_it_found_of_submissions(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.complete("CM-DMRU")
        ccb.submissions = [submission("ST")]
        poll()
        later(minutes=15)
        step = Step.objects.get(batch_code="CM-DMRU")
        RuleSetting.objects.create(rule="JOB_ORPHAN", step=step, enabled=False)

        later(minutes=15)

        assert of_rule("JOB_ORPHAN") == [("resolved", "The rule was switched off.")]

    def test_on_trial_its_alerts_say_so(self, later: Callable[..., None]) -> None:
        RuleSetting.objects.filter(rule="NOT_STARTED").update(record_only=True)

        later(minutes=15)

        alert = Alert.objects.get()
        page = client_of("Viewer").get(f"/admin/alerts/alert/{alert.pk}/change/").content.decode()
        assert "Recorded only: its rule is on trial" in page

    def test_a_threshold_counts_from_the_next_poll_on(
        self, ccb: FakeCcb, poll: MakePoll, later: Callable[..., None]
    ) -> None:
        ccb.count(ccb.complete("CM-DMRU"), 1000, errors=3)
        poll()
        RuleSetting.objects.filter(rule="COMPLETED_WITH_ERRORS").update(thresholds={"errors": 2})

        later(minutes=15)

        assert of_rule("COMPLETED_WITH_ERRORS") == [("open", "")]


class TestEvidence:
    def test_it_is_told_in_words(self, ccb: FakeCcb, later: Callable[..., None]) -> None:
        ccb.count(ccb.run("CM-DMRU"), 1000)
        later(hours=5)
        alert = Alert.objects.get(rule="LONG_RUNNING")

        body = client_of("Viewer").get(f"/api/alerts/{alert.pk}/").json()["data"]

        told = {
            (part["heading"], fact["name"]): fact["words"]
            for part in body["evidence_in_words"]
            for fact in part["facts"]
        }
        assert told["Expected", "Limit"] == "4h 0m"
        assert told["Seen", "Running for"] == "5h 0m"
        assert told["From which history", "Usual"] == "not enough history (0 of 10 runs)"


class TestCost:
    def test_the_number_of_queries_does_not_depend_on_that_of_runs(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        def queries(first: int, n: int) -> int:
            ccb.advance(minutes=15)
            for number in range(first, first + n):
                ccb.count(ccb.run("CM-DMRU", number, started_at=ccb.clock), 1000)
                ccb.count(ccb.complete("F1-FLUSH", number, started_at=ccb.clock), 10)
            with CaptureQueriesContext(
                connection,
            ) as captured:
                poll()
            return len(captured)

        poll()
        few, many = queries(1, 1), queries(2, 30)

        assert Run.objects.count() == 62
        assert many == few
        assert few < 90
