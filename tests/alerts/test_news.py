"""What gets worse is told again; what nobody heard of needs no end; what is over says so."""

from datetime import timedelta
from typing import Any

import pytest

from alerts import deliver, lifecycle
from alerts.models import Channel, Delivery
from alerts.states import Severity
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.mailbox import Mailbox
from tests.alerts.outbox import make_due

RULE = "DEADLINE_AT_RISK"
pytestmark = pytest.mark.django_db


def judge(severity: Severity) -> None:
    lifecycle.reconcile(RULE, [finding(severity=severity)], at=AT, actor="system:test")


def end() -> None:
    lifecycle.reconcile(RULE, [], at=AT + timedelta(minutes=12), actor="system:test")


def text_of(mailbox: Mailbox, number: int) -> str:
    body = mailbox.mails[number].get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def all_day(mail_settings: Any) -> Channel:
    Channel.objects.update(enabled=False)
    return Channel.objects.create(
        name="All", recipients="all@example.com", minimum_severity=Severity.INFO
    )


@pytest.mark.usefixtures("all_day")
class TestGettingWorse:
    def test_who_heard_the_milder_hears_the_worse_in_one_thread(self, mailbox: Mailbox) -> None:
        for severity in (Severity.INFO, Severity.WARNING, Severity.WARNING, Severity.CRITICAL):
            judge(severity)
            deliver.deliver_due()

        first, second, third = mailbox.mails
        assert second["Subject"] == third["Subject"] == f"Re: {first['Subject']}"
        assert second["In-Reply-To"] == third["In-Reply-To"] == first["Message-ID"]
        assert text_of(mailbox, 1).startswith("NOW WARNING: ")
        assert text_of(mailbox, 2).startswith("NOW CRITICAL: ")

    def test_who_hears_of_it_first_hears_it_once(self, mailbox: Mailbox, channel: Channel) -> None:
        Channel.objects.update(enabled=True)
        judge(Severity.WARNING)
        deliver.deliver_due()
        judge(Severity.CRITICAL)

        deliver.deliver_due()

        assert mailbox.envelopes[1:] == [
            ["ops@example.com", "lead@example.com"],
            ["all@example.com"],
        ]
        assert mailbox.subjects[1] == mailbox.subjects[0]

    def test_an_opening_that_waited_tells_it_alone(self, mailbox: Mailbox) -> None:
        judge(Severity.WARNING)
        judge(Severity.CRITICAL)

        assert deliver.deliver_due() == 1

        assert text_of(mailbox, 0).startswith("CRITICAL: ")
        assert not Delivery.objects.exclude(state="sent").exists()

    def test_raised_while_the_opening_is_on_its_way_it_is_told(self, mailbox: Mailbox) -> None:
        judge(Severity.WARNING)
        claim = lifecycle.claim_mail(at=database_now())
        assert claim is not None
        judge(Severity.CRITICAL)

        sent = lifecycle.Report(outcome="sent", sentence="", delivered_to=claim.recipients)  # type: ignore[arg-type]
        lifecycle.record_attempt(claim, sent, at=database_now(), took_s=0)
        deliver.deliver_due()

        assert text_of(mailbox, 0).startswith("NOW CRITICAL: ")

    def test_many_are_one_mail(self, mailbox: Mailbox) -> None:
        for severity in (Severity.WARNING, Severity.CRITICAL):
            found = [finding(f"k{n}", severity=severity) for n in range(30)]
            lifecycle.reconcile(RULE, found, at=AT, actor="system:test")
            deliver.deliver_due()
            Delivery.objects.filter(state="sent").update(
                sent_at=database_now() - timedelta(minutes=2)
            )

        assert mailbox.subjects == ["Batch Alert: 30 alerts", "Re: Batch Alert: 30 alerts"]
        assert text_of(mailbox, 1).startswith("30 alerts got worse.")


@pytest.mark.usefixtures("channel")
class TestOverMeanwhile:
    def test_a_late_opening_says_that_it_is_over(self, mailbox: Mailbox) -> None:
        judge(Severity.CRITICAL)
        end()

        deliver.deliver_due()

        assert text_of(mailbox, 0).startswith("RESOLVED after 12m 0s")
        assert "acknowledge it" not in text_of(mailbox, 0)

    def test_a_late_digest_says_how_many_are_over(self, mailbox: Mailbox) -> None:
        found = [finding(f"k{n}") for n in range(30)]
        lifecycle.reconcile(RULE, found, at=AT, actor="system:test")
        lifecycle.reconcile(RULE, found[:10], at=AT, actor="system:test")

        deliver.deliver_due()

        assert "20 of them are over already." in text_of(mailbox, 0)

    @pytest.mark.parametrize("ends_first", [True, False])
    def test_what_nobody_heard_of_has_no_end(self, mailbox: Mailbox, ends_first: bool) -> None:
        mailbox.answer = "554 No"
        alert = opened(RULE)
        if ends_first:
            end()
        Delivery.objects.update(give_up_at=database_now() + timedelta(seconds=1))
        deliver.deliver_due()
        if not ends_first:
            end()
        mailbox.answer = "250 OK"
        make_due()

        assert deliver.deliver_due() == 0

        assert [each.kind for each in alert.deliveries.all()] == ["opened"]
