"""The cards of Today, as polls make them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from batchops.ccb.errors import CcbTimeout
from monitoring.models import Poll
from tests.monitoring.source import FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


def card(viewer: Client, label: str) -> str:
    """Return the card's HTML in one line."""
    page = " ".join(viewer.get("/admin/today/run_cards/fragment/").content.decode().split())
    return next(part for part in page.split("<a ") if f">{label}<" in part)


class TestFailedRuns:
    def test_a_failure_between_two_polls_counts(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        poll()
        ccb.fail("CM-DMRU")

        poll()

        assert ">1<" in card(viewer, "Failed runs")
        assert "0 repaired" in card(viewer, "Failed runs")

    def test_a_second_failure_counts_in_its_own_day(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.fail("CM-DMRU")
        poll()
        ccb.advance(hours=30)
        ccb.run("CM-DMRU", status="30", ended_at=ccb.clock)

        poll()

        assert ">1<" in card(viewer, "Failed runs")

    def test_history_of_the_first_poll_is_not_of_today(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        old = ccb.clock - timedelta(days=20)
        ccb.run("CM-DMRU", 1, status="30", started_at=old, ended_at=old)
        ccb.run("CM-DMRU", 2, status="30", started_at=old, ended_at=None)

        poll()

        assert ">0<" in card(viewer, "Failed runs")

    @pytest.mark.parametrize(("repaired", "n"), [("complete", 1), ("run", 0), ("purge", 0)])
    def test_repaired_is_what_has_completed_since(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, repaired: str, n: int
    ) -> None:
        key = ccb.fail("CM-DMRU")
        poll()
        ccb.purge(key) if repaired == "purge" else getattr(ccb, repaired)("CM-DMRU")

        poll()

        assert f"{n} repaired" in card(viewer, "Failed runs")


class TestAverageSpeed:
    def test_a_running_step_counts_from_its_start(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU", started_at=ccb.clock - timedelta(seconds=100))
        ccb.count(key, 14_600)

        poll()

        assert "146.0" in card(viewer, "Average RPS")

    def test_what_nobody_read_since_dilutes_nothing(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        key = ccb.run("CM-DMRU", started_at=ccb.clock - timedelta(seconds=100))
        ccb.count(key, 14_600)
        poll()

        Poll.objects.update(started_at=F("started_at") - timedelta(minutes=20))

        assert "146.0" in card(viewer, "Average RPS")


class TestWhatIsNotKnown:
    def test_a_rate_is_never_green_by_itself(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.complete("CM-DMRU", 1)
        ccb.fail("CM-DMRU", 2)
        poll()

        shown = card(viewer, "Success rate")

        assert "50.0%" in shown
        assert "tone-neutral" in shown
        assert "check" not in shown

    def test_an_old_picture_gives_no_rate(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        ccb.complete("CM-DMRU")
        poll()
        made_stale()

        for label in ("Success rate", "Failed runs", "Average RPS", "Running now"):
            shown = card(viewer, label)
            assert "tone-unknown" in shown
            assert "\N{EN DASH}" in shown
            assert "%" not in shown
        assert "next poll in" not in viewer.get("/admin/").content.decode()

    def test_nothing_read_is_not_no_failure(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.failing = CcbTimeout("late")
        poll()

        shown = card(viewer, "Failed runs")

        assert "tone-unknown" in shown
        assert "\N{EN DASH}" in shown
        assert "repaired" not in shown
