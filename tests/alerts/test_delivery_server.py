"""What the mail server may do: be down, hang, drip, refuse, drop the line, stay away."""

import time
from datetime import timedelta
from typing import Any

import pytest

from alerts import deliver, lifecycle
from alerts.backoff import backoff
from alerts.models import Alert, Channel, Delivery
from batchops.db import database_now
from tests.alerts.findings import opened
from tests.alerts.mailbox import Mailbox, dripping, silent
from tests.alerts.outbox import make_due, tries
from tests.embedded import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channel")]


class TestServer:
    def test_down_it_is_tried_again_and_sent_once_when_it_is_back(
        self, mailbox: Mailbox, mail_settings: Any
    ) -> None:
        there, mail_settings.EMAIL_PORT = mail_settings.EMAIL_PORT, free_port()
        opened()
        before = database_now()

        deliver.deliver_due()

        delivery = Delivery.objects.get()
        assert delivery.state == "failed"
        assert before + timedelta(seconds=7) < delivery.next_try_at
        assert delivery.next_try_at < database_now() + timedelta(seconds=15)
        assert "cannot be reached (" in tries("failed")[0].sentence
        assert not Alert.objects.get().email_sent
        assert deliver.deliver_due() == 0

        mail_settings.EMAIL_PORT = there
        make_due()
        deliver.deliver_due()
        assert len(mailbox.mails) == 1
        assert [each.outcome for each in tries()] == ["failed", "sent"]

    @pytest.mark.parametrize("server", [silent, dripping])
    def test_one_that_hangs_or_drips_is_left_at_the_deadline(
        self, server: Any, mail_settings: Any
    ) -> None:
        opened()
        with server() as mail_settings.EMAIL_PORT:
            begun = time.monotonic()
            deliver.deliver_due()

        assert time.monotonic() - begun < 2
        assert Delivery.objects.get().state == "failed"
        said = tries("failed")[0].sentence
        assert "did not answer in time" in said or "was cut off" in said
        assert "may have left" not in said

    def test_a_slow_one_within_the_deadline_gets_it_once(self, mailbox: Mailbox) -> None:
        mailbox.pause_s = 0.8
        opened()

        deliver.deliver_due()

        assert Delivery.objects.get().state == "sent"

    def test_one_that_does_not_confirm_gets_it_again_and_the_page_says_so(
        self, mailbox: Mailbox, mail_settings: Any
    ) -> None:
        mail_settings.EMAIL_TIMEOUT = 5
        mail_settings.MAIL_DEADLINE = timedelta(seconds=0.3)
        mailbox.pause_s = 0.6
        opened()

        deliver.deliver_due()

        assert "The mail may have left all the same" in tries("failed")[0].sentence

    def test_one_that_takes_the_mail_and_drops_the_line_may_get_it_twice(
        self, mailbox: Mailbox
    ) -> None:
        mailbox.drops = True
        opened()
        deliver.deliver_due()
        said = tries("failed")[0].sentence
        assert "closed the line without an answer. The mail may have left" in said
        mailbox.drops = False
        make_due()

        deliver.deliver_due()

        assert [mail["Message-ID"] for mail in mailbox.mails] == [
            mailbox.mails[0]["Message-ID"]
        ] * 2

    @pytest.mark.parametrize("answer", ["421 Closing", "451 Try later", "554 Spam"])
    def test_one_that_refuses_the_mail_gets_it_again(self, answer: str, mailbox: Mailbox) -> None:
        mailbox.answer = answer
        opened()
        deliver.deliver_due()
        assert answer in tries("failed")[0].sentence
        mailbox.answer = "250 OK"
        make_due()

        deliver.deliver_due()

        assert len(mailbox.mails) == 1

    def test_a_failure_of_the_server_leaves_the_rest_for_the_next_call(
        self, mail_settings: Any
    ) -> None:
        mail_settings.EMAIL_PORT = free_port()
        for key in "abc":
            opened(key=key)

        assert deliver.deliver_due() == 1

    def test_no_password_goes_to_one_without_starttls(
        self, mailbox: Mailbox, mail_settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        mail_settings.EMAIL_USE_TLS = True
        mail_settings.EMAIL_HOST_USER = "batchops"
        mail_settings.EMAIL_HOST_PASSWORD = "canary-4711"
        opened()

        deliver.deliver_due()

        assert "does not offer what the settings ask for" in tries("failed")[0].sentence
        assert not mailbox.mails
        assert "canary-4711" not in caplog.text

    def test_a_password_that_the_server_echoes_is_not_kept(
        self, mailbox: Mailbox, mail_settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        mail_settings.EMAIL_HOST_PASSWORD = "canary-4711"
        mailbox.answer = "554 you said canary-4711"
        opened()

        deliver.deliver_due()

        assert "554 you said ***" in tries("failed")[0].sentence
        assert "canary-4711" not in caplog.text


class TestGivingUp:
    @pytest.fixture
    def given_up(self, mailbox: Mailbox, mail_settings: Any) -> Delivery:
        there, mail_settings.EMAIL_PORT = mail_settings.EMAIL_PORT, free_port()
        opened()
        Delivery.objects.update(give_up_at=database_now() + timedelta(seconds=1))
        deliver.deliver_due()
        mail_settings.EMAIL_PORT = there
        return Delivery.objects.get()

    def test_it_shows_after_the_whole_time(self, given_up: Delivery) -> None:
        assert given_up.state == "given_up"
        assert deliver.deliver_due() == 0

    def test_a_person_has_it_tried_again(self, given_up: Delivery, mailbox: Mailbox) -> None:
        lifecycle.retry_delivery(given_up.pk, at=database_now(), actor="user:a")

        deliver.deliver_due()

        assert len(mailbox.mails) == 1
        assert Alert.objects.get().events.get(verb="mail retried").actor == "user:a"

    def test_the_wait_doubles_up_to_ten_minutes(self) -> None:
        waits = [[backoff(n).total_seconds() for _ in range(50)] for n in (1, 2, 3, 40)]

        for found, longest in zip(waits, (15, 30, 60, 600), strict=True):
            assert longest / 2 <= min(found) < max(found) <= longest

    def test_a_channel_switched_off_is_not_written_to(self, mailbox: Mailbox) -> None:
        opened()
        Channel.objects.update(enabled=False)

        deliver.deliver_due()

        assert not mailbox.mails
        assert Delivery.objects.get().state == "given_up"
