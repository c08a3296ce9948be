"""What is old goes, a little at a time and in nobody's way; what days came to stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F

from batchops.ccb.snapshot import SubmissionRow, ThreadDetailRow
from batchops.db import database_now
from monitoring import lifecycle, retention
from monitoring import poll as polling
from monitoring.models import (
    ImdCount,
    Poll,
    Run,
    RunEvent,
    RunSample,
    RunThread,
    StepDay,
    Submission,
)
from tests.monitoring.source import START, FakeCcb
from tests.unguarded import unguarded

MakePoll = Callable[[], Poll]
KEPT = (Run, RunEvent, RunSample, RunThread, Submission, Poll, ImdCount, StepDay)


def watched_run(ccb: FakeCcb, poll: MakePoll, number: int) -> None:
    """Have polls see a run begin, work and end, with its thread and its submission."""
    key = ccb.run("CM-DMRU", number)
    ccb.thread_details = [ThreadDetailRow(key, 1, "20", 0, 1, 5, 0, ccb.clock, None)]
    row = SubmissionRow(str(number), "CM-DMRU", number, 0, "ST", ccb.clock, 1, None, "ONL", "X")
    ccb.submissions = [row]
    poll()
    ccb.submissions = []
    ccb.count(ccb.complete("CM-DMRU", number), 100)
    poll()


def age(ccb: FakeCcb, days: int) -> None:
    """Let all that is stored have happened so many days earlier, and CC&B have forgotten it."""
    ccb.runs.clear()
    moved = {"days": days}
    columns = {
        Run: ("started_at", "ended_at", "moved_at"),
        RunEvent: ("at", "source_at"),
        RunSample: ("at",),
        RunThread: ("seen_at",),
        Submission: ("over_at",),
        Poll: ("started_at", "source_at"),
    }
    for model, names in columns.items():
        earlier = {name: F(name) - timedelta(**moved) for name in names}
        with unguarded():
            model._default_manager.update(**earlier)
    for kept in (*Run.objects.all(), *StepDay.objects.all()):
        kept.business_date -= timedelta(**moved)
        kept.save()


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in KEPT}


def clean_up() -> bool:
    return retention.clean_up(database_now(), for_s=30).all_gone


@pytest.mark.django_db
class TestWhatIsKept:
    WHOLE = {
        "Run": 1,
        "RunEvent": 2,
        "RunSample": 2,
        "RunThread": 1,
        "Submission": 1,
        "Poll": 2,
        "ImdCount": 2,
        "StepDay": 2,
    }

    @pytest.mark.parametrize(
        ("days", "lost"),
        [
            (59, []),
            (62, ["RunEvent", "RunThread", "Submission"]),
            (102, ["RunEvent", "RunThread", "Submission", "RunSample", "Poll", "ImdCount"]),
            (1100, ["RunEvent", "RunThread", "Submission", "RunSample", "Poll", "ImdCount", "Run"]),
        ],
    )
    def test_it_goes_by_age_and_figures_of_days_stay(
        self, ccb: FakeCcb, poll: MakePoll, days: int, lost: list[str]
    ) -> None:
        watched_run(ccb, poll, 1)
        assert counts() == self.WHOLE
        age(ccb, days)
        # Today's, which stay: by CC&B's clock, which goes on.
        watched_run(ccb, poll, 2)
        whole = {name: 2 * n for name, n in self.WHOLE.items()}
        assert counts() == whole

        assert clean_up()
        assert clean_up()

        assert counts() == {n: c // 2 if n in lost else c for n, c in whole.items()}

    def test_events_of_a_failed_run_stay_because_its_alert_hangs_on_them(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU")
        poll()
        ccb.fail("CM-DMRU")
        poll()
        with unguarded():
            RunEvent.objects.update(source_at=START - timedelta(days=90))

        clean_up()

        assert RunEvent.objects.count() == 2

    def test_it_stops_in_time_and_goes_on_later(self, ccb: FakeCcb, poll: MakePoll) -> None:
        watched_run(ccb, poll, 1)
        age(ccb, 1100)
        poll()

        assert not retention.clean_up(database_now(), for_s=0).all_gone
        assert not RunEvent.objects.exists()
        assert Run.objects.exists()


@pytest.mark.sql
@pytest.mark.django_db(transaction=True)
class TestLocks:
    def test_it_waits_for_nobody_and_no_poll_waits_for_it(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for number in (1, 2):
            watched_run(ccb, poll, number)
        age(ccb, 1100)
        watched_run(ccb, poll, 3)

        def elsewhere() -> tuple[bool, bool]:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = '500ms'")
                ccb.advance(minutes=15)
                ccb.run("CM-DMRU", 4)
                return clean_up(), polling.poll_now(actor="system:test").succeeded
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as other:
            with transaction.atomic():
                # Somebody looks at one run, and another clean-up is in the middle of a batch.
                held = Run.objects.select_for_update().get(batch_nbr=1)
                assert lifecycle.remove_samples(before=START - timedelta(days=100), limit=1) == 1
                assert other.submit(elsewhere).result(20) == (True, True)
                assert list(Run.objects.values_list("batch_nbr", flat=True)) == [1, 3, 4]
            assert other.submit(elsewhere).result(20) == (True, True)

        assert not Run.objects.filter(pk=held.pk).exists()
