"""Notices, which are mails about no alert: posted once, sent like the others, kept as shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import IntegrityError, connection, transaction

from alerts import deliver, lifecycle
from alerts.models import Alert, Channel, Delivery, Notice
from batchops.db import database_now
from tests.alerts.findings import opened
from tests.alerts.mailbox import Mailbox, killing
from tests.alerts.outbox import make_due, tries
from tests.alerts.test_delivery_processes import end_lease, fork, run_sender
from tests.embedded import free_port
from tests.test_routes import client_of

pytestmark = [pytest.mark.django_db]
DELIVERIES = "/admin/alerts/delivery/"


def post(key: str = "report 1", *, to: tuple[str, ...] = ("lead@example.com",)) -> int:
    return lifecycle.post_notice(
        key=key, subject=f"The {key}", lines=["All is well.", "<b>Really.</b>"], url="/r/1/", to=to
    )


def last_minute_is_over() -> None:
    Delivery.objects.filter(state="sent").update(sent_at=database_now() - timedelta(minutes=2))


class TestPosting:
    def test_it_tells_in_text_and_html_with_a_link(self, mailbox: Mailbox) -> None:
        post()

        deliver.deliver_due()

        mail = mailbox.mails[0]
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert mail["Subject"] == "The report 1"
        assert "https://console.example/r/1/" in text
        assert "<b>Really.</b>" in text
        assert "&lt;b&gt;Really." in html
        assert mail["Auto-Submitted"] == "auto-generated"

    def test_the_same_key_is_posted_once(self, mailbox: Mailbox) -> None:
        assert [post(), post(), post("report 2")] == [1, 0, 1]

    def test_it_rolls_back_with_what_it_tells(self, mailbox: Mailbox) -> None:
        with transaction.atomic():
            post()
            transaction.set_rollback(True)

        assert not Notice.objects.exists()

    def test_each_reader_gets_a_mail_of_their_own(self, mailbox: Mailbox) -> None:
        post(to=("lead@example.com", "boss@example.com"))

        assert deliver.deliver_due() == 2

        assert mailbox.envelopes == [["lead@example.com"], ["boss@example.com"]]
        assert "boss@example.com" not in mailbox.mails[0].as_string()

    def test_the_database_refuses_one_to_nobody(self, mailbox: Mailbox) -> None:
        post()

        with pytest.raises(IntegrityError, match="delivery_of_an_alert_or_a_notice"):
            Delivery.objects.update(address="")


class TestManyAtOnce:
    def test_what_is_due_to_one_reader_is_one_mail(self, mailbox: Mailbox) -> None:
        for n in range(230):
            post(f"report {n}")

        assert deliver.deliver_due() == 1

        text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert mailbox.subjects == ["230 messages, the latest: The report 229"]
        assert "The report 30" in text
        assert "and 30 more" in text

    def test_a_stream_is_held_to_the_limit_and_nothing_is_swallowed(
        self, mailbox: Mailbox, settings: Any
    ) -> None:
        settings.MAIL_LIMIT = 3
        for n in range(7):
            post(f"report {n}")
            deliver.deliver_due()
        assert len(mailbox.mails) == 3

        last_minute_is_over()
        deliver.deliver_due()

        assert mailbox.subjects[3:] == ["4 messages, the latest: The report 6"]
        assert Delivery.objects.filter(state="sent").count() == 7

    @pytest.mark.usefixtures("channel")
    def test_alerts_and_notices_hold_each_other_up_by_nothing(
        self, mailbox: Mailbox, settings: Any
    ) -> None:
        settings.MAIL_LIMIT = 1
        opened()
        opened(key="other")
        post()

        deliver.deliver_due()

        assert "The report 1" in mailbox.subjects
        assert Alert.objects.filter(email_sent=True).exists()


class TestTrouble:
    def test_a_server_that_is_away_is_tried_again(self, mailbox: Mailbox, settings: Any) -> None:
        there, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
        post()
        deliver.deliver_due()
        assert Delivery.objects.get().state == "failed"
        settings.EMAIL_PORT = there
        make_due()

        deliver.deliver_due()

        assert mailbox.subjects == ["The report 1"]
        assert [one.outcome for one in tries()] == ["failed", "sent"]

    def test_a_slow_server_is_cut_off_and_the_copy_bears_the_same_name(
        self, mailbox: Mailbox, settings: Any
    ) -> None:
        mailbox.pause_s = 3
        settings.MAIL_DEADLINE = timedelta(seconds=0.5)
        post()
        deliver.deliver_due()
        assert "cut off" in tries("failed")[0].sentence
        first = Delivery.objects.get().message_id
        mailbox.pause_s = 0
        make_due()

        deliver.deliver_due()

        assert first in {mail["Message-ID"] for mail in mailbox.mails}
        assert Delivery.objects.get().state == "sent"

    def test_one_reader_refused_holds_up_no_other(self, mailbox: Mailbox) -> None:
        mailbox.refused = {"gone@example.com": "550 No such user"}
        post(to=("gone@example.com", "lead@example.com"))

        deliver.deliver_due()

        assert mailbox.envelopes == [["lead@example.com"]]
        assert "550 No such user" in tries("failed")[0].sentence

    def test_one_given_up_shows_with_its_tries_and_is_tried_again_by_hand(
        self, mailbox: Mailbox
    ) -> None:
        mailbox.refused = {"lead@example.com": "550 No such user"}
        post()
        Delivery.objects.update(give_up_at=database_now() + timedelta(seconds=1))
        deliver.deliver_due()
        delivery = Delivery.objects.get()
        client = client_of("Operator")
        listed = client.get(DELIVERIES).content.decode()
        assert "The report 1" in listed
        assert 'data-state="given_up"' in listed
        mailbox.refused = {}

        client.post(DELIVERIES, {"action": "retry_selected", ACTION_CHECKBOX_NAME: [delivery.pk]})
        deliver.deliver_due()

        page = client.get(f"{DELIVERIES}{delivery.pk}/change/").content.decode()
        for shown in ("550 No such user", "had it tried again", "took it for 1 of 1", "/r/1/"):
            assert shown in page


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
class TestAKilledSender:
    @pytest.fixture(autouse=True)
    def _alone(self) -> None:
        Channel.objects.all().delete()

    def test_between_send_and_record_the_same_mail_comes_twice_and_says_so(
        self, mailbox: Mailbox
    ) -> None:
        process_id = fork.Value("i", 0)
        mailbox.on_arrival = killing(process_id)
        post("report 1")
        post("report 2")

        assert run_sender(process_id) == -9
        assert deliver.deliver_due() == 0  # its lease still runs
        post("report 3")
        end_lease()
        deliver.deliver_due()

        first, copy, third = mailbox.mails
        assert first["Message-ID"] == copy["Message-ID"] != third["Message-ID"]
        assert first["Subject"] == copy["Subject"] == "2 messages, the latest: The report 2"
        assert third["Subject"] == "The report 3"
        assert [one.outcome for one in tries()].count("lost") == 2
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}

    def test_before_the_mail_left_it_comes_once(self, mailbox: Mailbox) -> None:
        process_id = fork.Value("i", 0)
        mailbox.on_greeting = killing(process_id)
        post()

        assert run_sender(process_id) == -9
        end_lease()
        deliver.deliver_due()

        assert len(mailbox.mails) == 1

    def test_two_senders_send_each_once(self, mailbox: Mailbox) -> None:
        for n in range(20):
            post(f"report {n}", to=(f"r{n}@example.com",))
        connection.close()
        senders = [fork.Process(target=run_alone) for _ in "ab"]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(30)

        deliver.deliver_due()

        assert len(mailbox.mails) == 20
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == 20


def run_alone() -> None:
    connection.close()
    deliver.deliver_due()
