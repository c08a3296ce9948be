"""What is kept of a run's course: samples, when it moved, its threads, its submission, its day."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from batchops.ccb.errors import CcbTimeout
from batchops.ccb.snapshot import MessageRow, SubmissionRow, ThreadDetailRow
from monitoring.models import Poll, Run, RunEvent, RunSample, RunThread, StepDay, Submission
from tests.monitoring.source import TODAY, FakeCcb

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


class TestSamples:
    def test_only_progress_is_sampled_and_moves_the_run(self, ccb: FakeCcb, poll: MakePoll) -> None:
        key = ccb.run("CM-DMRU")
        moved = []
        for records in (0, 500, 500, 800):
            ccb.count(key, records)
            poll()
            moved.append(Run.objects.get().moved_at)
            ccb.advance(minutes=15)

        first = moved[0]
        assert first is not None
        assert moved == [first + timedelta(minutes=m) for m in (0, 15, 15, 45)]
        samples = RunSample.objects.order_by("at")
        assert [s.records_processed for s in samples] == [0, 500, 800]
        assert [s.at for s in samples] == [moved[0], moved[1], moved[3]]

    def test_a_failed_poll_counts_neither_as_progress_nor_as_none(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.count(ccb.run("CM-DMRU"), 500)
        poll()
        before = Run.objects.get().moved_at
        ccb.advance(hours=2)
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
        poll()

        assert Run.objects.get().moved_at == before
        assert RunSample.objects.count() == 1

    def test_a_restart_moves_it_and_one_that_was_over_at_first_sight_never_moved(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("CM-DMRU")
        poll()
        assert (Run.objects.get().moved_at, RunSample.objects.get().moved_at) == (None, None)

        ccb.advance(minutes=15)
        ccb.run("CM-DMRU")
        poll()

        assert Run.objects.get().moved_at == ccb.clock
        assert [s.state for s in RunSample.objects.order_by("id")] == ["failed", "running"]

    def test_history_is_one_row_a_run(self, ccb: FakeCcb, poll: MakePoll) -> None:
        old = ccb.clock - timedelta(days=20)
        ccb.run("CM-DMRU", 1, status="30", started_at=old, ended_at=old)
        ccb.complete("CM-DMRU", 2)

        poll()

        assert Run.objects.count() == 2
        assert [s.run.batch_nbr for s in RunSample.objects.all()] == [2]
        assert [e.run.batch_nbr for e in RunEvent.objects.all()] == [2]


class TestThreads:
    def test_the_latest_picture_is_kept_with_the_last_message_of_one_in_error(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        begun = ccb.clock
        ccb.thread_details = [
            ThreadDetailRow(key, 1, "20", 0, 1, 500, 2, begun, None),
            ThreadDetailRow(key, 2, "30", 1, 2, 300, 0, begun, begun),
        ]
        ccb.messages = [
            MessageRow(key, 7, 1, 11, 1, "30", "first", 2),
            MessageRow(key, 8, 1, 11, 1, "30", "ORA-01555: snapshot too old", 2),
            MessageRow(key, 8, 2, 11, 1, "10", "said by a thread that goes on", 1),
        ]
        poll()

        columns = ("number", "status_code", "executions", "records_processed", "last_message")
        shown = RunThread.objects.order_by("number").values_list(*columns)
        assert list(shown) == [
            (1, "20", 1, 500, ""),
            (2, "30", 2, 300, "ORA-01555: snapshot too old"),
        ]

        ccb.thread_details = [ThreadDetailRow(key, 2, "40", 1, 3, 900, 0, begun, begun)]
        poll()

        assert list(shown.all())[1] == (2, "40", 3, 900, "")


class TestSubmissions:
    def put(self, ccb: FakeCcb, status: str, nbr: int = 0) -> None:
        asked_at = ccb.clock - timedelta(minutes=1)
        row = SubmissionRow("7", "CM-DMRU", nbr, 0, status, asked_at, 4, None, "ONL", "SYSUSER")
        ccb.submissions = [row]

    def test_it_is_known_since_when_one_waits_hangs_on_and_is_over(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        course = []
        for status, nbr, run in (
            ("PD", 0, None),
            ("PD", 0, None),
            ("ST", 1, ccb.run),
            ("ST", 1, ccb.fail),
            ("ST", 1, None),
            ("ST", 1, ccb.run),
            (None, 0, None),
        ):
            if run is not None:
                run("CM-DMRU")
            ccb.submissions = []
            if status:
                self.put(ccb, status, nbr)
            poll()
            kept = Submission.objects.get()
            course.append(
                [
                    moment and round((ccb.clock - moment) / timedelta(minutes=15))
                    for moment in (kept.status_since, kept.orphan_since, kept.over_at)
                ]
            )
            ccb.advance(minutes=15)

        # In polls ago: since when in its status, hanging on after its run, over.
        assert course == [
            [0, None, None],
            [1, None, None],
            [0, None, None],
            [1, 0, None],
            [2, 1, None],
            [3, None, None],
            [4, None, 0],
        ]

    def test_one_that_is_over_at_first_sight_is_not_kept(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        self.put(ccb, "ED", 1)

        poll()

        assert not Submission.objects.exists()


class TestDays:
    def test_each_step_and_the_whole_day_are_reckoned(self, ccb: FakeCcb, poll: MakePoll) -> None:
        begun = ccb.clock
        ccb.imd = 900
        poll()
        ccb.imd = 40
        ccb.advance(seconds=100)
        for code, nbr, records in (("CM-DMRU", 1, 1000), ("D1-IMD", 1, 500), ("D1-IMD", 2, 1500)):
            key = ccb.complete(code, nbr, started_at=begun)
            ccb.count(key, records, errors=1)
        ccb.run("D1-IMD", 3, status="30", started_at=begun, ended_at=begun)
        poll()

        columns = ("batch_code", "total_runs", "successful_runs", "failed_runs", "total_records")
        rows = StepDay.objects.filter(business_date=TODAY).order_by("batch_code")
        assert list(rows.values_list(*columns)) == [
            ("", 4, 3, 1, 3000),
            ("CM-DMRU", 1, 1, 0, 1000),
            ("D1-IMD", 3, 2, 1, 2000),
        ]
        whole = rows[0]
        assert (whole.imd_peak, whole.imd_left, whole.avg_rps) == (900, 40, 10.0)
        assert rows[2].records_in_error == 2

    def test_a_repaired_run_is_no_failure_of_its_day_any_more(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.complete("CM-DMRU")
        poll()

        whole = StepDay.objects.get(business_date=TODAY, batch_code="")
        assert (whole.successful_runs, whole.failed_runs) == (1, 0)
