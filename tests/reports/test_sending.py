"""When reports are mailed: once a business day, late or on record, on nights of two hours too."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django_q.models import OrmQ

from alerts.models import Bulletin, BulletinSlot, Delivery, Notice
from batchops.web.reports import sending
from monitoring import queries
from monitoring.models import MonitoringConfig, Poll
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of
from tests.reports.conftest import MoveClock, wall

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")
On = Callable[..., Bulletin]


def subjects() -> list[str]:
    return list(Notice.objects.order_by("id").values_list("subject", flat=True))


def mailed_line(day: date) -> str:
    url = f"/admin/report/mailed/fragment/?date={day}"
    return client_of("Viewer").get(url).content.decode()


def outcomes() -> list[tuple[date, str]]:
    return list(BulletinSlot.objects.order_by("due_at").values_list("business_date", "outcome"))


@pytest.fixture(autouse=True)
def daily_report_off(db: None) -> None:
    Bulletin.objects.filter(kind="daily_report").update(name="daily_report")


class TestDailyReport:
    def test_it_is_mailed_at_the_deadline_once_however_often_it_is_asked(
        self, bulletin: On, clock: MoveClock
    ) -> None:
        bulletin(set_at=datetime.now(UTC) - timedelta(hours=1))
        clock(17, 58)
        sending.send_due()
        assert subjects() == []
        assert "Its mail is due at" in mailed_line(TODAY)

        sending.ring_for_due()
        assert not OrmQ.objects.exists()
        clock(18)
        sending.ring_for_due()
        assert [bell.task["func"] for bell in OrmQ.objects.all()] == [sending.BELL]
        for _ in range(3):
            sending.send_due()
        clock(23)
        sending.send_due()

        assert len(subjects()) == 1
        assert subjects()[0].startswith(f"Daily report {TODAY}: ")
        assert list(Delivery.objects.values_list("address", flat=True)) == [
            "chief@example.com",
            "lead@example.com",
        ]
        slot = BulletinSlot.objects.get(business_date=TODAY)
        assert (slot.outcome, slot.readers) == ("posted", 2)
        assert slot.due_at == wall(time(18))

    def test_a_time_of_its_own_goes_before_the_deadline(
        self, bulletin: On, clock: MoveClock
    ) -> None:
        bulletin(at=time(7, 30))
        MonitoringConfig.objects.update(day_deadline=time(20))
        clock(7, 30)
        sending.send_due()

        assert BulletinSlot.objects.get(business_date=TODAY).due_at == wall(time(7, 30))
        Bulletin.objects.update(at=time(9))
        clock(9, 1)
        sending.send_due()
        assert len(subjects()) == BulletinSlot.objects.filter(outcome="posted").count() == 1

    @pytest.mark.parametrize(
        ("late", "outcome", "mailed"),
        [
            (timedelta(hours=11), "posted", "This was due 11h 0m earlier"),
            (timedelta(hours=13), "missed", ""),
        ],
    )
    def test_after_an_outage_it_comes_late_or_goes_on_record(
        self,
        bulletin: On,
        clock: MoveClock,
        ccb: FakeCcb,
        late: timedelta,
        outcome: str,
        mailed: str,
    ) -> None:
        yesterday = TODAY - timedelta(days=1)
        due_at = wall(time(18), day=yesterday)
        bulletin(set_at=datetime.now(UTC) - late - timedelta(minutes=10))
        local = due_at + late
        clock(local.hour, local.minute, day=local.date())

        sending.send_due()
        sending.send_due()

        assert outcomes() == [(yesterday, outcome)]
        texts = list(Notice.objects.values_list("text", flat=True))
        assert [mailed in text for text in texts] == [True] * bool(mailed)
        if not mailed:
            reason = BulletinSlot.objects.get().reason
            assert "no watch cluster ran, or it could not be made" in reason

    def test_nothing_due_before_it_was_switched_on_is_sent(
        self, bulletin: On, clock: MoveClock
    ) -> None:
        bulletin(set_at=datetime.now(UTC) - timedelta(minutes=5))
        clock(18, 30)
        sending.send_due()
        assert outcomes() == []
        said = mailed_line(TODAY)
        assert "It was not mailed" in said and "due at" not in said

        Bulletin.objects.update(enabled=False, set_at=datetime.now(UTC) - timedelta(days=9))
        sending.send_due()
        assert outcomes() == []

    def test_it_waits_for_the_settings_of_mail(
        self, bulletin: On, clock: MoveClock, settings: Any
    ) -> None:
        settings.EMAIL_HOST = ""
        bulletin(set_at=datetime.now(UTC) - timedelta(hours=14))
        clock(19)
        sending.send_due()
        assert outcomes() == []

        settings.EMAIL_HOST = "127.0.0.1"
        sending.send_due()
        assert outcomes() == [(TODAY, "posted")]

    def test_of_a_day_without_data_it_says_so(self, bulletin: On, clock: MoveClock) -> None:
        clock(17)
        bulletin(set_at=datetime.now(UTC) - timedelta(hours=7))
        Poll.objects.update(business_date=TODAY - timedelta(days=9))
        Poll.objects.update(source_at=wall(time(23)))
        sending.send_due()

        notice = Notice.objects.get()
        assert notice.subject == f"Daily report {TODAY}: no data"
        assert "Nothing is known of this day" in notice.text
        assert "Nothing is known of this day" in notice.html
        assert "not late" not in notice.html


class TestNightsOfTwoHours:
    """The clock of London goes from 02:00 back to 01:00 on 25 October 2026, at 01:00 UTC."""

    def test_in_autumn_it_comes_the_first_time(self, bulletin: On, settings: Any) -> None:
        settings.SITE_ZONE = LONDON
        report = bulletin(at=time(1, 30))

        assert due_of(report, date(2026, 10, 24)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert due_of(report, date(2026, 10, 25)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)

    def test_in_spring_it_comes_at_the_end_of_the_gap(self, bulletin: On, settings: Any) -> None:
        settings.SITE_ZONE = LONDON
        report = bulletin(at=time(1, 30))

        assert due_of(report, date(2026, 3, 28)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
        assert due_of(report, date(2026, 3, 29)) == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)

    @pytest.mark.parametrize("night", [date(2026, 10, 25), date(2026, 3, 29)], ids=str)
    def test_it_is_mailed_once_when_every_quarter_of_an_hour_of_the_night_are_played(
        self, bulletin: On, ccb: FakeCcb, poll: Callable[[], Poll], settings: Any, night: date
    ) -> None:
        settings.SITE_ZONE = LONDON
        report = bulletin(at=time(1, 30), set_at=datetime.now(UTC) - timedelta(hours=6))
        midnight = datetime.combine(night, time(0), tzinfo=UTC)
        moments, sent = [midnight + timedelta(minutes=15 * n) for n in range(-1, 12)], []
        ccb.clock = moments[0]
        poll()
        for moment in moments:
            at = datetime.now(UTC)
            Poll.objects.update(source_at=moment, started_at=at)
            before = Notice.objects.count()
            sending.send_due()
            sent += [moment] * (Notice.objects.count() - before)

        day = night - timedelta(days=1)
        assert len(sent) == 1
        assert timedelta() <= sent[0] - due_of(report, day) < timedelta(minutes=15)
        assert (day, "posted") in outcomes()


def due_of(bulletin: Bulletin, day: date) -> datetime:
    assert settings.SITE_ZONE is LONDON
    return sending.due_at(bulletin, day, queries.freshness(datetime.now(UTC)))
