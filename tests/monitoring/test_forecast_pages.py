"""The page Forecast, what if, Today's card and the accuracy page, over stored days."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monitoring import accuracy, day_records, lifecycle
from monitoring.models import (
    CalendarDay,
    Forecast,
    ForecastTest,
    MonitoringConfig,
    Poll,
    Run,
    RunSample,
    Step,
)
from monitoring.queries import day_bounds, monitoring_config
from monitoring.states import LOOKS, RunState
from monitoring.topics import read_accuracy
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]


def begins_at(day: date) -> datetime:
    return day_bounds(day, monitoring_config())[0]


def store_days(n: int) -> list[date]:
    """Store ordinary days on which each step ran once, two hours apart, for an hour or more."""
    CalendarDay.objects.all().delete()
    MonitoringConfig.objects.update(month_end_last_days=0, month_end_first_days=0)
    days = [TODAY - timedelta(days=back) for back in range(1, n + 1)]
    Run.objects.bulk_create(
        Run(
            batch_code=step.batch_code,
            source_batch_cd=step.source_batch_cd,
            batch_nbr=100_000 + 10 * place + order,
            state="complete",
            started_at=begins_at(day) + timedelta(hours=2 * order),
            ended_at=begins_at(day) + timedelta(hours=2 * order + 1, minutes=place % 9),
            records_processed=360_000,
            business_date=day,
            created_at=begins_at(day),
        )
        for place, day in enumerate(days)
        for order, step in enumerate(Step.objects.order_by("sequence_order"))
    )
    lifecycle.days.reckon_days(days, at=timezone.now())
    return days


@pytest.fixture
def viewer(db: None) -> Client:
    return client_of("Viewer")


class TestNotEnoughHistory:
    def test_the_page_and_the_card_say_how_much_there_is(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        store_days(3)
        poll()

        assert "Not enough history (3 of 20 days)" in viewer.get(reverse("admin:forecast")).text
        assert "not enough history (3 of 20)" in viewer.get(reverse("admin:index")).text
        assert not Forecast.objects.get().steps


class TestForecastPage:
    def test_each_reading_makes_one_that_says_when_and_from_which_days(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        days = store_days(30)
        ccb.run("CM-DMRU", started_at=begins_at(TODAY))
        poll()
        poll()

        forecast = Forecast.objects.get()  # CC&B's clock stood, so it is the same reading
        shown = viewer.get(reverse("admin:forecast")).text

        assert forecast.days == 30
        assert forecast.compared["from"] == min(days).isoformat()
        assert [step["state"] for step in forecast.steps] == ["running", *["waiting"] * 5]
        assert forecast.p50_at and f'datetime="{forecast.p50_at.isoformat()}"' in shown
        assert "30 ordinary days" in shown or "30 month ends" in shown
        assert (
            f'datetime="{forecast.p50_at.isoformat()}"' in viewer.get(reverse("admin:index")).text
        )

    def test_a_step_that_failed_is_shown_as_failed(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        store_days(30)
        ccb.run("CM-DMRU", started_at=begins_at(TODAY))
        ccb.fail("CM-DMRU")
        poll()

        shown = viewer.get(reverse("admin:forecast"))

        assert shown.context["foreseen"].steps[0].look == LOOKS[RunState.FAILED]
        assert "It has failed or stands still" in shown.text

    def test_what_changed_is_said_by_step(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        store_days(30)
        poll()
        Step.objects.filter(batch_code="CM_BSGGN").update(depends_on=None)
        ccb.advance(hours=16)
        poll()

        causes = Forecast.objects.order_by("at").last()
        assert causes and causes.because
        assert "starts" in viewer.get(reverse("admin:forecast")).text

    def test_it_says_that_there_is_none_of_an_older_day(self, viewer: Client) -> None:
        shown = viewer.get(reverse("admin:forecast"), {"date": "2026-01-05"}).text

        assert "No forecast of this day" in shown


class TestWhatIf:
    def test_a_step_that_is_late_makes_the_whole_late_and_nothing_is_stored(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        store_days(30)
        poll()
        before = list(Forecast.objects.values())

        shown = viewer.get(reverse("admin:forecast"), {"step": "BILLRESTSMS", "late": "40"})

        whole = shown.context["what_if"]
        assert whole["as_if"].forecast.p50_at - whole["as_is"].forecast.p50_at == timedelta(
            minutes=40
        )
        assert list(Forecast.objects.values()) == before

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"step": "NO-SUCH", "late": "40"}, "Choose one of: CM-DMRU, "),
            ({"step": "CM-DMRU", "late": "-1"}, "late: "),
            ({"step": "CM-DMRU", "times": "11"}, "times: "),
            ({"step": "CM-DMRU", "times": "nan"}, "times: "),
            ({"date": "yesterday"}, "date: "),
        ],
    )
    def test_what_cannot_be_supposed_is_refused_with_the_remedy(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll, asked: dict[str, str], said: str
    ) -> None:
        store_days(30)
        poll()

        answer = viewer.get(reverse("admin:forecast"), asked)

        assert answer.status_code == 400
        assert said in answer.text


class TestAccuracy:
    def test_past_days_are_tested_once_and_again_when_older_ones_come(
        self, viewer: Client, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        days = store_days(30)
        poll()
        at = timezone.now()
        while accuracy.test_some(at):
            pass
        newest = ForecastTest.objects.get(business_date=days[0])
        shown = viewer.get(reverse("admin:accuracy")).text

        assert ForecastTest.objects.count() == 30
        assert set(newest.checks) == {"0", "25", "50", "75"}
        assert newest.days == 29
        assert "not enough history (0 of 20 days)" in shown
        assert "Inside the 80 % band" in shown
        with CaptureQueriesContext(connection) as queries:
            viewer.get(reverse("admin:accuracy"))
        read = [query["sql"] for query in queries if '"checks"' in query["sql"]]
        assert not read  # reckoned once for all who look

        Run.objects.filter(business_date=days[-1]).update(business_date=days[-1] - timedelta(40))
        assert accuracy.due_days(TODAY, limit=99) == [*days[:-1], days[-1] - timedelta(40)]

    def test_a_day_is_tested_once_a_reading_came_after_its_end(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        ccb.run("CM-DMRU", started_at=begins_at(TODAY))
        poll()
        tomorrow = timezone.now() + timedelta(days=1)

        assert not accuracy.test_some(tomorrow)

        ccb.advance(hours=24)
        poll()

        assert accuracy.test_some(tomorrow)
        assert ForecastTest.objects.get().business_date == TODAY

    def test_the_page_is_drawn_anew_with_each_slice_of_days_tested(
        self, viewer: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store_days(7)
        told: list[str] = []
        monkeypatch.setattr("monitoring.accuracy.publish", told.append)
        before = read_accuracy("")

        accuracy.test_due()

        batches = ForecastTest.objects.values_list("made_at", flat=True).distinct()
        after = read_accuracy("")["lastTested"]
        shown = viewer.get(reverse("admin:accuracy")).text
        assert told == ["accuracy"] * batches.count() == ["accuracy"] * 2
        assert before == {"lastTested": None}
        assert f"&quot;lastTested&quot;:&quot;{after}&quot;" in shown

    def test_of_a_run_no_more_is_known_at_a_moment_than_readings_saw_by_then(self) -> None:
        (day,) = store_days(1)
        run = Run.objects.get(business_date=day, batch_code="CM-DMRU")
        seen_at = begins_at(day) + timedelta(minutes=30)
        read = Poll.objects.create(
            started_at=seen_at, took_s=1, succeeded=True, source_at=seen_at, business_date=day
        )
        RunSample.objects.create(
            run=run,
            poll=read,
            at=seen_at,
            state="running",
            status_code="20",
            records_processed=99,
            records_in_error=0,
            heartbeat=1,
            version=1,
            instances=1,
            threads={},
        )

        (record,) = day_records.records_of([day], day_records.site_read())

        assert record.now(20 * 60.0).steps["CM-DMRU"].records is None
        assert record.now(40 * 60.0).steps["CM-DMRU"].records == 99
        assert record.now(3600.0 + 9 * 60).steps["CM-DMRU"].records == 360_000


class TestRetention:
    def test_forecasts_go_after_100_days_and_their_tests_stay(
        self, ccb: FakeCcb, poll: MakePoll
    ) -> None:
        poll()
        kept = Forecast.objects.get().at

        assert lifecycle.remove_forecasts(before=kept) == 0
        assert lifecycle.remove_forecasts(before=kept + timedelta(seconds=1)) == 1
