"""Which alerts polls open and resolve, over whatever sequence of polls."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from alerts import lifecycle
from alerts.models import Alert
from batchops.ccb.errors import CcbLoginRefused, CcbTimeout
from batchops.ccb.snapshot import ProgressRow
from batchops.db import database_now
from monitoring import poll as polling
from monitoring.models import MonitoringConfig, Poll, Run
from tests.monitoring.source import FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


def history() -> list[tuple[str, str, str]]:
    rows = Alert.objects.order_by("id")
    return [(a.rule, a.state, a.events.order_by("-id")[0].note) for a in rows]


class TestFailed:
    def test_it_opens_once_over_doubled_polls(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("C1-PPBTR", text="ORA-12545 Connection timeout")

        poll(), poll(), poll()

        alert = Alert.objects.get()
        assert (alert.severity, alert.state, alert.batch_code) == ("CRITICAL", "open", "C1-PPBTR")
        assert alert.message == (
            "Batch C1-PPBTR failed at 05:30. Error: ORA-12545 Connection timeout"
        )
        assert alert.evidence["seen"]["status"] == "Failed (30)"

    def test_the_last_message_is_told(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("C1-PPBTR", text="the first")
        ccb.fail("C1-PPBTR", text="the last")

        poll()

        assert Alert.objects.get().message.endswith("Error: the last")

    def test_it_resolves_when_the_run_is_restarted(self, ccb: FakeCcb, poll: MakePoll) -> None:
        key = ccb.fail("CM-DMRU")
        poll()
        ccb.runs[key] = replace(ccb.runs[key], run_status="20")  # CC&B keeps the old end

        poll()

        assert history() == [("FAILED", "resolved", "The run was restarted.")]
        assert Run.objects.get().ended_at is None

    def test_it_resolves_when_the_run_completed_meanwhile(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.advance(hours=1)
        ccb.complete("CM-DMRU")

        poll()

        assert history() == [("FAILED", "resolved", "The run completed.")]

    def test_it_resolves_when_the_run_is_purged(self, ccb: FakeCcb, poll: MakePoll) -> None:
        key = ccb.fail("CM-DMRU")
        poll()
        ccb.purge(key)

        poll()

        assert history() == [("FAILED", "resolved", "CC&B no longer holds the run.")]

    @pytest.mark.parametrize("restart_seen", [True, False])
    def test_a_second_failure_is_a_new_alert_linked_to_the_old(
        self, ccb: FakeCcb, poll: MakePoll, *, restart_seen: bool
    ) -> None:
        ccb.fail("CM-DMRU", text="first")
        poll()
        ccb.advance(minutes=20)
        ccb.run("CM-DMRU", ended_at=None)
        if restart_seen:
            poll()
        ccb.advance(minutes=20)
        ccb.fail("CM-DMRU", text="second")

        poll()

        old, new = Alert.objects.order_by("id")
        assert (old.state, new.state, new.previous) == ("resolved", "open", old)
        assert new.message.endswith("second")

    def test_an_end_that_is_told_later_is_the_same_failure(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        """CC&B writes the run's own end minutes after its threads ended."""
        key = ccb.run("CM-DMRU", status="30")
        threads_ended_at = ccb.clock
        ccb.progress[key] = ProgressRow(
            key, 4, 4, 90, 0, 90, 0, ccb.clock, ccb.clock, threads_ended_at
        )
        poll()
        lifecycle.acknowledge(
            Alert.objects.get().pk, at=timezone.now(), actor="user:a", note="mine"
        )
        ccb.advance(minutes=7)
        ccb.run("CM-DMRU", status="30", ended_at=ccb.clock)

        poll(), poll()

        alert = Alert.objects.get()
        assert (alert.state, alert.acknowledged_note) == ("acknowledged", "mine")
        assert alert.occurrence == ccb.clock.isoformat()
        assert Run.objects.get().ended_at == ccb.clock

    def test_one_that_ran_before_we_watched_and_failed_without_an_end_opens(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU", started_at=ccb.clock - timedelta(days=10))
        poll()
        ccb.run("CM-DMRU", status="30")

        poll(), poll()

        assert history() == [("FAILED", "open", "")]

        ccb.run("CM-DMRU", status="40")
        poll()

        assert history() == [("FAILED", "resolved", "The run completed.")]

    def test_two_failed_runs_of_one_batch_are_two_alerts(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("F1-FLUSH", 1)
        ccb.fail("F1-FLUSH", 2)

        poll()

        assert Alert.objects.open().count() == 2

    def test_a_failed_poll_resolves_nothing(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.failing = CcbTimeout("late")

        poll()

        assert Alert.objects.get().state == "open"


class TestReasons:
    @pytest.mark.parametrize(
        ("after", "said"),
        [
            ("30", "The run failed."),
            ("40", "The run completed."),
            ("yy", "CC&B changed it to another status that is not known."),
        ],
    )
    def test_an_unknown_status_says_why_it_is_over(
        self, ccb: FakeCcb, poll: MakePoll, after: str, said: str
    ) -> None:
        ccb.run("CM-DMRU", status="xx")
        poll()
        ccb.run("CM-DMRU", status=after)

        poll()

        assert history()[0] == ("UNKNOWN_STATUS", "resolved", said)

    def test_a_failure_that_nobody_saw_repaired_says_so(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.advance(minutes=20)
        ccb.run("CM-DMRU", status="30", ended_at=ccb.clock)

        poll()

        assert history()[0] == ("FAILED", "resolved", "The run was restarted and failed again.")


class TestSourceStale:
    def test_it_opens_without_good_polls_and_resolves_with_one(
        self,
        ccb: FakeCcb,
        poll: MakePoll,
        made_stale: Callable[[], None],
        open_rules: Callable[[], list[str]],
    ) -> None:
        poll()
        made_stale()
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
        poll()
        poll()

        assert open_rules() == ["SOURCE_STALE"]
        assert "did not answer within 90 s" in Alert.objects.get().message

        ccb.failing = None
        poll()

        assert history() == [("SOURCE_STALE", "resolved", "CC&B was read again.")]

    def test_try_again_alone_resolves_nothing(
        self, ccb: FakeCcb, poll: MakePoll, open_rules: Callable[[], list[str]]
    ) -> None:
        poll()
        ccb.failing = CcbLoginRefused("ORA-01017: wrong password", code="ccb_login_wrong")
        poll()
        lifecycle.acknowledge(Alert.objects.get().pk, at=timezone.now(), actor="user:a")

        client_of("Operator").post("/admin/runs/try-again/")
        polling.judge_source(database_now())
        ccb.failing = CcbTimeout("late")
        poll()

        assert Alert.objects.get().acknowledged_by == "user:a"
        assert open_rules() == ["SOURCE_STALE"]

        ccb.failing = None
        poll()

        assert history() == [("SOURCE_STALE", "resolved", "CC&B was read again.")]

    def test_a_refused_login_after_timeouts_is_told(
        self, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        poll()
        made_stale()
        ccb.failing = CcbTimeout("late")
        poll()
        ccb.failing = CcbLoginRefused("ORA-28000: locked", code="ccb_account_locked")

        poll()

        assert history()[0][1:] == ("resolved", "The cause is another now; the next alert says it.")
        assert "ORA-28000" in Alert.objects.active().get().message

    def test_it_opens_when_polls_do_not_even_run(
        self,
        poll: MakePoll,
        made_stale: Callable[[], None],
        open_rules: Callable[[], list[str]],
    ) -> None:
        poll()
        made_stale()

        polling.judge_source(database_now())

        assert open_rules() == ["SOURCE_STALE"]

    def test_pages_are_told_once_when_the_picture_gets_old_behind_an_open_circuit(
        self, ccb: FakeCcb, poll: MakePoll, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen_at = poll().started_at
        ccb.failing = CcbLoginRefused("ORA-01017", code="ccb_login_wrong")
        poll()
        told: list[str] = []
        monkeypatch.setattr("monitoring.lifecycle.polls.publish", told.append)

        for intervals in (1.0, 2.4, 2.5):
            polling.judge_source(seen_at + intervals * timedelta(minutes=15))

        assert told == ["workflow"]

        ccb.failing = None
        call_command("poll_ccb", "--try-again")
        polling.judge_source(database_now() + timedelta(hours=1))

        assert told[-2:] == ["workflow", "workflow"]

    @pytest.mark.parametrize(("intervals", "found"), [(1.9, []), (2.4, ["SOURCE_STALE"])])
    def test_one_missed_poll_is_no_alarm_and_two_are(
        self,
        ccb: FakeCcb,
        poll: MakePoll,
        open_rules: Callable[[], list[str]],
        intervals: float,
        found: list[str],
    ) -> None:
        seen_at = poll().started_at
        ccb.failing = CcbTimeout("late")
        poll()

        polling.judge_source(seen_at + intervals * timedelta(minutes=15))

        assert open_rules() == found


def test_the_settings_are_one_row() -> None:
    assert MonitoringConfig.objects.count() == 1
