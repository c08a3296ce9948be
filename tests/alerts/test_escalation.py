"""What follows while nobody takes an alert: the next channel, reminders; and what is damped."""

from datetime import datetime, timedelta

import pytest

from alerts import deliver, lifecycle
from alerts.models import Alert, Channel, Delivery, EscalationStep, Reminder
from alerts.states import Severity
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.mailbox import Mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channel", "mailbox")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def second() -> Channel:
    channel = Channel.objects.create(
        name="On call", recipients="oncall@example.com", minimum_severity=Severity.CRITICAL
    )
    Channel.objects.filter(pk=channel.pk).update(minimum_severity=Severity.CRITICAL)
    return channel


def step(channel: Channel, minutes: int, severity: str = "WARNING") -> None:
    EscalationStep.objects.create(severity=severity, after_minutes=minutes, channel=channel)


def escalate(minutes: float, since: datetime = AT) -> int:
    return lifecycle.escalate(at=since + minutes * MINUTE, actor="system:test")


def remind(minutes: float) -> int:
    return lifecycle.remind(at=AT + minutes * MINUTE, actor="system:test")


def told() -> list[tuple[str, str]]:
    rows = Delivery.objects.order_by("id").values_list("kind", "channel__name")
    return [(kind, str(channel)) for kind, channel in rows]


def warned() -> Alert:
    return opened("LONG_RUNNING", severity=Severity.WARNING)


class TestEscalation:
    def test_it_goes_to_the_next_channel_after_the_time_and_once(self, second: Channel) -> None:
        step(second, 15)
        alert = warned()

        assert [escalate(n) for n in (14.9, 15, 16, 60)] == [0, 1, 0, 0]

        assert told() == [("escalated", "On call")]
        assert alert.events.get(verb="escalated").note == "to On call, after 15 min"

    def test_steps_that_were_missed_are_made_up_for(
        self, second: Channel, channel: Channel
    ) -> None:
        step(second, 15)
        step(channel, 30)
        warned()

        escalate(45)

        assert told() == [("escalated", "On call"), ("escalated", "Default")]

    def test_who_has_it_stops_it_and_when_that_ends_it_begins_anew(self, second: Channel) -> None:
        step(second, 15)
        alert = warned()
        escalate(15)
        until = AT + 60 * MINUTE
        lifecycle.acknowledge(alert.pk, at=AT + 20 * MINUTE, actor="user:rahim", until=until)

        lifecycle.expire_acknowledgements(at=until, actor="system:test")

        assert [escalate(n, until) for n in (0, 14.9, 15)] == [0, 0, 1]

    def test_what_was_taken_before_the_mail_left_is_not_told_as_untaken(
        self, second: Channel, mailbox: Mailbox
    ) -> None:
        step(second, 15)
        alert = warned()
        escalate(15)

        lifecycle.acknowledge(alert.pk, at=AT + 16 * MINUTE, actor="user:rahim")
        deliver.deliver_due()

        assert (mailbox.subjects, told()) == ([], [])

    def test_the_mail_says_that_nobody_has_it_and_its_end_follows(
        self, second: Channel, mailbox: Mailbox
    ) -> None:
        step(second, 15)
        warned()
        escalate(15)
        deliver.deliver_due()

        lifecycle.reconcile("LONG_RUNNING", [], at=AT + 30 * MINUTE, actor="system:test")
        deliver.deliver_due()

        first, last = mailbox.mails
        assert first["To"] == "oncall@example.com"
        body = first.get_body(("plain",))
        assert body and "NOBODY HAS IT" in body.get_content()
        assert last["Subject"] == f"Re: {first['Subject']}"

    def test_a_channel_that_is_off_is_named_in_the_history(self, second: Channel) -> None:
        Channel.objects.filter(pk=second.pk).update(enabled=False)
        step(second, 15)
        alert = warned()

        escalate(15)

        assert told() == []
        assert "switched off or not set up" in alert.events.get(verb="escalated").note


class TestReminders:
    def test_who_heard_of_it_hears_again_until_somebody_has_it(self) -> None:
        assert Reminder.objects.get().every_minutes == 60
        alert = opened()
        Delivery.objects.update(state="sent", sent_at=database_now())

        assert [remind(n) for n in (59, 60, 61)] == [0, 1, 0]
        Delivery.objects.filter(kind="reminder").update(state="sent", sent_at=database_now())
        assert [remind(n) for n in (119, 120)] == [0, 1]
        lifecycle.acknowledge(alert.pk, at=AT + 121 * MINUTE, actor="user:rahim")

        assert remind(500) == 0
        assert [kind for kind, _ in told()] == ["opened", "reminder", "reminder"]
        assert alert.events.filter(verb="reminded").count() == 2

    def test_all_that_are_due_come_in_one_mail(self, mailbox: Mailbox) -> None:
        for key in "abc":
            opened(key=key)
        deliver.deliver_due()

        remind(60)
        deliver.deliver_due()

        assert len(mailbox.mails) == 4
        body = mailbox.mails[-1].get_body(("plain",))
        assert body and "3 alerts are open and nobody has them." in body.get_content()

    def test_of_what_nobody_heard_nobody_is_reminded(self) -> None:
        Reminder.objects.create(severity="WARNING", every_minutes=5)
        warned()

        assert remind(10) == 0
        assert told() == []


class TestOneCause:
    def test_what_opens_while_the_source_is_away_comes_in_one_mail(self, mailbox: Mailbox) -> None:
        source = opened("SOURCE_STALE", key="ccb", batch_code="", message="CC&B is silent")
        deliver.deliver_due()
        for rule in ("FAILED", "STUCK"):
            found = [finding(f"{rule} {n}") for n in range(3)]
            lifecycle.reconcile(rule, found, at=AT, actor="system:test")

        assert deliver.deliver_due() == 0  # they leave with the minute
        Delivery.objects.update(next_try_at=database_now())
        deliver.deliver_due()

        assert len(mailbox.mails) == 2
        assert mailbox.mails[1]["Subject"] == "Batch Alert: 6 alerts"
        body = mailbox.mails[1].get_body(("plain",))
        assert body and "They opened while this stood: CC&B is silent" in body.get_content()
        assert source.caused.count() == 6

    def test_what_opens_after_it_has_no_cause(self) -> None:
        opened("SOURCE_STALE", key="ccb")
        lifecycle.reconcile("SOURCE_STALE", [], at=AT, actor="system:test")

        assert opened().cause is None


class TestFlapping:
    def test_the_fourth_opening_is_told_as_flapping_and_the_next_is_damped(self) -> None:
        alerts = []
        for n in range(5):
            at = AT + n * 20 * MINUTE
            lifecycle.reconcile("FAILED", [finding()], at=at, actor="system:test")
            alerts.append(Alert.objects.get(state="open"))
            if n < 4:
                lifecycle.reconcile("FAILED", [], at=at + MINUTE, actor="system:test")

        fourth, fifth = alerts[3:]
        assert [alert.is_flapping for alert in alerts] == [False, False, False, True, True]
        assert fourth.events.get(verb="flapping").note == "it flaps: it opened 4 times in 6 h"
        assert fourth.deliveries.filter(kind="opened").exists()
        assert not fifth.deliveries.exists()
        assert fifth.muted_until == fifth.opened_at + 30 * MINUTE

        lifecycle.settle_mutes(at=fifth.opened_at + 30 * MINUTE, actor="system:test")

        assert fifth.deliveries.get().kind == "opened"

    def test_openings_long_ago_do_not_count(self) -> None:
        for n in range(6):
            at = AT + n * 120 * MINUTE
            lifecycle.reconcile("FAILED", [finding()], at=at, actor="system:test")
            lifecycle.reconcile("FAILED", [], at=at + MINUTE, actor="system:test")

        assert max(Alert.objects.values_list("openings", flat=True)) == 3
