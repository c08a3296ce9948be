"""Channels in the admin, and their secrets: sealed, replaced, and found nowhere."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client

from alerts import deliver
from alerts.models import Channel, ChannelHealth, ChannelSecret
from alerts.secrets import address_of, signing_secrets
from batchops.db import database_now
from batchops.house import environment
from tests.alerts.findings import opened
from tests.alerts.receivers import CANARY, Receiver, answering, webhook
from tests.people import client_of

CHANNELS = "/admin/alerts/channel/"


def form(receiver: Receiver, **values: object) -> dict[str, object]:
    asked = {"kind": "webhook", "name": "Hook", "enabled": "on", "minimum_severity": "WARNING"}
    return {**asked, "address": receiver.address, **values}


def secrets_in(answer: Any) -> list[str]:
    return re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())


def page_at(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def tables_with(text: str) -> list[str]:
    """Return the tables that hold `text` in any column of any row."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text LIKE %s)', [f"%{text}%"]
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


@pytest.fixture
def admin(db: None) -> Client:
    return client_of("Administrator")


@pytest.mark.django_db
class TestAdmin:
    def test_a_webhook_is_made_and_its_secret_shown_once(
        self, admin: Client, receiver: Receiver
    ) -> None:
        made = admin.post(
            f"{CHANNELS}add/",
            form(receiver, rules=["FAILED"], days=["0", "6"], batches="CM-DMRU, D1-IMD"),
        )

        channel = Channel.objects.get(name="Hook")
        secret = signing_secrets(channel, at=database_now())
        assert secrets_in(made) == secret
        assert "no-store" in made["Cache-Control"]
        assert (channel.rules, channel.days) == (["FAILED"], [0, 6])
        assert channel.batches == "CM-DMRU\nD1-IMD"
        assert channel.place == f"127.0.0.1:{receiver.server_port}"
        page = admin.get(f"{CHANNELS}{channel.pk}/change/").content.decode()
        assert channel.place in page
        assert CANARY not in page
        assert secret[0] not in page

    def test_its_secret_is_replaced_by_a_button(self, admin: Client, receiver: Receiver) -> None:
        channel, old = webhook(receiver)

        answer = admin.post(f"/admin/alerts/channels/{channel.pk}/secret/")

        assert [*secrets_in(answer), old] == signing_secrets(channel, at=database_now())
        history = admin.get(f"{CHANNELS}{channel.pk}/history/").content.decode()
        assert "secret changed at" in history

    def test_it_is_replaced_at_once_only_when_one_agrees(
        self, admin: Client, receiver: Receiver
    ) -> None:
        channel, old = webhook(receiver)
        address, wish = f"/admin/alerts/channels/{channel.pk}/secret/", {"at_once": "1"}

        asked = admin.post(address, wish).content.decode()

        assert "Replace the secret at once?" in asked
        assert signing_secrets(channel, at=database_now()) == [old]
        made = secrets_in(admin.post(address, {**wish, "confirmed": "1"}))
        assert signing_secrets(channel, at=database_now()) == made

    def test_saved_without_an_address_it_keeps_the_one_it_has(
        self, admin: Client, receiver: Receiver
    ) -> None:
        channel, _ = webhook(receiver)
        ChannelHealth.objects.create(channel=channel, failures=7, gone_at=database_now())

        admin.post(f"{CHANNELS}{channel.pk}/change/", form(receiver, address="", name="Renamed"))

        channel.refresh_from_db()
        assert (channel.name, address_of(channel)) == ("Renamed", receiver.address)
        assert not ChannelHealth.objects.get(channel=channel).is_failing

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"address": ""}, "Give the address that it sends to."),
            ({"address": "https://10.0.0.1/"}, "not on the public internet"),
            ({"address": "https://u:p@example.com/"}, "may hold no user"),
            ({"kind": "chat", "address": "json://127.0.0.1/"}, "has to begin with one of"),
            ({"per_minute": "0"}, "greater than or equal to 1"),
            ({"rules": ["NOTHING"]}, "is not one of the available choices"),
            ({"hours_from": "25:00"}, "Enter a valid time"),
            ({"kind": "pigeon"}, "is not one of the available choices"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_made(
        self, admin: Client, receiver: Receiver, values: dict[str, Any], sentence: str
    ) -> None:
        answer = admin.post(f"{CHANNELS}add/", form(receiver, **values))

        assert sentence in answer.content.decode()
        assert not Channel.objects.filter(name="Hook").exists()

    def test_without_a_key_none_is_made(
        self, admin: Client, receiver: Receiver, hook_settings: Any
    ) -> None:
        hook_settings.BATCHOPS_SECRETS_KEYS = []

        answer = admin.post(f"{CHANNELS}add/", form(receiver))

        assert "BATCHOPS_SECRETS_KEY is not set" in answer.content.decode()

    def test_one_that_fails_is_shown_with_why(self, admin: Client, receiver: Receiver) -> None:
        channel, _ = webhook(receiver)
        receiver.behave = answering(500)
        opened()
        deliver.deliver_due()
        assert 'data-state="troubled"' in admin.get(CHANNELS).content.decode()

        ChannelHealth.objects.filter(channel=channel).update(failures=5)

        page = admin.get(CHANNELS).content.decode()
        assert 'data-state="failing"' in page
        assert f"{channel.place} answered 500" in page


@pytest.mark.django_db
class TestSecrets:
    def test_they_are_found_nowhere_but_sealed(
        self, admin: Client, receiver: Receiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        made = admin.post(f"{CHANNELS}add/", form(receiver, minimum_severity="CRITICAL"))
        secret = secrets_in(made)[0]
        channel = Channel.objects.get(name="Hook")
        alert = opened()
        for behave in (answering(500, CANARY.encode()), answering(302, Location=receiver.address)):
            receiver.behave = behave
            admin.post(f"/admin/alerts/channels/{channel.pk}/test/")
            deliver.deliver_due()
            ChannelHealth.objects.update(rests_until=None)

        pages = [
            page_at(admin, address)
            for address in (
                CHANNELS,
                f"{CHANNELS}{channel.pk}/change/",
                f"{CHANNELS}{channel.pk}/history/",
                f"/admin/alerts/alert/{alert.pk}/change/",
                "/admin/alerts/delivery/",
                f"/api/alerts/{alert.pk}",
            )
        ]

        for hidden in (CANARY, secret, secret.removeprefix("whsec_")):
            assert not [page for page in pages if hidden in page]
            assert hidden not in caplog.text
            assert tables_with(hidden) == []
        assert receiver.got
        assert f"{channel.place} answered 500" in caplog.text

    def test_they_are_resealed_and_the_old_key_can_go(
        self, receiver: Receiver, hook_settings: Any
    ) -> None:
        channel, secret = webhook(receiver)
        old = hook_settings.BATCHOPS_SECRETS_KEYS
        new = [Fernet.generate_key().decode()]
        hook_settings.BATCHOPS_SECRETS_KEYS = new
        with pytest.raises(CommandError, match="Nothing was changed"):
            call_command("reseal_secrets")
        hook_settings.BATCHOPS_SECRETS_KEYS = new + old
        said = StringIO()

        call_command("reseal_secrets", stdout=said)

        hook_settings.BATCHOPS_SECRETS_KEYS = new
        assert said.getvalue().startswith("2 secrets are sealed")
        assert signing_secrets(channel, at=database_now()) == [secret]
        assert address_of(channel) == receiver.address

    def test_a_check_names_the_channels_that_no_key_opens(
        self, receiver: Receiver, hook_settings: Any
    ) -> None:
        def found() -> list[tuple[str | None, int]]:
            problems = run_checks(tags=["batchops"], databases=["default"])
            return [(each.id, each.level) for each in problems if each.id == "batchops.E035"]

        webhook(receiver)
        assert found() == []
        hook_settings.BATCHOPS_SECRETS_KEYS = []
        assert found() == [("batchops.E035", 40)]
        hook_settings.DEBUG = True
        assert found() == [("batchops.E035", 30)]
        ChannelSecret.objects.all().delete()
        assert found() == []

    def test_a_key_that_is_none_is_refused_at_the_start(self, settings: Any) -> None:
        settings.BATCHOPS_SECRETS_KEYS = ["nonsense"]

        assert "batchops.E034" in {each.id for each in run_checks(tags=["batchops"])}


class TestUp:
    def test_it_makes_a_key_and_keeps_it(self, tmp_path: Path) -> None:
        def key() -> str:
            environment.write(tmp_path, {})
            text = (tmp_path / environment.FILE_NAME).read_text()
            return re.search(r"^BATCHOPS_SECRETS_KEY=(\S+)$", text, re.MULTILINE)[1]  # type: ignore[index]

        first = key()

        Fernet(first)
        assert key() == first
