"""Two business days side by side, and a month as a calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from monitoring.lifecycle.days import reckon_days
from monitoring.models import Run
from tests.monitoring.stored import stored_reading, stored_run
from tests.people import client_of

DAY = date(2026, 11, 18)
BEFORE = DAY - timedelta(weeks=1)
CLOCK = datetime(2026, 11, 18, 6, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def ran(day: date, code: str, *, clock: str, minutes: int, records: int, state: str) -> Run:
    """Store a run that began at a time of Dhaka's clock."""
    began_at = datetime.fromisoformat(f"{day}T{clock}+06:00")
    return stored_run(
        code,
        Run.objects.count() + 1,
        began_at=began_at,
        ended_at=began_at + timedelta(minutes=minutes),
        records_processed=records,
        state=state,
    )


@pytest.fixture
def viewer() -> Client:
    ran(BEFORE, "CM-DMRU", clock="05:00", minutes=60, records=1000, state="complete")
    ran(DAY, "CM-DMRU", clock="05:10", minutes=45, records=1500, state="complete")
    ran(DAY, "D1-IMD", clock="07:00", minutes=5, records=10, state="failed")
    reckon_days([BEFORE, DAY], at=CLOCK)
    stored_reading(CLOCK, day=DAY)
    return client_of("Viewer")


def page(client: Client, path: str) -> str:
    return " ".join(client.get(path).content.decode().split())


class TestTwoDays:
    def test_each_step_tells_how_it_differs(self, viewer: Client) -> None:
        shown = page(viewer, f"/admin/runs/compare/?a={BEFORE}&b={DAY}")
        rows = dict(part.split('">', 1) for part in shown.split('id="pair-')[1:])

        assert "10m 0s later" in rows["CM-DMRU"]
        assert "15m 0s shorter" in rows["CM-DMRU"]
        assert "500 more" in rows["CM-DMRU"]
        assert f"batchCode=CM-DMRU&amp;startDate={DAY}&amp;endDate={DAY}" in rows["CM-DMRU"]
        assert "No run" in rows["D1-IMD"]
        assert "Failed" in rows["D1-IMD"]
        assert list(rows)[:2] == ["CM-DMRU", "D1-IMD"]

    def test_a_step_that_goes_on_is_compared_by_its_beginning_alone(self, viewer: Client) -> None:
        running = Run.objects.filter(batch_code="CM-DMRU", business_date=DAY)
        running.update(state="running", ended_at=None)

        shown = page(viewer, f"/admin/runs/compare/?a={BEFORE}&b={DAY}")
        said = shown.partition('id="pair-CM-DMRU"')[2].partition("</tr>")[0]

        assert "10m 0s later" in said
        assert "shorter" not in said
        assert "more" not in said

    def test_the_other_way_round_the_words_turn(self, viewer: Client) -> None:
        shown = page(viewer, f"/admin/runs/compare/?a={DAY}&b={BEFORE}")

        assert "10m 0s earlier" in shown
        assert "15m 0s longer" in shown
        assert "500 fewer" in shown

    def test_the_week_before_is_the_other_day(self, viewer: Client) -> None:
        shown = page(viewer, f"/admin/runs/compare/?b={DAY}")

        assert f'name="a" value="{BEFORE}"' in shown
        assert "10m 0s later" in shown

    def test_what_is_no_day_is_refused_and_what_has_no_run_says_so(self, viewer: Client) -> None:
        assert viewer.get("/admin/runs/compare/?a=yesterday").status_code == 400
        assert "No run on either" in page(viewer, "/admin/runs/compare/?a=2026-01-01&b=2026-01-02")

    def test_its_queries_do_not_grow_with_the_runs(self, viewer: Client) -> None:
        address = f"/admin/runs/compare/fragment/?a={BEFORE}&b={DAY}"
        viewer.get(address)
        with CaptureQueriesContext(connection) as few:
            viewer.get(address)
        for _ in range(3):
            ran(DAY, "D1-IMD", clock="09:00", minutes=5, records=10, state="complete")
        with CaptureQueriesContext(connection) as many:
            viewer.get(address)

        assert len(many) == len(few)


class TestMonth:
    def test_each_day_tells_the_worst_of_its_steps(self, viewer: Client) -> None:
        shown = page(viewer, f"/admin/runs/calendar/?until={DAY}")
        cells = {
            day: shown.partition(f'?date={day}">')[2].partition("</td>")[0] for day in (BEFORE, DAY)
        }

        assert "Nov 2026" in shown
        assert "Complete" in cells[BEFORE]
        assert "1 step, 1h 0m" in cells[BEFORE]
        assert "Failed" in cells[DAY]
        assert "2 steps, 50m 0s" in cells[DAY]
        assert shown.count("No run") == 16, "of the days that are over or under way"

    def test_months_without_runs_are_not_offered(self, viewer: Client) -> None:
        shown = page(viewer, "/admin/runs/calendar/")

        assert 'rel="prev"' not in shown
        assert 'rel="next"' not in shown
