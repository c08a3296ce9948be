"""Today: its figures, its parts, and what the frame around it costs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from monitoring.figures import figures
from monitoring.models import Run, RunEvent
from monitoring.states import RunState
from tests.monitoring.stored import stored_run
from tests.people import client_of

pytestmark = pytest.mark.django_db
FRAME_QUERIES = 12


def run_ended(number: int, state: RunState, *, at: datetime, records: int = 0) -> Run:
    return stored_run(
        "CM-DMRU",
        number,
        began_at=at - timedelta(seconds=100),
        ended_at=at,
        state=state,
        records_processed=records,
        business_date=at.date(),
    )


class TestFigures:
    def test_success_counts_what_ended_with_a_result_in_seven_days(self) -> None:
        now = timezone.now()
        for number, state in enumerate([RunState.COMPLETE] * 3 + [RunState.FAILED]):
            run_ended(number, state, at=now - timedelta(days=number))
        run_ended(8, RunState.FAILED, at=now - timedelta(days=8))
        run_ended(9, RunState.ENDED, at=now)

        found = figures(day=now.date(), source_at=now)

        assert (found.success_pct, found.ended) == (75.0, 4)

    def test_failed_counts_each_run_once_and_marks_the_repaired(self) -> None:
        now = timezone.now()
        repaired = run_ended(1, RunState.COMPLETE, at=now)
        failed = run_ended(2, RunState.FAILED, at=now)
        for run, hours in ((repaired, 3), (repaired, 2), (failed, 1), (failed, 30)):
            moment = now - timedelta(hours=hours)
            RunEvent.objects.create(
                run=run,
                at=moment,
                source_at=moment,
                actor="x",
                verb="failed",
                after={"state": "failed", "entered_at": moment.isoformat()},
            )

        found = figures(day=now.date(), source_at=now)

        assert (found.failed_today, found.repaired_today) == (2, 1)

    def test_the_average_weighs_runs_by_their_seconds(self) -> None:
        now = timezone.now()
        run_ended(1, RunState.COMPLETE, at=now, records=30_000)
        run_ended(2, RunState.COMPLETE, at=now, records=10_000)

        assert figures(day=now.date(), source_at=now).rps == 200

    def test_nothing_known_is_no_figure(self) -> None:
        found = figures(day=timezone.now().date(), source_at=timezone.now())

        assert (found.success_pct, found.rps) == (None, None)


class TestToday:
    def test_it_has_every_part_for_a_viewer(self) -> None:
        page = client_of("Viewer").get("/admin/").content.decode()

        for part in ("workflow", "active-alerts", "running-jobs", "ccb-age", "alert-banner"):
            assert f'id="{part}"' in page
        assert "Poll now" not in page

    def test_it_offers_a_reading_to_who_may_ask_for_one(self) -> None:
        assert "Poll now" in client_of("Operator").get("/admin/").content.decode()

    @pytest.mark.parametrize("part", ["run_cards", "alert_card", "job_card", "jobs"])
    def test_each_live_part_answers_alone(self, part: str) -> None:
        answer = client_of("Viewer").get(f"/admin/today/{part}/fragment/")

        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()

    def test_an_unknown_part_is_not_found(self) -> None:
        answer = client_of("Viewer").get("/admin/today/weather/fragment/")

        assert answer.status_code == 404
        assert "no part of this name" in answer.content.decode()


class TestFrame:
    def test_it_costs_few_queries_however_much_there_is(
        self, django_assert_max_num_queries: object
    ) -> None:
        client = client_of("Administrator")
        for number in range(30):
            run_ended(number, RunState.COMPLETE, at=timezone.now())

        with django_assert_max_num_queries(FRAME_QUERIES):  # type: ignore[operator]
            client.get("/admin/styleguide/")

    def test_the_menu_holds_what_the_role_may_see(self) -> None:
        page = client_of("Viewer").get("/admin/styleguide/").content.decode()

        assert all(word in page for word in ("Today", "Runs", "Alerts", "Batch jobs", "Settings"))
