"""Webhooks as their receivers meet them: signed, within a deadline, again until they are taken."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import deliver, lifecycle
from alerts.channels import posting
from alerts.lifecycle import secrets
from alerts.models import Alert, Channel, ChannelHealth, ChannelSecret, Delivery
from alerts.states import Severity
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.outbox import make_due, tries
from tests.alerts.receivers import (
    RECEIVERS_WAIT_S,
    Handler,
    Receiver,
    answering,
    bodied_without_end,
    continuing_without_end,
    dripping,
    hanging,
    heading_without_end,
    receiving,
    webhook,
)

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parent.parent.parent / "docs/channels.md"
DEADLINE_S = 0.4


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "DEADLINE_S", DEADLINE_S)


@pytest.fixture
def verify() -> Callable[..., bool]:
    """The check as docs/channels.md gives it to whoever writes a receiver."""
    sample = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert sample
    given: dict[str, Any] = {}
    exec(sample[1], given)
    return given["verify"]  # type: ignore[no-any-return]


def resolve_all() -> None:
    lifecycle.reconcile("FAILED", [], at=AT + timedelta(minutes=5), actor="system:test")


class TestMessage:
    def test_it_tells_the_alert_and_later_that_it_is_over(self, receiver: Receiver) -> None:
        webhook(receiver)
        alert = opened(evidence={"seen": {"elapsed_s": 3900}})
        deliver.deliver_due()
        resolve_all()

        deliver.deliver_due()

        first, second = (message.json for message in receiver.got)
        assert (first["type"], second["type"]) == ("alert.opened", "alert.resolved")
        told = first["data"]["alerts"][0]
        assert (told["id"], told["rule"], told["severity"]) == (alert.pk, "FAILED", "CRITICAL")
        assert told["url"] == f"https://console.example/admin/alerts/alert/{alert.pk}/change/"
        assert first["data"]["evidence"] == {"seen": {"elapsed_s": 3900}}
        assert second["data"]["alerts"][0]["state"] == "resolved"
        assert not Alert.objects.get().email_sent

    def test_the_documented_check_takes_it_and_nothing_else(
        self, receiver: Receiver, verify: Callable[..., bool]
    ) -> None:
        _, secret = webhook(receiver)
        opened()
        deliver.deliver_due()

        got = receiver.got[0]
        headers = dict(got.headers.items())
        old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}
        assert verify(headers, got.body, secret)
        assert not verify(headers, got.body + b" ", secret)
        assert not verify({**headers, "webhook-id": "other"}, got.body, secret)
        assert not verify(headers, got.body, "whsec_" + "A" * 43 + "=")
        assert not verify(old, got.body, secret)

    def test_while_secrets_overlap_both_sign(
        self, receiver: Receiver, verify: Callable[..., bool]
    ) -> None:
        channel, old = webhook(receiver)
        new = lifecycle.make_signing_secret(channel.pk, at=database_now())
        opened(key="a")
        deliver.deliver_due()
        both = receiver.got[-1]
        ended = ChannelSecret.objects.filter(ends_at__isnull=False)
        ended.update(ends_at=database_now() - timedelta(seconds=1))
        opened(key="b")
        deliver.deliver_due()
        one = receiver.got[-1]

        assert verify(both.headers, both.body, old)
        assert verify(both.headers, both.body, new)
        assert verify(one.headers, one.body, new)
        assert not verify(one.headers, one.body, old)
        assert timedelta(hours=24) == secrets.OVERLAP

    def test_one_that_became_known_signs_no_more(
        self, receiver: Receiver, verify: Callable[..., bool]
    ) -> None:
        channel, old = webhook(receiver)
        lifecycle.make_signing_secret(channel.pk, at=database_now(), at_once=True)
        opened()
        deliver.deliver_due()

        assert not verify(receiver.got[0].headers, receiver.got[0].body, old)

    def test_too_many_at_once_come_as_one(self, receiver: Receiver) -> None:
        webhook(receiver, per_minute=2)
        found = [finding(key=f"CM-DMRU {n}") for n in range(60)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")

        deliver.deliver_due()

        assert len(receiver.got) == 1
        data = receiver.got[0].json["data"]
        assert (len(data["alerts"]), data["total"]) == (50, 60)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}

    def test_a_test_shows_that_it_arrives(self, receiver: Receiver) -> None:
        channel, _ = webhook(receiver)

        assert "took it (204)" in deliver.send_test(channel.pk, actor="user:x")
        assert receiver.got[0].json["type"] == "test"


class TestBadReceiver:
    @pytest.mark.parametrize(
        "behave",
        [hanging, dripping, heading_without_end, continuing_without_end, answering(500)],
    )
    @pytest.mark.usefixtures("short_deadline")
    def test_it_is_left_in_time_and_gets_the_same_message_again(
        self, behave: Callable[[Handler], None], receiver: Receiver
    ) -> None:
        channel, _ = webhook(receiver)
        receiver.behave = behave
        opened()
        begun = time.monotonic()
        deliver.deliver_due()
        assert time.monotonic() - begun < RECEIVERS_WAIT_S / 2
        assert Delivery.objects.get().state == "failed"
        assert ChannelHealth.objects.get(channel=channel).rests(database_now())

        receiver.behave = answering(200)
        make_due()
        deliver.deliver_due()

        assert Delivery.objects.get().state == "sent"
        assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
        assert [each.outcome for each in tries()] == ["failed", "sent"]

    @pytest.mark.usefixtures("short_deadline")
    def test_an_answer_whose_body_never_ends_is_an_answer(self, receiver: Receiver) -> None:
        webhook(receiver)
        receiver.behave = bodied_without_end
        opened()

        deliver.deliver_due()

        assert Delivery.objects.get().state == "sent"

    def test_a_redirect_inside_is_not_followed(self, receiver: Receiver) -> None:
        webhook(receiver)
        with receiving() as secret_one:
            receiver.behave = answering(307, Location=secret_one.address)
            opened()
            deliver.deliver_due()

        assert not secret_one.got
        assert "307, a redirect, which is not followed" in tries("failed")[0].sentence

    def test_one_that_asks_for_time_gets_it(self, receiver: Receiver) -> None:
        webhook(receiver)
        receiver.behave = answering(429, Retry_After="1800")
        opened()
        deliver.deliver_due()

        waits = Delivery.objects.get().next_try_at - database_now()
        assert timedelta(minutes=29) < waits <= timedelta(minutes=30)

    def test_what_one_message_does_wrong_keeps_no_other_waiting(self, receiver: Receiver) -> None:
        webhook(receiver)

        def refuse_a(handler: Handler) -> None:
            answering(400 if b'"key":"a"' in receiver.got[-1].body else 200)(handler)

        receiver.behave = refuse_a
        for key in "abc":
            opened(key=key)

        assert deliver.deliver_due() == 3

        assert sorted(Delivery.objects.values_list("state", flat=True)) == [
            "failed", "sent", "sent",
        ]  # fmt: skip

    @pytest.mark.usefixtures("short_deadline")
    def test_one_that_hangs_keeps_no_other_waiting(self, receiver: Receiver) -> None:
        receiver.behave = hanging
        hung, _ = webhook(receiver, name="Hung")
        with receiving() as other:
            webhook(other, name="Other")
            for key in "abc":
                opened(key=key)
            deliver.deliver_due()

        assert len(other.got) == 3
        assert Delivery.objects.filter(channel=hung, attempts__gt=0).count() == 1

    def test_one_that_is_gone_gets_nothing_more_until_the_channel_is_set_up_anew(
        self, receiver: Receiver
    ) -> None:
        channel, _ = webhook(receiver)
        receiver.behave = answering(410)
        opened(key="a")
        opened(key="b")
        deliver.deliver_due()
        opened(key="c")
        deliver.deliver_due()
        assert len(receiver.got) == 1
        assert set(Delivery.objects.values_list("state", flat=True)) == {"given_up"}

        lifecycle.forget_troubles(channel.pk)
        opened(key="d")
        receiver.behave = answering(200)
        deliver.deliver_due()

        assert receiver.got[-1].json["data"]["alerts"][0]["key"] == "d"

    def test_without_the_key_it_says_so_and_loses_nothing(
        self, receiver: Receiver, hook_settings: Any
    ) -> None:
        webhook(receiver)
        opened()
        keys, hook_settings.BATCHOPS_SECRETS_KEYS = hook_settings.BATCHOPS_SECRETS_KEYS, []
        deliver.deliver_due()
        assert "set BATCHOPS_SECRETS_KEY" in tries("failed")[0].sentence
        hook_settings.BATCHOPS_SECRETS_KEYS = keys
        make_due()

        deliver.deliver_due()

        assert len(receiver.got) == 1


class TestFailingChannel:
    @pytest.fixture
    def two(self, receiver: Receiver) -> Channel:
        """A channel that fails, beside one that works and hears of one type of alert only."""
        receiver.behave = answering(500)
        return webhook(receiver)[0]

    def judge(self) -> None:
        lifecycle.judge_channels(at=database_now(), actor="system:test")

    def fail(self, times: int) -> None:
        for _ in range(times):
            make_due()
            deliver.deliver_due()

    def test_the_others_tell_it_and_that_it_is_over(self, two: Channel, receiver: Receiver) -> None:
        with receiving() as other:
            webhook(other, name="Other", rules=["STUCK"])
            opened(rule="LONG_RUNNING")
            self.fail(4)
            self.judge()
            assert not Alert.objects.filter(rule="CHANNEL_FAILING").exists()

            self.fail(1)
            self.judge()
            self.judge()
            deliver.deliver_due()
            told = other.got[0].json["data"]["alerts"][0]
            assert told["rule"] == "CHANNEL_FAILING"
            assert told["message"].startswith("Channel Hook does not get through: 127.0.0.1:")
            assert Delivery.objects.filter(alert__rule="CHANNEL_FAILING").count() == 1

            receiver.behave = answering(200)
            self.fail(1)
            self.judge()
            deliver.deliver_due()

        assert [got.json["type"] for got in other.got] == ["alert.opened", "alert.resolved"]

    def test_switched_off_it_is_no_trouble_any_more(self, two: Channel) -> None:
        opened()
        self.fail(5)
        self.judge()
        Channel.objects.filter(pk=two.pk).update(enabled=False)

        self.judge()

        alert = Alert.objects.get(rule="CHANNEL_FAILING")
        assert alert.state == "resolved"
        assert alert.severity == Severity.CRITICAL
