"""Senders as real processes: killed in the middle, two at once, and a whole watch cluster."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from unittest.mock import Mock, patch

import psycopg
import pytest
from django.db import connection, connections

from alerts import deliver, lifecycle
from alerts.models import Alert, Channel, Delivery, Silence
from batchops.db import database_now
from tests.alerts.findings import AT, finding, opened
from tests.alerts.mailbox import Mailbox, killing
from tests.cluster.conftest import process_database, server, shared, start
from tests.cluster.running import Running
from tests.waiting import wait_for

__all__ = ["process_database", "server", "shared", "start"]

pytestmark = [pytest.mark.processes]
fork = multiprocessing.get_context("fork")


def send_in(process_id: Any) -> None:
    connection.close()
    process_id.value = os.getpid()
    deliver.deliver_due()


def settle_and_send_in(process_id: Any) -> None:
    """End the silences that are over, then send; killed where `process_id` says, or at once."""
    connection.close()
    killed = Mock(side_effect=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    early = patch("alerts.lifecycle.muting.publish", killed)  # the last thing before the commit
    with early if process_id is None else nullcontext():
        lifecycle.settle_mutes(at=database_now(), actor="system:test")
    send_in(process_id)


def withheld() -> Alert:
    """Return an alert that opened in a silence whose end nobody has seen yet."""
    now = database_now()
    begun_at, ended_at = now - timedelta(hours=2), now - timedelta(seconds=1)
    Silence.objects.create(from_at=begun_at, until_at=ended_at, reason="new disks", made_by="x:y")
    lifecycle.reconcile("FAILED", [finding()], at=begun_at, actor="system:test")
    assert not Delivery.objects.exists()
    return Alert.objects.get(state="open")


def run_sender(process_id: Any, target: Callable[[Any], None] = send_in) -> int | None:
    """Run one sender to its end and return its exit code."""
    connections.close_all()
    sender = fork.Process(target=target, args=(process_id,))
    sender.start()
    sender.join(20)
    return sender.exitcode


def end_lease() -> None:
    Delivery.objects.filter(state="sending").update(next_try_at=database_now())


def outcomes() -> list[str]:
    return list(Delivery.objects.get().tries.order_by("id").values_list("outcome", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("channel")
class TestAKilledSender:
    def test_between_send_and_record_the_mail_comes_twice_and_says_so(
        self, mailbox: Mailbox
    ) -> None:
        process_id = fork.Value("i", 0)
        mailbox.on_arrival = killing(process_id)
        opened()

        assert run_sender(process_id) == -9
        assert Delivery.objects.get().state == "sending"
        assert deliver.deliver_due() == 0  # its lease still runs
        end_lease()
        deliver.deliver_due()

        assert len(mailbox.mails) == 2
        assert mailbox.mails[0]["Message-ID"] == mailbox.mails[1]["Message-ID"]
        assert outcomes() == ["lost", "sent"]
        assert "may arrive twice" in Delivery.objects.get().tries.get(outcome="lost").sentence
        assert Alert.objects.get().email_sent
        end_lease()
        assert deliver.deliver_due() == 0

    def test_before_the_mail_left_it_comes_once(self, mailbox: Mailbox) -> None:
        process_id = fork.Value("i", 0)
        mailbox.on_greeting = killing(process_id)
        opened()

        assert run_sender(process_id) == -9
        end_lease()
        deliver.deliver_due()

        assert len(mailbox.mails) == 1
        assert outcomes() == ["lost", "sent"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("channel")
class TestAKilledEndOfASilence:
    def test_before_it_commits_nothing_is_lost_and_it_is_told_once(self, mailbox: Mailbox) -> None:
        alert = withheld()

        assert run_sender(None, settle_and_send_in) == -9
        assert not Delivery.objects.exists()
        assert lifecycle.settle_mutes(at=database_now(), actor="system:test") == 1
        assert lifecycle.settle_mutes(at=database_now(), actor="system:test") == 0
        deliver.deliver_due()

        assert len(mailbox.mails) == 1
        assert alert.events.filter(verb="unmuted").count() == 1

    def test_between_send_and_record_the_mail_comes_again_under_the_same_name(
        self, mailbox: Mailbox
    ) -> None:
        process_id = fork.Value("i", 0)
        mailbox.on_arrival = killing(process_id)
        withheld()

        assert run_sender(process_id, settle_and_send_in) == -9
        assert lifecycle.settle_mutes(at=database_now(), actor="system:test") == 0
        end_lease()
        deliver.deliver_due()

        assert outcomes() == ["lost", "sent"]
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("channel")
class TestADatabaseAwayForAMoment:
    def test_between_send_and_record_it_costs_no_second_mail(self, mailbox: Mailbox) -> None:
        opened()
        connection.ensure_connection()
        mine = connection.connection.info.backend_pid
        parameters = connection.get_connection_params() | {"autocommit": True}
        server = psycopg.connect(**parameters)

        def cut() -> None:
            server.execute("SELECT pg_terminate_backend(%s)", [mine])

        mailbox.on_arrival = cut
        with server:
            deliver.deliver_due()

        assert len(mailbox.mails) == 1
        assert outcomes() == ["sent"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("channel")
class TestTwoSenders:
    def test_each_mail_leaves_once(self, mailbox: Mailbox, settings: Any) -> None:
        settings.MAIL_LIMIT = 100
        found = [finding(f"k{n}") for n in range(40)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")
        connections.close_all()
        senders = [fork.Process(target=send_in, args=(fork.Value("i", 0),)) for _ in "ab"]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(30)

        deliver.deliver_due()

        assert len(mailbox.mails) == 40
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == 40


class TestCluster:
    def test_an_alert_is_mailed_by_the_watch_cluster_without_anybody_asking(
        self, start: Callable[..., Running], mailbox: Mailbox, mail_settings: Any
    ) -> None:
        Delivery.objects.all().delete()
        Alert.objects.all().delete()
        Channel.objects.all().delete()
        lifecycle.seed_default_channel()
        late = Silence.objects.create(
            from_at=AT, until_at=AT + timedelta(hours=1), reason="new disks", made_by="x:y"
        )
        silent = opened()
        assert silent.muted_until == late.until_at  # its end passes while no cluster runs
        there = mail_settings.EMAIL_PORT
        running = start(
            "watch",
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(there),
            SMTP_FROM="batchops@example.com",
            SMTP_SECURITY="none",
            ALERT_EMAILS="ops@example.com",
        )

        wait_for(lambda: mailbox.mails, 30, f"the mail: {running.log()}")
        wait_for(lambda: Delivery.objects.get().state == "sent", 10, "the record of it")
        told = Alert.objects.get()
        assert told.email_sent
        assert told.muted_until is None
        opened(key="another")
        wait_for(lambda: len(mailbox.mails) == 2, 30, f"the second mail: {running.log()}")
        assert mailbox.envelopes == [["ops@example.com"]] * 2
