"""Channels and mails in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from alerts import deliver
from alerts.models import Channel, Delivery
from batchops.db import database_now
from tests.alerts.findings import opened
from tests.alerts.mailbox import Mailbox
from tests.embedded import free_port
from tests.people import client_of

pytestmark = pytest.mark.django_db
CHANNELS = "/admin/alerts/channel/"
DELIVERIES = "/admin/alerts/delivery/"
NIGHT = {
    "name": "Night",
    "minimum_severity": "WARNING",
    "recipients": "a@example.com\nb@example.com",
    "enabled": "on",
}


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


@pytest.fixture
def given_up(mailbox: Mailbox, mail_settings: Any, channel: Channel) -> Delivery:
    there, mail_settings.EMAIL_PORT = mail_settings.EMAIL_PORT, free_port()
    opened()
    Delivery.objects.update(give_up_at=database_now() + timedelta(seconds=1))
    deliver.deliver_due()
    mail_settings.EMAIL_PORT = there
    return Delivery.objects.get()


class TestChannelList:
    def test_it_says_what_is_missing(self, channel: Channel) -> None:
        page = text_of(client_of("Administrator"), CHANNELS)

        assert "Mail not configured: set SMTP_HOST, SMTP_FROM, ALERT_EMAILS and restart" in page
        assert 'data-state="unconfigured"' in page

    def test_configured_it_shows_who_is_written_to(
        self, channel: Channel, mail_settings: Any
    ) -> None:
        page = text_of(client_of("Administrator"), CHANNELS)

        assert "ops@example.com, lead@example.com" in page
        assert 'data-state="on"' in page
        assert "not configured" not in page

    @pytest.mark.parametrize("role", ["Viewer", "Operator", "Supervisor"])
    def test_only_administrators_see_it(self, role: str, channel: Channel) -> None:
        client = client_of(role)

        assert client.get(CHANNELS).status_code == 403
        assert client.post(f"/admin/alerts/channels/{channel.pk}/test/").status_code == 403


class TestChannelForm:
    def test_it_makes_a_channel(self) -> None:
        recipients = " a@example.com, b@example.com\r\n\r\na@example.com"

        client_of("Administrator").post(f"{CHANNELS}add/", {**NIGHT, "recipients": recipients})

        made = Channel.objects.get(name="Night")
        assert made.addresses == ["a@example.com", "b@example.com"]
        assert not made.is_default

    @pytest.mark.parametrize(
        ("recipients", "sentence"),
        [
            ("", "Give at least one address"),
            ("ops@example.com\nnobody", "nobody&#x27; is no e-mail address"),
            ("Ops &lt;ops@example.com&gt;", "is no e-mail address"),
            ("a@example.com\x0bBcc: x@example.com", "is no e-mail address"),
            ("\n".join(f"a{n}@example.com" for n in range(51)), "at most 50"),
        ],
    )
    def test_it_names_what_is_wrong(self, recipients: str, sentence: str) -> None:
        answer = client_of("Administrator").post(
            f"{CHANNELS}add/", {**NIGHT, "recipients": recipients}
        )

        assert sentence in answer.content.decode()
        assert not Channel.objects.filter(name="Night").exists()

    def test_the_default_one_takes_only_the_switch(self, channel: Channel) -> None:
        client_of("Administrator").post(f"{CHANNELS}{channel.pk}/change/", {"name": "Mine"})

        channel.refresh_from_db()
        assert (channel.name, channel.minimum_severity) == ("Default", "CRITICAL")
        assert not channel.enabled

    def test_nobody_deletes_one(self, channel: Channel) -> None:
        client = client_of("Administrator")

        assert client.post(f"{CHANNELS}{channel.pk}/delete/").status_code == 403


class TestTestMail:
    def test_it_is_sent_and_says_so(self, mailbox: Mailbox, channel: Channel) -> None:
        client = client_of("Administrator")
        assert "Send a test mail" in text_of(client, f"{CHANNELS}{channel.pk}/change/")

        answer = client.post(f"/admin/alerts/channels/{channel.pk}/test/", follow=True)

        assert "The test left." in answer.content.decode()
        assert mailbox.subjects == ["Batch Alert: test of channel Default"]
        assert mailbox.envelopes == [["ops@example.com", "lead@example.com"]]

    def test_a_failure_is_told(self, mail_settings: Any, channel: Channel) -> None:
        mail_settings.EMAIL_PORT = free_port()

        answer = client_of("Administrator").post(
            f"/admin/alerts/channels/{channel.pk}/test/", follow=True
        )

        assert "cannot be reached" in answer.content.decode()

    def test_without_settings_it_names_them(self, channel: Channel) -> None:
        answer = client_of("Administrator").post(
            f"/admin/alerts/channels/{channel.pk}/test/", follow=True
        )

        assert "Mail is not configured: set SMTP_HOST" in answer.content.decode()

    def test_it_is_asked_for_by_post_only(self, channel: Channel) -> None:
        client = client_of("Administrator")

        assert client.get(f"/admin/alerts/channels/{channel.pk}/test/").status_code == 405
        assert client.post("/admin/alerts/channels/999999/test/").status_code == 404


class TestAlertPage:
    def test_it_shows_every_try_in_a_sentence(self, given_up: Delivery) -> None:
        page = text_of(client_of("Operator"), f"/admin/alerts/alert/{given_up.alert_id}/change/")

        assert 'data-state="given_up"' in page
        assert "cannot be reached (" in page
        assert "Try again now" in page

    def test_a_viewer_sees_no_addresses(self, given_up: Delivery) -> None:
        client = client_of("Viewer")
        page = text_of(client, f"/admin/alerts/alert/{given_up.alert_id}/change/")

        assert "alert-deliveries" not in page
        fragment = f"/admin/alerts/{given_up.alert_id}/deliveries/fragment/"
        assert client.get(fragment).status_code == 403

    def test_its_button_has_the_mail_tried_again(
        self, given_up: Delivery, mailbox: Mailbox
    ) -> None:
        address = f"/admin/alerts/{given_up.alert_id}/deliveries/{given_up.pk}/retry/"
        client = client_of("Operator")

        client.post(address)
        deliver.deliver_due()

        assert len(mailbox.mails) == 1
        assert client.post(address).status_code == 409
        fragment = f"/admin/alerts/{given_up.alert_id}/deliveries/fragment/"
        assert 'data-state="sent"' in text_of(client, fragment)


class TestGivenUp:
    @pytest.mark.parametrize(
        "address", ["/admin/", "/admin/alerts/alert/", "/admin/alerts/alert/fragment/", DELIVERIES]
    )
    def test_who_may_see_mails_is_told(self, address: str, given_up: Delivery) -> None:
        assert "1 mail was given up in the last 24 h" in text_of(client_of("Operator"), address)

    def test_others_are_not(self, given_up: Delivery) -> None:
        assert "given up" not in text_of(client_of("Viewer"), "/admin/")

    def test_the_list_of_channels_tells_it_for_a_day(self, given_up: Delivery) -> None:
        client = client_of("Administrator")
        assert "1 mail was given up" in text_of(client, CHANNELS)

        Delivery.objects.update(given_up_at=database_now() - timedelta(hours=25))

        assert "mail was given up" not in text_of(client, CHANNELS)


class TestAddresses:
    @pytest.fixture
    def refused(self, mailbox: Mailbox, channel: Channel) -> Delivery:
        mailbox.refused = {"lead@example.com": "550 <lead@example.com> is unknown"}
        opened()
        deliver.deliver_due()
        return Delivery.objects.get()

    def test_only_who_may_see_channels_reads_them(self, refused: Delivery) -> None:
        administrator, operator = client_of("Administrator"), client_of("Operator")
        for address in (
            f"{DELIVERIES}{refused.pk}/change/",
            f"/admin/alerts/alert/{refused.alert_id}/change/",
        ):
            assert "lead@example.com" in text_of(administrator, address)
            page = text_of(operator, address)
            assert "lead@example.com" not in page
            assert "ops@example.com" not in page
            assert "550" in page

    def test_programs_read_none(self, refused: Delivery) -> None:
        answer = client_of("Operator").get(f"/api/alerts/{refused.alert_id}/")

        assert "@example.com" not in answer.content.decode()

    def test_sent_in_part_shows_and_is_found(self, refused: Delivery) -> None:
        page = text_of(client_of("Operator"), f"{DELIVERIES}?state__exact=partly")

        assert 'data-state="partly"' in page


class TestDeliveryList:
    def test_given_up_ones_are_tried_again_together(
        self, given_up: Delivery, mailbox: Mailbox
    ) -> None:
        client = client_of("Operator")
        assert 'data-state="given_up"' in text_of(client, f"{DELIVERIES}?state__exact=given_up")

        answer = client.post(
            DELIVERIES,
            {"action": "retry_selected", ACTION_CHECKBOX_NAME: [given_up.pk]},
            follow=True,
        )

        assert "1 mail is tried again now." in answer.content.decode()
        assert deliver.deliver_due() == 1

    def test_too_many_at_once_are_refused_and_sent_ones_left_out(
        self, given_up: Delivery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = client_of("Operator")
        chosen = {"action": "retry_selected", ACTION_CHECKBOX_NAME: [given_up.pk]}
        monkeypatch.setattr("alerts.admin.mails.AT_ONCE", 0)

        assert "more than 0 mails" in client.post(DELIVERIES, chosen, follow=True).content.decode()
        Delivery.objects.update(state="sent", sent_at=database_now())

        assert "None of these" in client.post(DELIVERIES, chosen, follow=True).content.decode()

    def test_nobody_adds_deletes_or_edits(self, given_up: Delivery) -> None:
        client = client_of("Administrator")

        assert client.get(f"{DELIVERIES}add/").status_code == 403
        assert client.post(f"{DELIVERIES}{given_up.pk}/delete/").status_code == 403
        assert client.post(f"{DELIVERIES}{given_up.pk}/change/", {}).status_code == 403


class TestVersions:
    def test_the_page_says_who_changed_which_address(self) -> None:
        channel = Channel.objects.create(name="Night shift", recipients="a@example.com")
        administrator = client_of("Administrator")
        form = {
            "name": "Night shift",
            "recipients": "b@example.com",
            "minimum_severity": "WARNING",
            "enabled": "on",
        }

        saved = administrator.post(f"{CHANNELS}{channel.pk}/change/", form)
        page = administrator.get(f"{CHANNELS}{channel.pk}/history/").content.decode()

        assert saved.status_code == 302
        assert "recipients: a@example.com → b@example.com" in page
        assert "by you" in page
