"""Mails about alerts: what is sent, to whom, how it threads, and how many at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django_q.models import OrmQ

from alerts import deliver, lifecycle, tasks
from alerts.models import Alert, Channel, Delivery
from alerts.states import Severity
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.mailbox import Mailbox
from tests.alerts.outbox import make_due, tries

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channel")]
LATER = AT + timedelta(minutes=12)


def resolve_all(rule: str = "FAILED") -> None:
    reasons = {alert.key: "The run is complete." for alert in Alert.objects.all()}
    lifecycle.reconcile(rule, [], at=LATER, actor="system:test", reasons=reasons)


class TestOutbox:
    def test_it_is_written_with_the_alert_and_rings_the_sender(self, mailbox: Mailbox) -> None:
        opened()

        assert Delivery.objects.get().state == "pending"
        assert OrmQ.objects.filter(key="watch").count() == 1

    def test_the_tick_rings_for_what_is_due_but_not_beside_a_sender(self, mailbox: Mailbox) -> None:
        opened()
        OrmQ.objects.all().delete()
        tasks.ring_for_due()
        assert OrmQ.objects.count() == 1
        opened(key="other")
        OrmQ.objects.all().delete()
        assert lifecycle.claim_mail(at=database_now())

        tasks.ring_for_due()

        assert not OrmQ.objects.exists()

    def test_it_rolls_back_with_the_alert(self, mailbox: Mailbox) -> None:
        with transaction.atomic():
            opened()
            transaction.set_rollback(True)

        assert not Delivery.objects.exists()
        assert not OrmQ.objects.exists()

    def test_only_critical_ones_go_to_the_default_channel(self, mailbox: Mailbox) -> None:
        opened("LONG_RUNNING", severity=Severity.WARNING)

        assert not Delivery.objects.exists()

    def test_what_gets_worse_is_mailed_then_and_once(self, mailbox: Mailbox) -> None:
        opened("DEADLINE_AT_RISK", severity=Severity.WARNING)

        for _ in "ab":
            lifecycle.reconcile("DEADLINE_AT_RISK", [finding()], at=LATER, actor="system:test")

        assert Delivery.objects.get().kind == "opened"

    def test_without_settings_alerts_open_all_the_same(self, settings: Any) -> None:
        settings.EMAIL_HOST = ""

        alert = opened()

        assert (alert.state, alert.email_sent) == ("open", False)
        assert not Delivery.objects.exists()


class TestMail:
    def test_it_tells_the_alert_in_text_and_html(self, mailbox: Mailbox) -> None:
        evidence = {"expected": {"status_code": "40"}, "seen": {"elapsed_s": 3900}}
        alert = opened(message="Batch CM-DMRU failed: ORA-12545 <timeout>", evidence=evidence)

        assert deliver.deliver_due() == 1

        mail = mailbox.mails[0]
        assert mail["Subject"] == "Batch Alert: FAILED CM-DMRU"
        assert mail["To"] == "ops@example.com, lead@example.com"
        assert mail["Auto-Submitted"] == "auto-generated"
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        for words in ("Elapsed", "1h 5m", "Expected", "Status code"):
            assert words in text
            assert words in html
        assert "ORA-12545 <timeout>" in text
        assert "ORA-12545 &lt;timeout&gt;" in html
        assert f"https://console.example/admin/alerts/alert/{alert.pk}/change/" in text

    def test_it_marks_the_alert_and_the_delivery_as_sent(self, mailbox: Mailbox) -> None:
        alert = opened()

        deliver.deliver_due()

        alert.refresh_from_db()
        delivery = Delivery.objects.get()
        assert alert.email_sent
        assert (delivery.state, delivery.attempts) == ("sent", 1)
        assert "2 of 2 addresses" in tries("sent")[0].sentence
        assert deliver.deliver_due() == 0

    def test_that_it_is_over_answers_the_mail_that_opened_it(self, mailbox: Mailbox) -> None:
        opened()
        deliver.deliver_due()
        resolve_all()

        deliver.deliver_due()

        first, second = mailbox.mails
        assert second["Subject"] == f"Re: {first['Subject']}"
        assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
        assert second["Message-ID"] != first["Message-ID"]
        text = second.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "RESOLVED after 12m 0s" in text
        assert "The run is complete." in text

    def test_over_before_it_was_sent_they_leave_in_order(self, mailbox: Mailbox) -> None:
        opened()
        resolve_all()

        deliver.deliver_due()

        assert mailbox.subjects == [
            "Batch Alert: FAILED CM-DMRU",
            "Re: Batch Alert: FAILED CM-DMRU",
        ]

    def test_nobody_who_moved_the_alert_is_named(self, mailbox: Mailbox) -> None:
        Channel.objects.update(minimum_severity=Severity.WARNING)
        alert = opened("LOW_RECORDS", severity=Severity.WARNING)
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:rahim", note="call 01711-000000")
        lifecycle.resolve(alert.pk, at=LATER, actor="user:rahim", note="meter of Mrs X")

        deliver.deliver_due()

        told = mailbox.mails[1].as_string()
        assert "(by hand)" in told
        for secret in ("rahim", "01711", "Mrs X"):
            assert secret not in told

    def test_no_header_can_be_smuggled_in(self, mailbox: Mailbox) -> None:
        opened(batch_code="X\r\nBcc: thief@example.com\n\nHello", message="a\r\n.\r\nMAIL FROM:<x>")

        deliver.deliver_due()

        assert mailbox.mails[0]["Bcc"] is None
        assert mailbox.envelopes == [["ops@example.com", "lead@example.com"]]
        assert mailbox.subjects == ["Batch Alert: FAILED X Bcc: *** Hello"]
        assert len(mailbox.mails) == 1


class TestRecipients:
    def test_one_refused_for_good_stops_no_other(self, mailbox: Mailbox) -> None:
        mailbox.refused = {"lead@example.com": "550 No such user"}
        opened()

        deliver.deliver_due()

        assert mailbox.envelopes == [["ops@example.com"]]
        assert Delivery.objects.get().state == "partly"
        (tried,) = tries("partly")
        assert tried.replies == {"lead@example.com": "550 No such user"}
        assert "1 of 2 addresses. Refused for good: 1 (550 No such user)." in tried.sentence
        assert "lead@" not in tried.sentence

    def test_one_put_off_gets_it_later_and_the_others_not_again(self, mailbox: Mailbox) -> None:
        mailbox.refused = {"lead@example.com": "451 Try later"}
        opened()
        deliver.deliver_due()
        assert Alert.objects.get().email_sent
        mailbox.refused = {}
        make_due()

        deliver.deliver_due()

        assert mailbox.envelopes == [["ops@example.com"], ["lead@example.com"]]
        assert Delivery.objects.get().state == "sent"

    def test_when_all_are_refused_everything_is_tried_again(self, mailbox: Mailbox) -> None:
        mailbox.refused = dict.fromkeys(["ops@example.com", "lead@example.com"], "554 Relay denied")
        opened()
        deliver.deliver_due()
        assert "554 Relay denied" in tries("failed")[0].sentence
        mailbox.refused = {}
        make_due()

        deliver.deliver_due()

        assert mailbox.envelopes == [["ops@example.com", "lead@example.com"]]

    def test_further_channels_hear_of_their_severities(self, mailbox: Mailbox) -> None:
        Channel.objects.create(
            name="Night", recipients="night@example.com", minimum_severity=Severity.WARNING
        )
        opened("LONG_RUNNING", severity=Severity.WARNING)

        deliver.deliver_due()

        assert mailbox.envelopes == [["night@example.com"]]


class TestManyAtOnce:
    """Ten thousand alerts are in tests/live/test_many_alerts.py."""

    def test_that_all_are_over_is_one_mail_in_the_same_thread(self, mailbox: Mailbox) -> None:
        found = [finding(f"k{n}") for n in range(30)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")
        deliver.deliver_due()
        resolve_all()

        deliver.deliver_due()

        first, second = mailbox.mails
        assert second["Subject"] == f"Re: {first['Subject']}"
        assert second["In-Reply-To"] == first["Message-ID"]

    def test_a_few_come_one_by_one(self, mailbox: Mailbox, settings: Any) -> None:
        settings.MAIL_LIMIT = 3
        lifecycle.reconcile("FAILED", map(finding, "abc"), at=AT, actor="system:test")

        deliver.deliver_due()

        assert len(mailbox.mails) == 3

    def test_a_copy_bears_the_same_name_though_more_is_due_by_then(
        self, mailbox: Mailbox, settings: Any
    ) -> None:
        settings.MAIL_LIMIT = 3
        opened()
        claimed = lifecycle.claim_mail(at=database_now())
        assert claimed is not None
        for n in range(9):
            opened(key=f"k{n}")
        Delivery.objects.filter(state="sending").update(next_try_at=database_now())  # it died

        deliver.deliver_due()

        names = [mail["Message-ID"] for mail in mailbox.mails]
        assert len(names) == 2
        assert names[0] == claimed.message_id

    def test_a_stream_of_alerts_is_held_to_the_limit(self, mailbox: Mailbox, settings: Any) -> None:
        settings.MAIL_LIMIT = 3
        for n in range(12):
            opened(key=f"k{n}")
            deliver.deliver_due()

        assert len(mailbox.mails) == 4  # the limit and one digest a minute
        Delivery.objects.filter(state="sent").update(sent_at=database_now() - timedelta(minutes=2))
        deliver.deliver_due()
        assert mailbox.subjects[4:] == ["Batch Alert: 8 alerts"]
        assert Alert.objects.filter(email_sent=True).count() == 12
