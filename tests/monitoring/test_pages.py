"""What people see and press about CC&B."""

from collections.abc import Callable
from datetime import time

import pytest
from django.test import Client
from django_q.models import OrmQ

from batchops.ccb.errors import CcbLoginRefused, CcbTimeout
from monitoring import queries
from monitoring.models import MonitoringConfig, Poll, Step
from tests.monitoring.source import FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
WORKFLOW = "/admin/workflow/fragment/"


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


class TestWorkflow:
    def test_it_draws_the_six_steps_with_their_runs(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.count(ccb.run("CM-DMRU", 4711), 1234, errors=7)
        ccb.fail("C1-PPBTR", 12, text="ORA-12545 Connection timeout")
        poll()

        page = text_of(client_of("Viewer"), WORKFLOW)

        assert page.count('<li class="step"') == 6
        for words in ("4711", "1,234", "ORA-12545 Connection timeout", "Running", "Failed"):
            assert words in page

    def test_it_says_since_when_nothing_is_known(
        self, poll: MakePoll, made_stale: Callable[[], None]
    ) -> None:
        poll()
        made_stale()

        assert "What may have changed since is shown as unknown" in text_of(
            client_of("Viewer"), WORKFLOW
        )

    def test_its_queries_do_not_grow_with_the_day(
        self, ccb: FakeCcb, poll: MakePoll, django_assert_max_num_queries: object
    ) -> None:
        client = client_of("Viewer")
        for number in range(40):
            ccb.run("F1-FLUSH", number)
        poll()

        with django_assert_max_num_queries(18):  # type: ignore[operator]
            text_of(client, WORKFLOW)


class TestDataAge:
    def test_it_tells_the_age_the_circuit_and_the_simulation(
        self, ccb: FakeCcb, poll: MakePoll, settings: object
    ) -> None:
        client, address = client_of("Viewer"), "/admin/data-age/fragment/"
        never = text_of(client, address)
        poll()
        seen = text_of(client, address)
        ccb.failing = CcbLoginRefused("ORA-28000: locked")
        poll()
        settings.CCB_CLOCK_SPEED = 60  # type: ignore[attr-defined]
        refused = text_of(client, address)

        assert "not seen yet" in never
        assert 'data-tick="since"' in seen
        assert "Simulated" not in seen
        assert "Login refused" in refused
        assert "Simulated CC&amp;B, 60x" in refused


class TestRuns:
    def test_filters_narrow_and_pages_follow(self, ccb: FakeCcb, poll: MakePoll) -> None:
        for number in range(1, 53):
            ccb.complete("F1-FLUSH", number)
            ccb.advance(seconds=1)
        ccb.fail("CM-DMRU", 900)
        poll()
        client = client_of("Viewer")

        first = client.get("/admin/runs/")
        older = client.get(first.context["older"])
        failed = client.get("/admin/runs/", {"status": "failed"})

        assert len(first.context["runs"]) == 25
        assert len(older.context["runs"]) == 25
        assert [view.run.batch_nbr for view in failed.context["runs"]] == [900]

    @pytest.mark.parametrize(
        "asked", [{"status": "great"}, {"day": "soon"}, {"step": "x"}, {"cursor": "x"}]
    )
    def test_bad_filters_are_refused_with_a_sentence(
        self, poll: MakePoll, asked: dict[str, str]
    ) -> None:
        answer = client_of("Viewer").get("/admin/runs/", asked)

        assert answer.status_code == 400

    def test_the_last_failure_is_told(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
        poll()

        assert "did not answer within 90 s" in text_of(client_of("Viewer"), "/admin/runs/")

    def test_the_first_page_is_live_with_its_filters(self, poll: MakePoll) -> None:
        page = text_of(client_of("Viewer"), "/admin/runs/?batchCode=F1-FLUSH&status=failed")

        address = "/admin/runs/fragment/?batchCode=F1-FLUSH&amp;status=failed"
        assert f'data-live-topic="workflow" data-live-fragment="{address}"' in page

    def test_an_older_page_stays_as_it_was(self, ccb: FakeCcb, poll: MakePoll) -> None:
        for number in range(1, 27):
            ccb.complete("F1-FLUSH", number)
            ccb.advance(seconds=1)
        poll()
        client = client_of("Viewer")
        older = client.get("/admin/runs/").context["older"]

        page = text_of(client, older)

        assert "/admin/runs/fragment/" not in page

    def test_the_fragment_lists_what_the_filters_leave(self, ccb: FakeCcb, poll: MakePoll) -> None:
        for number in range(1, 27):
            ccb.complete("F1-FLUSH", number)
            ccb.advance(seconds=1)
        ccb.fail("CM-DMRU", 900)
        poll()
        client, address = client_of("Viewer"), "/admin/runs/fragment/"

        everything = client.get(address)
        flushes = client.get(address, {"batchCode": "F1-FLUSH"})

        assert everything.context["runs"][0].run.batch_nbr == 900
        assert {view.run.batch_code for view in flushes.context["runs"]} == {"F1-FLUSH"}
        assert flushes.context["older"].startswith("/admin/runs/?batchCode=F1-FLUSH&cursor=")
        assert "<html" not in flushes.content.decode()

    def test_the_fragment_tells_a_failed_reading_and_a_refused_login(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        client, address = client_of("Operator"), "/admin/runs/fragment/"
        ccb.failing = CcbTimeout("CC&B did not answer within 90 s.")
        poll()
        failed = text_of(client, address)
        ccb.failing = CcbLoginRefused("ORA-28000: locked")
        poll()
        refused = text_of(client, address)

        assert "did not answer within 90 s" in failed
        assert "/admin/runs/try-again/" not in failed
        assert "ORA-28000: locked" in refused
        assert 'action="/admin/runs/try-again/"' in refused
        assert "/admin/runs/try-again/" not in text_of(client_of("Viewer"), address)


class TestPollNow:
    def test_it_asks_and_rings(self, ccb: FakeCcb) -> None:
        answer = client_of("Operator").post("/admin/runs/poll/")

        assert answer.status_code == 302
        assert queries.source().poll_asked_by == "user:operator"
        assert OrmQ.objects.filter(key="watch").count() == 1

    def test_a_viewer_may_not(self) -> None:
        assert client_of("Viewer").post("/admin/runs/poll/").status_code == 403
        assert queries.source().poll_asked_at is None

    def test_try_again_closes_the_circuit(self, ccb: FakeCcb, poll: MakePoll) -> None:
        ccb.failing = CcbLoginRefused("ORA-01017")
        poll()
        client = client_of("Operator")
        assert "Try again" in text_of(client, "/admin/runs/")

        client.post("/admin/runs/try-again/")

        assert queries.source().circuit_opened_at is None
        assert queries.source().poll_asked_by == "user:operator"


class TestAdmin:
    def test_supervisors_edit_steps_within_reason(self) -> None:
        step = Step.objects.get(batch_code="F1-FLUSH")
        client, address = client_of("Supervisor"), f"/admin/monitoring/step/{step.pk}/change/"
        form = {
            "source_batch_cd": "F1-FLUSH",
            "name": "Flush",
            "sequence_order": 4,
            "expected_start": "10:15",
            "grace_minutes": 30,
            "expected_minutes": 5,
            "max_minutes": 30,
            "stuck_profile": "off",
        }

        good = client.post(address, form)
        too_long = client.post(address, {**form, "expected_minutes": 31})
        itself = client.post(address, {**form, "depends_on": "F1-FLUSH"})

        step.refresh_from_db()
        assert good.status_code == 302
        assert step.expected_start.isoformat() == "10:15:00"
        assert "raise the maximum" in too_long.content.decode()
        assert "wait for itself" in itself.content.decode()

    def test_steps_that_wait_for_each_other_are_named(self) -> None:
        """SQL may have tied them; the form must neither hang nor tie more to them."""
        Step.objects.filter(batch_code="CM-DMRU").update(depends_on="D1-IMD")
        step = Step.objects.get(batch_code="F1-FLUSH")
        form = {
            "source_batch_cd": "F1-FLUSH",
            "name": "Flush",
            "sequence_order": 4,
            "expected_start": "10:15",
            "grace_minutes": 30,
            "expected_minutes": 5,
            "max_minutes": 30,
            "stuck_profile": "off",
            "depends_on": "D1-IMD",
        }

        answer = client_of("Supervisor").post(f"/admin/monitoring/step/{step.pk}/change/", form)

        page = answer.content.decode()
        assert answer.status_code == 200
        assert "wait for each other: CM-DMRU, D1-IMD" in page

    def test_an_operator_edits_nothing(self) -> None:
        step = Step.objects.get(batch_code="F1-FLUSH")

        answer = client_of("Operator").post(f"/admin/monitoring/step/{step.pk}/change/", {})

        assert answer.status_code == 403

    def test_the_settings_are_one_page(self) -> None:
        client = client_of("Supervisor")
        address = "/admin/monitoring/monitoringconfig/1/change/"
        form = {
            "poll_minutes": 5,
            "stale_after_polls": 2,
            "day_start": "05:00",
            "stuck_minutes": 60,
            "page_refresh_minutes": 30,
            "log_retention_days": 60,
            "month_end_last_days": 2,
            "month_end_first_days": 1,
            "day_deadline": "17:30",
        }

        lists = client.get("/admin/monitoring/monitoringconfig/")
        good = client.post(address, form)
        bad = client.post(address, {**form, "poll_minutes": 0})

        assert lists["Location"] == address
        assert good.status_code == 302
        assert bad.status_code == 200
        stored = MonitoringConfig.objects.get()
        assert (stored.poll_minutes, stored.day_deadline) == (5, time(17, 30))

    def test_polls_are_read_only(self, poll: MakePoll) -> None:
        address, client = f"/admin/monitoring/poll/{poll().pk}/change/", client_of("Administrator")

        for shown in ("/admin/monitoring/poll/", address):
            text_of(client, shown)
        assert client.post(address, {}).status_code == 403
        assert client.get("/admin/monitoring/poll/add/").status_code == 403
