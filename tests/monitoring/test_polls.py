"""What a poll stores, and that it stores it once."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from batchops.ccb.errors import CcbLoginRefused, CcbTimeout
from batchops.ccb.snapshot import SubmissionRow
from monitoring import poll as polling
from monitoring import queries
from monitoring.errors import SnapshotOutdated
from monitoring.lifecycle import Asked, record_poll
from monitoring.models import ImdCount, Poll, Run, RunEvent, StepDay
from monitoring.reading import observe
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


def stored() -> list[tuple[object, ...]]:
    columns = ("pk", "state", "records_processed", "ended_at", "error_message", "status", "rps")
    return list(Run.objects.order_by("pk").values_list(*columns))


class TestPoll:
    def test_it_stores_runs_under_the_steps_code(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.count(ccb.run("BILLREST", 12), 500)
        ccb.run("F1-OTHER", 3)

        made = poll()

        assert made.runs_read == made.runs_changed == 2
        run = Run.objects.get(batch_code="BILLRESTSMS")
        assert (run.source_batch_cd, run.batch_nbr, run.status) == ("BILLREST", 12, "Running")
        assert (run.records_processed, run.thread_count) == (500, 4)
        assert run.business_date == TODAY
        assert Run.objects.filter(batch_code="F1-OTHER").exists()

    def test_twice_over_the_same_changes_no_run(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("C1-PPBTR")
        ccb.run("CM-DMRU")
        poll()
        before, events = stored(), RunEvent.objects.count()

        made = poll()

        assert made.runs_changed == 0
        assert stored() == before
        assert RunEvent.objects.count() == events

    def test_a_run_without_a_start_began_when_it_was_first_seen(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        seen_at = ccb.clock
        ccb.run("CM-DMRU", status="10", started_at=None)
        poll()
        ccb.advance(minutes=15)
        again = poll()
        seen = Run.objects.get()
        ccb.run("CM-DMRU", started_at=ccb.clock)
        poll()

        assert again.succeeded
        assert (again.runs_changed, seen.started_at, seen.state) == (0, seen_at, "pending")
        assert Run.objects.get().started_at == ccb.clock

    def test_it_writes_an_event_for_each_change_of_state(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for step in (ccb.run, ccb.fail, ccb.run, ccb.complete):
            step("CM-DMRU")
            poll()
            ccb.advance(minutes=15)

        verbs = list(RunEvent.objects.order_by("id").values_list("verb", flat=True))
        assert verbs == ["first seen", "failed", "restarted", "completed"]

    def test_a_second_failure_between_two_polls_is_an_event(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        for _ in "ab":
            ccb.fail("CM-DMRU")
            poll()
            ccb.advance(minutes=15)

        verbs = list(RunEvent.objects.order_by("id").values_list("verb", flat=True))
        assert verbs == ["first seen", "failed again"]

    def test_it_figures_duration_and_rate_from_the_ended_run(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU")
        ccb.count(key, 1000)
        ccb.advance(seconds=40)
        ccb.complete("CM-DMRU")

        poll()

        run = Run.objects.get()
        assert (run.duration_seconds, run.rps) == (40, 25.0)

    def test_it_asks_again_for_open_and_failed_runs(self, ccb: FakeCcb, poll: MakePoll) -> None:
        failed, running = ccb.fail("C1-PPBTR"), ccb.run("CM-DMRU")
        ccb.complete("D1-IMD")
        poll()

        poll()

        assert set(ccb.asked[-1]) == {failed, running}

    def test_a_hand_made_change_without_dates_is_seen(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.advance(hours=5)
        ccb.runs = {
            key: row.__class__(key, "40", None, True, 2, row.started_at, None)
            for key, row in ccb.runs.items()
        }

        poll()

        assert Run.objects.get().state == "complete"

    def test_a_run_that_was_purged_is_gone(self, ccb: FakeCcb, poll: MakePoll) -> None:
        key = ccb.run("CM-DMRU")
        poll()
        ccb.purge(key)

        poll()

        run = Run.objects.get()
        assert run.state == "gone"
        # When it ended nobody knows, so it adds to no sum.
        assert (run.ended_at, run.duration_seconds) == (None, None)
        assert not StepDay.objects.filter(total_duration_seconds__gt=0).exists()
        drawn = client_of("Viewer").get("/admin/").content.decode()
        assert "\N{EN DASH} ?, " in drawn
        assert run.status == "Ended"

    @pytest.mark.parametrize(("flag", "state"), [("ED", "ended"), ("CA", "cancelled")])
    def test_an_ended_submission_without_a_run_is_no_success(
        self, ccb: FakeCcb, poll: MakePoll, flag: str, state: str
    ) -> None:
        row = SubmissionRow("1", "CM-DMRU", 9, 0, flag, ccb.clock, 1, None, "ONL", "SYSUSER")
        ccb.submissions.append(row)

        poll()

        run = Run.objects.get()
        assert (run.state, run.status, run.batch_nbr) == (state, "Ended", 9)

    @pytest.mark.parametrize("code", ["xx", "", "50", "4"])
    def test_an_unknown_code_is_never_success(
        self,
        ccb: FakeCcb,
        poll: MakePoll,
        open_rules: Callable[[], list[str]],
        code: str,
    ) -> None:
        ccb.run("CM-DMRU", status=code)

        poll()

        assert (Run.objects.get().state, Run.objects.get().status) == ("unknown", "Unknown")
        assert open_rules() == ["UNKNOWN_STATUS"]

    def test_it_keeps_the_counts_of_pending_imds(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.imd = 69_895

        made = poll()

        assert made.pending_imd == 69_895
        assert ImdCount.objects.get().count == 69_895

    def test_an_older_reading_is_put_aside(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.complete("CM-DMRU")
        made = poll()
        ccb.run("CM-DMRU", ended_at=None)
        earlier = made.started_at - timedelta(seconds=1)
        old = ccb.read_snapshot(since=ccb.clock, keys=[], deadline=timedelta(1))

        with pytest.raises(SnapshotOutdated):
            record_poll(old, asked=Asked(None, "system:test", earlier), at=made.started_at)

        assert Run.objects.get().state == "complete"

    def test_the_first_one_takes_history_without_its_alarms(
        self, ccb: FakeCcb, poll: MakePoll, open_rules: Callable[[], list[str]]
    ) -> None:
        old = ccb.clock - timedelta(days=20)
        ccb.run("CM-DMRU", 1, status="30", started_at=old, ended_at=old)
        ccb.fail("CM-DMRU", 2)

        poll()

        assert Run.objects.filter(state="failed").count() == 2
        assert open_rules() == ["FAILED"]

    def test_a_slow_machine_may_take_its_time_over_a_long_history(
        self, ccb: FakeCcb, poll: MakePoll, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ccb.run("CM-DMRU")

        def slowly(*args: Any) -> Any:
            time.sleep(0.2)
            return observe(*args)

        monkeypatch.setattr("monitoring.lifecycle.runs.observe", slowly)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 100")

        assert poll().runs_changed == 1


class TestFailedPoll:
    def test_it_changes_no_run_and_says_why(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.run("CM-DMRU")
        poll()
        before = stored()
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")

        made = poll()

        assert not made.succeeded
        assert (made.error_code, made.error_message) == ("ccb_timeout", ccb.failing.message)
        assert stored() == before

    def test_a_refused_login_opens_the_circuit_until_somebody_says_try_again(
        self, ccb: FakeCcb, poll: MakePoll, open_rules: Callable[[], list[str]]
    ) -> None:
        ccb.failing = CcbLoginRefused("ORA-01017: wrong password")
        poll()
        ccb.failing = None
        readings = len(ccb.asked)

        assert queries.due_poll(datetime.now(UTC)) is None
        assert polling.poll_if_due() is None
        assert open_rules() == ["SOURCE_STALE"]
        with pytest.raises(CommandError, match="--try-again"):
            call_command("poll_ccb")
        assert len(ccb.asked) == readings

        call_command("poll_ccb", "--try-again")

        assert open_rules() == []
        assert queries.source().circuit_opened_at is None

    def test_what_breaks_in_our_own_code_counts_as_tried(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.failing = RuntimeError("bug")

        with pytest.raises(RuntimeError):
            polling.poll_if_due()

        assert Poll.objects.get().error_code == "poll_broke"
        assert queries.due_poll(Poll.objects.get().started_at) is None


class TestSchedule:
    def test_a_slot_is_polled_once(self, ccb: FakeCcb, poll: MakePoll) -> None:
        first = polling.poll_if_due()

        assert first is not None
        assert first.slot is not None
        assert polling.poll_if_due() is None
        assert queries.due_poll(first.slot + timedelta(minutes=15)) is not None

    def test_a_fast_clock_is_polled_as_much_faster(
        self, ccb: FakeCcb, poll: MakePoll, settings: object
    ) -> None:
        settings.CCB_CLOCK_SPEED = 60  # type: ignore[attr-defined]
        at = datetime(2026, 3, 11, 0, 0, 14, tzinfo=UTC)

        interval = queries.poll_interval(queries.monitoring_config())

        assert interval == timedelta(seconds=15)
        assert queries.slot_of(at, interval) == datetime(2026, 3, 11, tzinfo=UTC)

    def test_who_asked_is_served_between_slots(self, ccb: FakeCcb, poll: MakePoll) -> None:
        from batchops.db import database_now
        from monitoring.lifecycle import ask_for_poll

        polling.poll_if_due()
        ask_for_poll(at=database_now(), actor="user:operator")

        made = polling.poll_if_due()

        assert made is not None
        assert (made.slot, made.asked_by) == (None, "user:operator")
        assert polling.poll_if_due() is None


class TestCommand:
    def test_it_prints_what_it_saw(
        self, ccb: FakeCcb, poll: MakePoll, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ccb.fail("C1-PPBTR")

        call_command("poll_ccb")

        assert "1 runs seen, 1 changed, 0 IMDs pending. Open alerts: 1." in capsys.readouterr().out

    def test_it_fails_with_the_sentence(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")

        with pytest.raises(CommandError, match="did not answer within 90 s"):
            call_command("poll_ccb")
