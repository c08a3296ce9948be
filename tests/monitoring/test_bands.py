"""The usual band of steps over comparable days, and the pages that show it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from monitoring import bands
from monitoring.calendar import day_calendar
from monitoring.lifecycle.days import note_pending_imd, reckon_days
from monitoring.models import Forecast, PlannedOutage, Poll, Run, Step
from monitoring.queries import monitoring_config
from tests.monitoring.stored import stored_reading
from tests.people import client_of
from tests.pseudo import pseudo_language, untranslated

DAY = date(2026, 11, 18)  # a Wednesday
WEEK = timedelta(weeks=1)


def weeks(n: int) -> list[date]:
    days = (DAY - k * WEEK for k in range(1, 60))
    return [day for day in days if (day + timedelta(days=1)).month == day.month][:n]


def at(day: date, hour: float) -> datetime:
    """Return a moment on Dhaka's clock."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 6)


def store(
    days: Iterable[date],
    code: str = "CM-DMRU",
    *,
    starts: float = 5,
    hours: float = 2,
    records: int = 1000,
    state: str = "complete",
) -> list[Run]:
    days = list(days)
    first = Run.objects.count()
    made = Run.objects.bulk_create(
        Run(
            batch_code=code,
            source_batch_cd=code[:8],
            batch_nbr=first + n,
            state=state,
            started_at=at(day, starts),
            ended_at=None if state == "running" else at(day, starts + hours),
            records_processed=records,
            business_date=day,
            created_at=at(day, starts),
        )
        for n, day in enumerate(days)
    )
    reckon_days(days, at=at(DAY, 12))
    return made


def band(code: str = "CM-DMRU", day: date = DAY) -> bands.Band:
    return usual((code, day))[code, day]


def usual(*wanted: tuple[str, date]) -> dict[tuple[str, date], bands.Band]:
    return bands.usual_bands(wanted, day_calendar(monitoring_config()))


@pytest.mark.django_db
class TestBand:
    def test_it_holds_the_quantiles_of_whole_days(self) -> None:
        for n, day in enumerate(weeks(21)):
            store([day], starts=5 + n / 60, hours=1 + n / 60, records=100 * (n + 1))
            store([day], starts=20, hours=1, records=100 * (n + 1))

        found = band()

        assert (found.n, found.days) == (21, "ordinary days, Wednesdays")
        assert found.start_s == bands.Spread(5 * 3600 + 120, 5 * 3600 + 600, 5 * 3600 + 1080)
        assert found.end_s == bands.Spread(*[21 * 3600] * 3)
        assert found.took_s == bands.Spread(7320, 7800, 8280)
        assert found.records == bands.Spread(600, 2200, 3800)
        starts = found.starts(DAY)
        assert starts
        assert starts.p50 == at(DAY, 5) + timedelta(minutes=10)

    def test_nothing_of_the_day_itself_or_later_reaches_it(self) -> None:
        store(weeks(20))
        before = band()

        store([DAY, DAY + WEEK], starts=9, hours=9, records=9)

        later = DAY + 2 * WEEK
        both = usual(("CM-DMRU", DAY), ("CM-DMRU", later))
        assert both["CM-DMRU", DAY] == before
        assert both["CM-DMRU", later].n == 22

    def test_days_are_read_again_only_when_one_of_them_changed(self) -> None:
        store(weeks(20))
        first = band()
        with CaptureQueriesContext(connection) as queries:
            again = band()
        assert again is first
        assert not [query for query in queries if '"last_ended_at"' in query["sql"]]

        store(weeks(20), starts=20)

        assert band() != first

    def test_days_that_failed_or_had_nothing_to_do_or_left_measurements_do_not_count(self) -> None:
        store(weeks(20), "D1-IMD")
        store(weeks(20)[:2], "D1-IMD", state="failed")
        note_pending_imd(weeks(20)[3], pending=7, at=at(DAY, 1))
        store([DAY - timedelta(days=1)], "D1-IMD", records=0)

        found = band("D1-IMD")

        assert (found.n, found.enough, found.starts(DAY)) == (17, False, None)

    def test_a_batch_without_records_has_times_alone(self) -> None:
        store(weeks(20), "F1-FLUSH", records=0)

        found = band("F1-FLUSH")

        assert found.took_s
        assert (found.records, found.rps) == (None, None)


@pytest.mark.django_db
class TestGantt:
    @pytest.fixture
    def viewer(self) -> Client:
        store(weeks(21))
        store(weeks(21), "CM_BSGGN", starts=11, hours=2)
        return client_of("Viewer")

    def gantt(self, viewer: Client, address: str = "/admin/workflow/gantt/") -> str:
        answer = viewer.get(address)
        assert answer.status_code == 200
        return " ".join(answer.content.decode().replace("\N{EN DASH}", "-").split())

    def test_a_running_day_shows_band_waiting_now_and_what_is_to_come(self, viewer: Client) -> None:
        (run,) = store([DAY], starts=6, state="running")
        stored_reading(at(DAY, 6.5), day=DAY)

        page = self.gantt(viewer)

        assert "usual on ordinary days, Wednesdays" in page
        assert "<title>usually 05:00 - 07:00</title>" in page
        assert "<title>waited 05:00 - 06:00</title>" in page
        assert f'<a href="/admin/runs/{run.pk}/" aria-label="CM-DMRU 06:00 - now, 30m' in page
        assert "<title>expected 06:30 - 08:00</title>" in page
        assert "<title>expected 12:00 - 14:00</title>" in page
        assert page.count('<path class="tone-info" data-from="') == len(Step.objects.all())
        twin = page.partition("<tbody>")[2]
        assert "06:00" in twin
        assert "1h 0m" in twin

    def test_the_days_forecast_comes_before_what_is_usual(self, viewer: Client) -> None:
        store([DAY], starts=6, state="running")
        stored_reading(at(DAY, 6.5), day=DAY)
        ends = [at(DAY, hour) for hour in (8.25, 8.5, 9)]
        named = zip(("start_at", "p10_at", "p50_at", "p90_at"), [at(DAY, 6), *ends], strict=True)
        Forecast.objects.create(
            business_date=DAY,
            at=at(DAY, 6.5),
            deadline_at=at(DAY, 18),
            days=20,
            miss_pct=1,
            p10_at=ends[0],
            p50_at=ends[1],
            p90_at=ends[2],
            steps=[{"code": "CM-DMRU", "state": "running", **{k: v.isoformat() for k, v in named}}],
        )

        page = self.gantt(viewer)

        assert "<title>expected 06:30 - 08:30</title>" in page
        assert "<title>end in 80 of 100 cases 08:15 - 09:00</title>" in page
        assert "forecast, the thin line" in page

    def test_an_old_picture_and_a_past_day_tell_of_nothing_to_come(self, viewer: Client) -> None:
        store([DAY], starts=6, state="running")
        stored_reading(at(DAY, 6.5), day=DAY)
        Poll.objects.update(started_at=datetime.now(UTC) - timedelta(hours=3))

        stale = self.gantt(viewer)
        past = self.gantt(viewer, f"/admin/workflow/gantt/?date={weeks(1)[0]}")

        assert "expected 06:30" not in stale
        assert "<title>usually" in past
        assert "<title>expected" not in past
        assert "Blue line: now" not in past

    def test_too_few_days_are_said_and_what_follows_a_failure_is_not_known(self) -> None:
        store(weeks(3))
        store(weeks(20), "D1-IMD", starts=7, hours=1)
        store([DAY], state="failed")
        stored_reading(at(DAY, 7.5), day=DAY)

        page = self.gantt(client_of("Viewer"))

        assert "<title>expected" not in page
        twin = page.partition("<tbody>")[2]
        assert 'data-label="Days">3</td>' in twin

    def test_a_planned_outage_is_drawn_and_nothing_waits_in_it(self, viewer: Client) -> None:
        PlannedOutage.objects.create(begins_at=at(DAY, 4), ends_at=at(DAY, 6), reason="Patch")
        store([DAY], starts=6.5)
        stored_reading(at(DAY, 9), day=DAY)

        page = self.gantt(viewer)

        assert page.count("<title>Patch 04:00 - 06:00</title>") == 6
        assert '<span class="tag">Patch 04:00 - 06:00</span>' in page
        assert "<title>waited 06:00 - 06:30</title>" in page
        assert "Violet: a planned outage" in page

    def test_how_a_run_stands_is_translated(self, viewer: Client) -> None:
        store([DAY], starts=6, state="running")
        stored_reading(at(DAY, 6.5), day=DAY)

        with pseudo_language():
            page = self.gantt(viewer)

        assert "Running" not in untranslated(page)

    def test_today_holds_it(self, viewer: Client) -> None:
        assert 'id="gantt"' in self.gantt(viewer, "/admin/")


@pytest.mark.django_db
class TestGrid:
    def test_days_by_steps_lead_to_their_runs_and_pages(self) -> None:
        (one,) = store([DAY])
        store([DAY - timedelta(days=20)], state="failed")
        store([DAY, DAY], "F1-FLUSH", starts=10, hours=1)
        stored_reading(at(DAY, 12), day=DAY)
        viewer = client_of("Viewer")

        newest = " ".join(viewer.get("/admin/runs/grid/").content.decode().split())
        older = viewer.get(f"/admin/runs/grid/?until={DAY - timedelta(days=14)}").content.decode()

        assert f'href="/admin/runs/{one.pk}/"' in newest
        assert f"/admin/runs/?batchCode=F1-FLUSH&amp;startDate={DAY}&amp;endDate={DAY}" in newest
        assert "2 runs" in newest
        assert f'href="?until={DAY - timedelta(days=14)}"' in newest
        assert "6h 0m" not in newest  # of the whole day, which goes on
        assert "Failed" in older
        assert 'rel="next"' in older
        assert viewer.get("/admin/runs/grid/?until=1999-01-01").status_code == 400

        stored_reading(at(DAY + timedelta(days=1), 12), day=DAY)
        assert "6h 0m" in viewer.get("/admin/runs/grid/").content.decode()


@pytest.mark.django_db
class TestStepPage:
    def test_days_are_read_again_only_when_one_of_them_changed(self) -> None:
        store(weeks(21))
        stored_reading(at(DAY, 4.5) + timedelta(hours=1), day=DAY)
        viewer, url = client_of("Viewer"), "/admin/runs/steps/CM-DMRU/?days=400"

        first = viewer.get(url).context["history"]
        assert viewer.get(url).context["history"].bands is first.bands

        store(weeks(1), hours=1)
        again = viewer.get(url).context["history"]

        assert first.usual.took_s == bands.Spread(7200, 7200, 7200)
        assert again.usual.took_s == bands.Spread(7200, 7200, 7200)
        assert max(course.took_s for course in again.usual.courses) == 3 * 3600
        assert "(2h 0m \N{EN DASH} 2h 0m)" in again.drawn

    def test_history_weekdays_and_pages(self) -> None:
        store(weeks(25))
        store([DAY - timedelta(days=1)], hours=3)
        stored_reading(at(DAY, 4.5) + timedelta(hours=1), day=DAY)
        viewer = client_of("Viewer")

        def page(query: str) -> str:
            answer = viewer.get(f"/admin/runs/steps/CM-DMRU/?{query}")
            return " ".join(answer.content.decode().split())

        first, second = page("days=400"), page("days=400&page=2")

        assert "P10 to P90 of 25 ordinary days, Wednesdays" in first
        assert "05:00 &ndash; <strong>05:00</strong> &ndash; 05:00" in first
        assert (first.count('id="day-'), second.count('id="day-')) == (14, 12)
        assert first.count('data-y="7200 7200 7200"') == 5  # days with 20 before them
        assert "Wednesdays" in first.partition("By weekday")[2]
        assert "Tuesdays" in first.partition("By weekday")[2]
        assert "page 2 of 2" in page("days=400&page=9")


class TestQuantiles:
    def test_a_quantile_lies_between_two_values_in_proportion(self) -> None:
        assert bands.quantile([10, 20], 0.25) == 12.5
        assert bands.spread([7]) == bands.Spread(7, 7, 7)
        assert bands.spread([]) is None
