"""A shift hands over: what is open, who holds what until when with which notes, what ran."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client

from alerts import deliver, lifecycle
from alerts.models import Alert, Bulletin, BulletinSlot, Delivery, Notice
from alerts.reported import hand_overs
from alerts.states import Finding, Severity
from batchops.web.reports import hand_over, sending
from monitoring import queries
from monitoring.models import Step
from tests.alerts.mailbox import Mailbox
from tests.monitoring.source import TODAY, FakeCcb
from tests.people import client_of, person
from tests.reports.conftest import MoveClock, wall

pytestmark = pytest.mark.django_db
On = Callable[..., Bulletin]


@pytest.fixture(autouse=True)
def nothing_is_late(db: None) -> None:
    Step.objects.update(expected_start=time(23))


def found(*keys: str) -> None:
    """Let a rule that no reading judges find these."""
    findings = [
        Finding(
            key=key, severity=Severity.WARNING, message=f"Batch {key} is stuck.", batch_code=key
        )
        for key in keys
    ]
    lifecycle.reconcile("JOB_STUCK", findings, at=datetime.now(UTC), actor="system:test")


def alert(key: str) -> Alert:
    return Alert.objects.get(key=key)


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def take(taken: Alert, who: str, note: str, *, until: datetime | None = None) -> None:
    lifecycle.acknowledge(
        taken.pk, at=datetime.now(UTC), actor=f"user:{who}", note=note, until=until
    )


TOLD = (
    "CM-DMRU 1: Complete",
    "CMOTHER 7: Running",
    "omar: Index rebuilt",
    "rina, until",
    "rina: Called the DBA",
)


def said(text: str) -> set[str]:
    return {each for each in TOLD if each in text}


def texts(mailbox: Mailbox) -> list[str]:
    """Return the mails as plain text, having seen that their HTML tells the same."""
    found = []
    for mail in mailbox.mails:
        plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        assert plain and html
        notes = [each for each in TOLD if ": " in each and each[0].islower()]
        assert [n in html.get_content() for n in notes] == [n in plain.get_content() for n in notes]
        found.append(plain.get_content())
    return found


class TestPlayedDay:
    def test_each_shift_mails_what_it_leaves_and_what_ran_since_the_last_change(
        self, bulletin: On, clock: MoveClock, ccb: FakeCcb, mailbox: Mailbox
    ) -> None:
        """Shifts change at 06:00 and 14:00; the clock is moved through the day."""
        for hour in (6, 14):
            bulletin("hand_over", name=f"From {hour}", at=time(hour), recipients="s@example.com")
        Bulletin.objects.update(set_at=hours_ago(1))
        clock(5, 30)
        ccb.complete("CM-DMRU", started_at=wall(time(5, 20)))
        clock(6)
        found("CM-DMRU", "D1-IMD")
        take(alert("D1-IMD"), "rina", "Called the DBA", until=hours_ago(-2))
        sending.send_due()
        assert deliver.deliver_due() == 1

        ccb.run("CMOTHER", 7, started_at=wall(time(11)))
        clock(13, 59)
        lifecycle.comment(
            alert("D1-IMD").pk, at=datetime.now(UTC), actor="user:omar", note="Index rebuilt"
        )
        found("D1-IMD")
        sending.send_due()
        clock(14)
        for _ in range(2):
            sending.send_due()
            deliver.deliver_due()

        assert mailbox.subjects == [
            "Hand-over From 6: 1 open, 1 acknowledged, 0 jobs running",
            "Hand-over From 14: 0 open, 1 acknowledged, 0 jobs running",
        ]
        first, second = texts(mailbox)
        assert {"CM-DMRU 1: Complete", "rina, until", "rina: Called the DBA"} <= said(first)
        assert {"omar: Index rebuilt", "CMOTHER 7: Running", "rina, until"} <= said(second)
        assert said(first) & said(second) == {"rina, until", "rina: Called the DBA"}
        assert second.count("Batch CM-DMRU is stuck.") == 1
        assert "Batch CM-DMRU is stuck." in second.split("RESOLVED IN THIS SHIFT")[1]

    def test_a_letter_is_a_mail_of_its_own(
        self, bulletin: On, clock: MoveClock, mailbox: Mailbox
    ) -> None:
        for hour in (6, 7):
            bulletin(
                "hand_over", name=f"From {hour}", at=time(hour), recipients="shift@example.com"
            )
        Bulletin.objects.update(set_at=hours_ago(3))
        lifecycle.post_notice(
            key="a", subject="Job done", lines=["x"], url="", to=["shift@example.com"]
        )
        clock(7, 30)
        sending.send_due()
        lifecycle.post_notice(
            key="b", subject="Job failed", lines=["x"], url="", to=["shift@example.com"]
        )

        assert deliver.deliver_due() == 3

        assert [s.partition(":")[0] for s in mailbox.subjects] == [
            "2 messages, the latest", "Hand-over From 6", "Hand-over From 7",
        ]  # fmt: skip


class TestShift:
    def test_it_began_when_shifts_last_changed_or_eight_hours_ago(
        self, bulletin: On, clock: MoveClock
    ) -> None:
        clock(13)
        fresh = queries.freshness(datetime.now(UTC))
        now = wall(time(13))
        assert hand_over.shift_began(now, fresh, hand_overs()) == now - timedelta(hours=8)

        bulletin("hand_over", name="early", at=time(6))
        bulletin("hand_over", name="night", at=time(22))
        bulletin("hand_over", name="off", at=time(12), enabled=False)
        assert hand_over.shift_began(now, fresh, hand_overs()) == wall(time(6))
        last_night = wall(time(22), day=TODAY - timedelta(days=1))
        assert hand_over.shift_began(wall(time(6)), fresh, hand_overs()) == last_night


class TestPage:
    def test_it_shows_what_the_mail_tells_and_can_look_back_further(
        self, clock: MoveClock, ccb: FakeCcb
    ) -> None:
        ccb.run("CM-DMRU", started_at=wall(time(2)))
        ccb.complete("CM-DMRU", ended_at=wall(time(3)))
        clock(13, 5)
        found("D1-IMD")
        take(alert("D1-IMD"), "rina", "Called <b>them</b>")
        client = client_of("Viewer")

        page = client.get("/admin/hand-over/").content.decode()
        wide = client.get("/admin/hand-over/?hours=20").content.decode()

        assert "rina: Called &lt;b&gt;them&lt;/b&gt;" in page
        assert "its cause is gone" in page
        assert "No run went on in this shift." in page
        assert "No run went on in this shift." not in wide
        assert "Mail it now" not in page
        assert client.get("/admin/hand-over/?hours=900").status_code == 400
        for part in ("runs", "jobs", "alerts", "mailed"):
            assert client.get(f"/admin/hand-over/{part}/fragment/").status_code == 200

    def test_of_more_than_fifty_alerts_it_says_how_many_it_names(self, clock: MoveClock) -> None:
        clock(13)
        found(*(f"CM-{n}" for n in range(1_051)))
        client = client_of("Viewer")
        page = client.get("/admin/hand-over/").content.decode()
        assert '<span class="panel-note">50 of 1,051</span>' in page
        assert page.count("is stuck.</a>") == 50
        day = client.get("/admin/report/").content.decode()
        assert '<span class="panel-note">50 of 1,051</span>' in day

    def test_whoever_may_has_it_mailed_once_a_press(self, bulletin: On, clock: MoveClock) -> None:
        shift = bulletin("hand_over", name="Morning", at=time(14))
        clock(9)
        client, url = client_of("Operator"), "/admin/hand-over/send/"
        asked = {"bulletin": shift.pk, "asked": "0" * 32}

        for _ in range(2):
            assert client.post(url, asked).status_code == 302

        assert Notice.objects.get().subject.startswith("Hand-over Morning: ")
        assert Delivery.objects.count() == 2
        assert not BulletinSlot.objects.filter(business_date=TODAY).exists()
        assert client.post(url, {"bulletin": "x"}).status_code == 400
        report = bulletin(name="Daily report")
        client.post(url, {"bulletin": report.pk, "asked": "1" * 32})
        assert Notice.objects.count() == 1
        assert client_of("Viewer").post(url, asked).status_code == 403


class TestAdmin:
    URL = "/admin/alerts/bulletin/"

    def admin(self) -> Client:
        return client_of("Administrator")

    def test_a_shift_is_added_with_a_time_and_readers(self) -> None:
        client = self.admin()
        given = {"name": "Morning", "at": "14:00", "recipients": "a@example.com", "enabled": "on"}

        assert client.post(f"{self.URL}add/", given).status_code == 302

        made = Bulletin.objects.get(name="Morning")
        assert (made.kind, made.at, made.enabled) == ("hand_over", time(14), True)
        assert datetime.now(UTC) - made.set_at < timedelta(minutes=1)
        for wrong, said in (
            ({"at": ""}, "Say at what time shifts change"),
            ({"recipients": ""}, "give at least one address"),
            ({"recipients": "nobody"}, "is no e-mail address"),
        ):
            page = client.post(f"{self.URL}add/", {**given, "name": "B", **wrong})
            assert said in page.content.decode()

    def test_a_new_time_counts_from_now_on_and_names_who_set_it(self, bulletin: On) -> None:
        report = bulletin(name="Daily report")
        client = self.admin()
        given = {
            "name": "Daily report",
            "at": "17:00",
            "recipients": "a@example.com",
            "enabled": "on",
        }
        inlines = {"slots-TOTAL_FORMS": "0", "slots-INITIAL_FORMS": "0"}

        client.post(f"{self.URL}{report.pk}/change/", {**given, **inlines})

        report.refresh_from_db()
        assert (report.at, report.kind) == (time(17), "daily_report")
        assert report.set_at > hours_ago(0.1)
        assert "administrator" in client.get(f"{self.URL}{report.pk}/history/").content.decode()
        assert person("Supervisor").has_perm("alerts.view_bulletin") is False
