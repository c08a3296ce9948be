"""What people know beforehand of days is kept in the admin, and what is expected goes by it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from pytest_django import Settings

from alerts.models import Alert
from batchops.ccb.simulator import profiles
from batchops.db import database_now
from batchops.web.first_data import load_first_data
from monitoring import calendar, timeline
from monitoring import poll as polling
from monitoring.models import CalendarDay, MonitoringConfig, PlannedOutage, Poll, Step
from tests.monitoring.source import START, TODAY, FakeCcb
from tests.people import client_of

pytestmark = pytest.mark.django_db
MakePoll = Callable[[], Poll]
DAYS, OUTAGES = "/admin/monitoring/calendarday/", "/admin/monitoring/plannedoutage/"
OUTAGE = {
    "begins_at": "2026-11-18T05:00",
    "ends_at": "2026-11-18T09:00",
    "reason": "Patch of the database",
}


def planned(begins: datetime, *, hours: float, step: Step | None = None) -> PlannedOutage:
    ends = begins + timedelta(hours=hours)
    return PlannedOutage.objects.create(begins_at=begins, ends_at=ends, step=step, reason="Patch")


class TestInTheAdmin:
    def test_a_supervisor_keeps_it_and_a_viewer_sees_who_changed_what(self) -> None:
        supervisor, viewer = client_of("Supervisor"), client_of("Viewer")
        row = {"business_date": "2026-12-16", "kind": "holiday", "name": "Victory Day"}

        added = supervisor.post(f"{DAYS}add/", row)
        day = CalendarDay.objects.get()
        supervisor.post(f"{DAYS}{day.pk}/change/", {**row, "yearly": "on"})
        supervisor.post(f"{OUTAGES}add/", OUTAGE)

        assert added.status_code == 302
        assert "every year: no → yes" in viewer.get(f"{DAYS}{day.pk}/history/").content.decode()
        assert "Wednesday" in viewer.get(DAYS).content.decode()
        assert PlannedOutage.objects.get().begins_at == datetime(2026, 11, 17, 23, tzinfo=UTC)
        assert "all of CC&amp;B" in viewer.get(OUTAGES).content.decode()
        assert viewer.post(f"{DAYS}add/", row).status_code == 403

    @pytest.mark.parametrize(
        ("address", "form", "said"),
        [
            (DAYS, {"business_date": "2026-12-40"}, "Enter a valid date"),
            (DAYS, {"business_date": "1999-12-31"}, "greater than or equal to 2000"),
            (DAYS, {"business_date": "2026-12-16", "kind": "moon"}, "not one of the available"),
            (DAYS, {"business_date": "2026-03-26"}, "already exists"),
            (DAYS, {"business_date": "2027-03-26", "yearly": "on"}, "every year already"),
            (OUTAGES, {"ends_at": "2026-11-18T05:00"}, "It must end after it begins"),
            (OUTAGES, {"ends_at": "2026-12-24T05:00"}, "at most 31 days"),
            (OUTAGES, {"ends_at": ""}, "This field is required"),
            (OUTAGES, {"ends_at": "3026-12-24T05:00"}, "less than or equal to 2101"),
        ],
    )
    def test_a_row_says_what_is_wrong_with_it(
        self, address: str, form: dict[str, str], said: str
    ) -> None:
        CalendarDay.objects.create(business_date=date(2026, 3, 26), yearly=True)
        whole = {**({"kind": "holiday"} if address == DAYS else OUTAGE), **form}

        answer = client_of("Supervisor").post(f"{address}add/", whole)

        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert (CalendarDay.objects.count(), PlannedOutage.objects.count()) == (1, 0)


class TestTheDemo:
    def test_its_calendar_is_that_of_the_simulator(self, settings: Settings) -> None:
        settings.CCB_URL = "postgresql://ccb_read@127.0.0.1/ccb?clock=simulated"
        load_first_data()
        known = calendar.day_calendar(MonitoringConfig.objects.get())
        days = [date(2025, 6, 1) + timedelta(days=n) for n in range(1000)]

        differing = [
            day
            for day in days
            if known.kind_of(day).replace("_", " ") != profiles.class_of(day)
            and (day.month, day.day) != (5, 1)
        ]

        assert differing == []
        assert known.kind_of(date(2026, 5, 1)) == "month_end"

    def test_what_people_removed_does_not_come_back(self, settings: Settings) -> None:
        settings.CCB_URL = "postgresql://ccb_read@127.0.0.1/ccb?clock=simulated"
        load_first_data()
        CalendarDay.objects.all().delete()

        load_first_data()

        assert not CalendarDay.objects.exists()


class TestPlannedOutages:
    def test_a_step_due_in_one_is_expected_at_its_end(
        self, ccb: FakeCcb, poll: MakePoll, open_rules: Callable[[], list[str]]
    ) -> None:
        planned(START - timedelta(hours=1), hours=1.25)
        second = planned(START + timedelta(minutes=10), hours=1)
        ccb.advance(minutes=65)
        poll()
        waiting, alerts = timeline.draw(None, at=database_now()), open_rules()
        second.delete()
        poll()

        assert (waiting.steps[0].late, alerts) == (False, [])
        assert timeline.draw(None, at=database_now()).steps[0].late
        assert "NOT_STARTED" in open_rules()

    def test_one_of_another_step_excuses_nobody(self, ccb: FakeCcb, poll: MakePoll) -> None:
        planned(START - timedelta(hours=1), hours=3, step=Step.objects.get(batch_code="D1-IMD"))
        ccb.advance(minutes=65)
        poll()

        assert Alert.objects.filter(rule="NOT_STARTED", key="CM-DMRU").exists()

    @pytest.mark.parametrize(("began", "told"), [(0.1, False), (3, True)])
    def test_nobody_is_told_of_a_silence_that_was_planned(
        self, ccb: FakeCcb, poll: MakePoll, made_stale: Callable[[], None], began: float, told: bool
    ) -> None:
        poll()
        planned(ccb.clock + timedelta(hours=began), hours=8)
        made_stale()

        polling.judge_source(database_now())

        assert Alert.objects.filter(rule="SOURCE_STALE").exists() is told
        assert timeline.draw(None, at=database_now()).fresh.stale


def test_a_days_kind_is_what_a_row_for_it_says_then_one_for_every_year() -> None:
    CalendarDay.objects.create(business_date=date(2020, 11, 30), kind="ordinary", yearly=True)
    CalendarDay.objects.create(business_date=date(2026, 11, 30), kind="holiday")
    known = calendar.day_calendar(MonitoringConfig.objects.get())

    kinds = [known.kind_of(date(year, 11, 30)) for year in (2025, 2026)]

    assert kinds == ["ordinary", "holiday"]
    assert known.kind_of(date(2026, 10, 31)) == "month_end"


def test_an_outage_touches_the_business_days_it_lies_in() -> None:
    planned(datetime.combine(TODAY, time(20), tzinfo=UTC), hours=3)  # 02:00 to 05:00 in Dhaka
    known = calendar.day_calendar(MonitoringConfig.objects.get())

    assert [known.is_out("CM-DMRU", TODAY + timedelta(days=n)) for n in (-1, 0, 1)] == [
        False,
        True,
        False,
    ]
