"""What each rule finds of one run: standing still, too long, too slow, bad results, waiting."""

from datetime import date, timedelta

import pytest

from alerts.states import Severity
from monitoring.rules.facts import SubmissionFacts, Usual
from monitoring.states import RunState
from tests.monitoring.pictures import (
    DAY,
    at,
    book,
    complete,
    found,
    keys,
    picture,
    polls,
    run,
    step,
    usual,
)

CM = ["CM-DMRU 1/0"]


class TestFailed:
    def test_it_names_time_and_last_message(self) -> None:
        failed = run(state=RunState.FAILED, ended_at=at("14:30"), message="ORA-12545 Timeout")

        finding = found("FAILED", picture(failed))[0]

        assert finding.message == "Batch CM-DMRU failed at 14:30. Error: ORA-12545 Timeout"
        assert finding.severity is Severity.CRITICAL

    def test_an_unknown_code_is_told_as_it_is(self) -> None:
        assert found("UNKNOWN_STATUS", picture(run(state=RunState.UNKNOWN)))[0].occurrence == "xx"


class TestStuck:
    @pytest.mark.parametrize(
        ("moved", "profile", "is_found"),
        [
            ("09:00", "records", True),
            ("09:01", "records", False),
            ("09:00", "off", False),
            ("08:00", "status_only", True),  # it has also run for more than four hours
        ],
    )
    def test_after_an_hour_without_progress_by_profile(
        self, *, moved: str, profile: str, is_found: bool
    ) -> None:
        seen = picture(run(moved_at=at(moved)), steps=[step(stuck_profile=profile)])

        assert bool(found("STUCK", seen)) == is_found

    def test_standing_counts_are_normal_while_its_time_is_not_over(self) -> None:
        standing = run(began="08:00", moved_at=at("08:00"))

        assert keys("STUCK", picture(standing, steps=[step(stuck_profile="status_only")])) == []
        assert keys("STUCK", picture(standing)) == CM

    @pytest.mark.parametrize(
        "state", [state for state in RunState if state is not RunState.RUNNING]
    )
    def test_only_what_runs_is_stuck(self, state: RunState) -> None:
        assert keys("STUCK", picture(run(state=state))) == []

    def test_a_restart_begins_anew(self) -> None:
        assert keys("STUCK", picture(run(since=at("09:30"), moved_at=at("06:00")))) == []

    def test_what_no_reading_saw_move_is_not_judged(self) -> None:
        assert keys("STUCK", picture(run(moved_at=None))) == []

    def test_another_standstill_is_another_occurrence(self) -> None:
        marks = [
            found("STUCK", picture(run(mark=mark)))[0].occurrence for mark in ("9/9/4", "10/9/4")
        ]

        assert len(set(marks)) == 2

    def test_a_step_may_have_its_own_limit(self) -> None:
        seen = picture(
            run(moved_at=at("09:40")),
            book=book("STUCK", of="CM-DMRU", thresholds={"stuck_minutes": 20}),
        )

        assert keys("STUCK", seen) == CM

    def test_it_says_what_it_saw(self) -> None:
        finding = found("STUCK", picture(run(moved_at=at("08:30"))))[0]

        assert finding.message.startswith(
            "Batch CM-DMRU stuck: no progress for 1h 30m, since 08:30, at 1,000 records."
        )
        assert finding.evidence["expected"] == {"progress_within_s": 3600}


class TestLongRunning:
    @pytest.mark.parametrize(
        ("began", "usually", "is_found"),
        [
            ("06:00", None, False),  # four hours to the second
            ("05:59", None, True),
            ("05:00", usual(10, p95_duration_s=5 * 3600), False),
            ("04:59", usual(10, p95_duration_s=5 * 3600), True),
            ("05:00", usual(9, p95_duration_s=5 * 3600), True),  # too few to know what is usual
            ("05:00", usual(10, p95_duration_s=600), True),  # the longer of both is the limit
        ],
    )
    def test_beyond_its_maximum_and_what_is_usual(
        self, *, began: str, usually: Usual | None, is_found: bool
    ) -> None:
        assert bool(found("LONG_RUNNING", picture(run(began=began), usually=usually))) == is_found

    def test_time_before_a_restart_does_not_count(self) -> None:
        assert keys("LONG_RUNNING", picture(run(since=at("09:00")))) == []

    def test_it_speaks_as_the_console_used_to(self) -> None:
        imd = run("D1-IMD", began="05:37", records_processed=194_093)
        steps = [step("D1-IMD", expected=timedelta(minutes=30), longest=timedelta(minutes=120))]

        finding = found("LONG_RUNNING", picture(imd, steps=steps, usually=usual(3)))[0]

        assert finding.message == (
            "Batch D1-IMD running for 4h 23m. Expected: 30m | RPS: 12.3 (threshold: 20)"
        )
        assert finding.evidence["history"] == {"usual": "not enough history (3 of 10 runs)"}

    def test_runs_of_no_step_are_not_judged(self) -> None:
        assert keys("LONG_RUNNING", picture(run("OTHER"))) == []


class TestLowThroughput:
    @pytest.mark.parametrize(
        ("records", "usually", "is_found"),
        [
            ([0, 9_000, 18_000], None, True),  # ten a second, twice
            ([0, 9_000, 27_000], None, False),  # recovered
            ([0, 18_000, 36_000], None, False),  # twenty, the floor
            ([0, 36_000, 72_000], usual(median_rps=81), True),  # forty, but 81 is usual
            ([0, 36_000, 72_000], usual(19, median_rps=81), False),
            ([0, 36_000, 72_000], usual(median_rps=80), False),
            ([0, 9_000], None, False),  # one interval
        ],
    )
    def test_twice_running_under_the_floor_or_half_of_usual(
        self, *, records: list[int], usually: Usual | None, is_found: bool
    ) -> None:
        readings = polls(*([0] * len(records)))
        course = [(poll.at, n) for poll, n in zip(readings, records, strict=True)]

        seen = picture(run(), polls=readings, records={"CM-DMRU 1/0": course}, usually=usually)

        assert bool(found("LOW_THROUGHPUT", seen)) == is_found

    def test_a_reading_without_a_change_is_an_interval_of_nothing(self) -> None:
        readings = polls(0, 0, 0)
        seen = picture(run(), polls=readings, records={"CM-DMRU 1/0": [(readings[0].at, 500)]})

        finding = found("LOW_THROUGHPUT", seen)[0]

        assert finding.evidence["seen"]["poll_by_poll"] == "0.0 records/s, 0.0 records/s"

    def test_what_began_or_was_restarted_since_has_no_two_intervals(self) -> None:
        readings = polls(0, 0, 0)
        course = {"CM-DMRU 1/0": [(poll.at, 0) for poll in readings]}

        assert not found(
            "LOW_THROUGHPUT", picture(run(began="09:31"), polls=readings, records=course)
        )

    def test_without_floor_and_history_nobody_knows(self) -> None:
        readings = polls(0, 0, 0)
        seen = picture(
            run(),
            steps=[step(rps_floor=None)],
            polls=readings,
            records={"CM-DMRU 1/0": [(readings[0].at, 0)]},
        )

        assert keys("LOW_THROUGHPUT", seen) == []


class TestResults:
    @pytest.mark.parametrize(
        ("records", "n", "is_found"), [(499, 20, True), (500, 20, False), (499, 19, False)]
    )
    def test_records_under_half_of_the_p10_are_low(
        self, *, records: int, n: int, is_found: bool
    ) -> None:
        done = complete(ended="07:00", records_processed=records)

        assert (
            bool(found("LOW_RECORDS", picture(done, usually=usual(n, p10_records=1000))))
            == is_found
        )

    def test_a_queue_that_was_empty_is_no_trouble(self) -> None:
        done = complete("D1-IMD", ended="05:01", records_processed=0)
        usually = usual(p10_records=1000, p10_duration_s=3600)

        drains = picture(done, steps=[step("D1-IMD", drains_imd=True)], usually=usually)
        other = picture(done, steps=[step("D1-IMD")], usually=usually)

        assert keys("LOW_RECORDS", drains) == keys("TOO_FAST", drains) == []
        assert keys("LOW_RECORDS", other) == keys("TOO_FAST", other) == ["D1-IMD"]

    @pytest.mark.parametrize(("ended", "is_found"), [("05:59", True), ("06:00", False)])
    def test_a_duration_under_half_of_the_p10_is_too_fast(
        self, *, ended: str, is_found: bool
    ) -> None:
        seen = picture(complete(ended=ended), usually=usual(p10_duration_s=7200))

        assert bool(found("TOO_FAST", seen)) == is_found

    def test_one_closed_by_hand_without_an_end_has_no_duration(self) -> None:
        done = run(state=RunState.COMPLETE)

        assert keys("TOO_FAST", picture(done, usually=usual(p10_duration_s=7200))) == []

    @pytest.mark.parametrize(("errors", "is_found"), [(100, False), (101, True)])
    def test_errors_over_the_threshold(self, *, errors: int, is_found: bool) -> None:
        seen = picture(complete(ended="07:00", records_in_error=errors))

        assert bool(found("COMPLETED_WITH_ERRORS", seen)) == is_found

    def test_it_is_kept_of_the_step_and_named_by_the_run(self) -> None:
        finding = found(
            "COMPLETED_WITH_ERRORS", picture(complete(ended="07:00", records_in_error=101))
        )[0]

        assert (finding.key, finding.occurrence) == ("CM-DMRU", "CM-DMRU 1/0")


def submission(status: str = "PD", **values: object) -> SubmissionFacts:
    given: dict[str, object] = {
        "key": "submission 7",
        "batch_code": "CM-DMRU",
        "business_date": DAY,
        "status_code": status,
        "since": at("09:29"),
    }
    return SubmissionFacts(**given | values)  # type: ignore[arg-type]


class TestPendingTooLong:
    @pytest.mark.parametrize(("since", "is_found"), [("09:29", True), ("09:30", False)])
    def test_runs_and_submissions_after_half_an_hour(self, *, since: str, is_found: bool) -> None:
        waiting = picture(run(state=RunState.PENDING, began=since))
        queued = picture(submissions=[submission(since=at(since))])

        assert bool(found("PENDING_TOO_LONG", waiting)) == is_found
        assert bool(found("PENDING_TOO_LONG", queued)) == is_found

    @pytest.mark.parametrize("status", ["ST", "PC"])
    def test_one_that_started_or_is_being_cancelled_does_not_wait(self, status: str) -> None:
        assert keys("PENDING_TOO_LONG", picture(submissions=[submission(status)])) == []

    def test_one_asked_for_a_later_hour_does_not_wait_yet(self) -> None:
        assert keys("PENDING_TOO_LONG", picture(submissions=[submission(since=at("22:00"))])) == []

    def test_a_run_speaks_for_its_submission(self) -> None:
        waiting = run(state=RunState.PENDING, began="09:00")

        seen = picture(waiting, submissions=[submission(run_key=waiting.key)])

        assert keys("PENDING_TOO_LONG", seen) == CM


class TestJobOrphan:
    @pytest.mark.parametrize(("since", "n"), [("10:00", 0), ("09:45", 1), ("08:00", 1)])
    def test_seen_at_two_readings(self, since: str, n: int) -> None:
        orphan = submission("ST", run_key="CM-DMRU 1/0", orphan_since=at(since))

        seen = picture(polls=polls(0, 0, 0), submissions=[orphan, submission("ST")])

        assert keys("JOB_ORPHAN", seen) == ["submission 7"] * n


class TestTerms:
    def test_one_that_is_off_finds_nothing(self) -> None:
        assert keys("STUCK", picture(run(), book=book("STUCK", enabled=False))) == []

    def test_a_steps_own_word_counts_more_than_that_for_all(self) -> None:
        own = book("STUCK", of="CM-DMRU", enabled=False)

        assert keys("STUCK", picture(run(), book=own)) == []
        assert keys("LONG_RUNNING", picture(run(), book=own)) == CM

    def test_on_trial_its_findings_only_go_on_record(self) -> None:
        finding = found("STUCK", picture(run(), book=book("STUCK", record_only=True)))[0]

        assert finding.record_only

    def test_comparable_days_are_of_the_runs_own_date(self) -> None:
        done = complete(ended="05:10", business_date=date(2026, 11, 17))

        seen = picture(done, usual={("CM-DMRU", date(2026, 11, 17)): usual(p10_duration_s=3600)})

        assert keys("TOO_FAST", seen) == ["CM-DMRU"]
