"""What is kept of a run as one reading shows it."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from batchops.ccb.snapshot import ProgressRow, RunKey, RunRow, Snapshot, ThreadDetailRow
from monitoring.reading import Observed, Site, observe
from tests.monitoring.pictures import at

KEY = RunKey("CM-DMRU", 1, 0)
SITE = Site({}, lambda moment: date(2026, 11, 18), ZoneInfo("Asia/Dhaka"))
RUN = RunRow(KEY, "20", None, False, 1, at("05:00"), None)


def thread(
    number: int, *, executions: int = 1, ended_at: datetime | None = None
) -> ThreadDetailRow:
    return ThreadDetailRow(KEY, number, "20", 0, executions, 10, 0, at("05:00"), ended_at)


def seen(run: RunRow, *threads: ThreadDetailRow) -> Observed:
    instances = sum(one.executions for one in threads)
    progress = ProgressRow(
        KEY, len(threads), instances, 20, 0, 9, 1, at("05:01"), at("07:00"), None
    )
    known = Snapshot(
        clock=at("08:00"),
        runs=(run,),
        progress=(progress,) if threads else (),
        thread_details=threads,
    )
    return observe(known, SITE)[KEY]


class TestRestart:
    def test_a_thread_that_was_executed_again_alone_is_no_restart_of_its_run(self) -> None:
        going_on = seen(RUN, thread(1, executions=2), thread(2))
        ended_later = seen(RUN, thread(1, executions=2), thread(2, ended_at=at("07:30")))

        assert (going_on.restarted_at, ended_later.restarted_at) == (None, None)

    def test_one_after_all_had_ended_is(self) -> None:
        again = seen(RUN, thread(1, executions=2), thread(2, ended_at=at("06:00")))

        assert again.restarted_at == at("07:00")


class TestWithoutAStart:
    def test_it_began_with_its_first_thread_or_is_seen_now(self) -> None:
        unstarted = replace(RUN, started_at=None)

        assert seen(unstarted, thread(1)).started_at == at("05:01")
        assert seen(unstarted).started_at == at("08:00")
