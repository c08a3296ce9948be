"""Chats and telephones: Apprise as it is, against a proxy on loopback that plays the services."""

import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from alerts import deliver, lifecycle
from alerts.channels import chat
from alerts.models import Channel, Delivery
from batchops.db import database_now
from batchops.errors import InvalidInput
from tests.alerts.certificates import certificate
from tests.alerts.findings import AT, finding, opened
from tests.alerts.outbox import tries
from tests.alerts.receivers import CANARY, Handler, Receiver, answering, hanging, receiving

TEAMS_HOST = "prod-01.westus.logic.azure.com"
HOSTS = (
    "hooks.slack.com", "api.telegram.org", "api.twilio.com", "events.pagerduty.com", TEAMS_HOST,
)  # fmt: skip
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7/#ops"
TELEGRAM = "tgram://123456789:alphanumeric_characters/12315544"
TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@15551230001/15551230002"
PAGERDUTY = f"pagerduty://{'k' * 32}@{'p' * 20}"
TEAMS = f"workflows://{TEAMS_HOST}/{'e' * 20}/{'s' * 20}"


@pytest.fixture
def services(
    tmp_path: Path, hook_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Receiver]:
    """Play the services of all kinds behind a proxy that ends TLS in their names."""
    own, private = certificate(tmp_path, *HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, private)
    with receiving(context) as services:
        services.behave = taking
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{services.server_port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own))
        yield services


def taking(handler: Handler) -> None:
    """Answer what each of the services expects to be said."""
    host = handler.headers["Host"]
    said = b"ok" if host == "hooks.slack.com" else b'{"ok": true, "result": {"message_id": 1}}'
    answering(202 if host in (TEAMS_HOST, "events.pagerduty.com") else 200, said)(handler)


def chatting(address: str, **values: Any) -> Channel:
    channel = Channel.objects.create(kind="chat", name="Chat", **values)
    place = chat.service_of(address)
    lifecycle.keep_address(channel.pk, address=address, place=place, at=database_now())
    return channel


def words(receiver: Receiver) -> str:
    """Return what was said last, in whichever form the service takes it."""
    body = receiver.got[-1].body.decode()
    return body if body[:1] in "{[" else json.dumps(parse_qs(body))


@pytest.mark.django_db
class TestServices:
    @pytest.mark.parametrize(
        ("address", "host", "path"),
        [
            (SLACK, "hooks.slack.com", "/services/T1JJ3T3L2"),
            (TELEGRAM, "api.telegram.org", "/bot123456789:"),
            (TWILIO, "api.twilio.com", "/2010-04-01/Accounts/AC"),
            (PAGERDUTY, "events.pagerduty.com", "/v2/enqueue"),
            (TEAMS, TEAMS_HOST, "/workflows/eeee"),
        ],
    )
    def test_each_is_told_in_brief(
        self, address: str, host: str, path: str, services: Receiver
    ) -> None:
        chatting(address)
        alert = opened(message="Batch CM-DMRU failed: ORA-12545")

        deliver.deliver_due()

        assert [each.outcome for each in tries()] == ["sent"]
        assert services.got[-1].headers["Host"] == host
        assert services.got[-1].path.startswith(path)
        said = words(services)
        assert "Critical: failed CM-DMRU" in said
        assert "12545" in said
        assert "github" not in said
        assert f"console.example/admin/alerts/alert/{alert.pk}/change/" in said.replace("\\/", "/")

    def test_what_opened_an_incident_ends_it(self, services: Receiver) -> None:
        chatting(PAGERDUTY)
        alert = opened()
        deliver.deliver_due()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        deliver.deliver_due()

        told = [got.json for got in services.got]
        assert [each["event_action"] for each in told] == ["trigger", "resolve"]
        assert {each["dedup_key"] for each in told} == {f"batchops-alert-{alert.pk}"}

    def test_too_many_at_once_come_as_one(self, services: Receiver) -> None:
        chatting(SLACK, per_minute=1)
        found = [finding(key=f"CM-DMRU {n}") for n in range(13)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")

        deliver.deliver_due()

        assert len(services.got) == 1
        assert "And 12 more." in words(services)

    def test_one_that_refuses_is_tried_again_and_its_words_hold_no_secret(
        self, services: Receiver
    ) -> None:
        chatting(SLACK.replace("TIiajkdnlazkcOXrIdevi7", CANARY.replace("-", "") + "ab"))
        services.behave = answering(403, b"invalid_token")
        opened()

        deliver.deliver_due()

        assert Delivery.objects.get().state == "failed"
        said = tries("failed")[0].sentence
        assert said.startswith("Slack did not take it: ")
        assert "403" in said
        assert CANARY.replace("-", "") not in said

    def test_no_number_stands_in_its_words_however_the_address_wrote_it(
        self, services: Receiver
    ) -> None:
        chatting(TWILIO.replace("15551230002", "1-555-123-0002"))
        services.behave = answering(400)
        opened()

        deliver.deliver_due()

        said = tries("failed")[0].sentence
        assert "error=400" in said
        assert "5551230002" not in said

    def test_one_that_hangs_is_ended_at_the_deadline_with_its_process(
        self, services: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chat, "DEADLINE_S", 1.5)
        chatting(SLACK)
        services.behave = hanging
        opened()
        begun = time.monotonic()

        deliver.deliver_due()

        assert time.monotonic() - begun < 2.5
        assert "took longer than 1.5 s" in tries("failed")[0].sentence

    def test_a_redirect_is_not_followed(self, services: Receiver) -> None:
        chatting(SLACK)
        services.behave = answering(307, Location="https://api.twilio.com/elsewhere")
        opened()

        deliver.deliver_due()

        assert Delivery.objects.get().state == "failed"
        assert {got.headers["Host"] for got in services.got} == {"hooks.slack.com"}


class TestAddress:
    @pytest.mark.parametrize(
        "address",
        [
            "json://127.0.0.1/", "file:///etc/passwd", "mailto://a:b@example.com", "https://x.y/",
            "", "slack:/x", f"{SLACK},json://127.0.0.1", f"{SLACK} json://127.0.0.1",
            f"{SLACK}?verify=no", f"{SLACK}?footer=1;redirect=yes", f"{SLACK}?footer=1?verify=no",
            f"{TEAMS}?template=/etc/passwd", f"{TEAMS}?+X-Header=1", f"{TEAMS}?:token=1",
            "workflows://127.0.0.1/abc/def", "workflows://10.0.0.1.logic.azure.com.evil/abc/def",
            f"workflows://{TEAMS_HOST}:22/abc/def", f"workflows://{TEAMS_HOST}@127.0.0.1/abc/def",
            "workflows://logic.azure.com\\@127.0.0.1/abc/def", f"workflows://{TEAMS_HOST}#@127.0.0.1/a/b",
            f"{TEAMS}#x?template=/etc/passwd", "x" * 1_001,
        ],
    )  # fmt: skip
    def test_any_other_service_or_option_is_refused(self, address: str) -> None:
        with pytest.raises(InvalidInput):
            chat.service_of(address)

    def test_the_allowed_ones_are_named(self) -> None:
        addresses = [SLACK, TELEGRAM, TWILIO, PAGERDUTY, TEAMS]

        assert [chat.service_of(address) for address in addresses] == [
            "Slack", "Telegram", "Twilio", "PagerDuty", "Teams",
        ]  # fmt: skip
