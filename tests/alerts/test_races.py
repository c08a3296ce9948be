"""Moves on one alert from two processes at once, round after round."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction

from alerts import lifecycle
from alerts.lifecycle import Report
from alerts.models import Alert, AlertEvent, Channel, Delivery, EscalationStep, Silence
from alerts.states import AttemptOutcome
from batchops.db import database_now
from batchops.errors import BatchOpsError
from tests.alerts.findings import AT, finding
from tests.waiting import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
ROUNDS = int(os.environ.get("BATCHOPS_ROUNDS", "20"))
KEYS = [f"key {n}" for n in range(ROUNDS)]
LATER = AT + timedelta(minutes=1)
Move = Callable[[int], object]


def race(first: Move, second: Move) -> None:
    """Make two processes move each of ROUNDS alerts at the same moment."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2, timeout=20)
    connections.close_all()
    both = [context.Process(target=play, args=(barrier, move)) for move in (first, second)]
    for process in both:
        process.start()
    for process in both:
        process.join(60 + ROUNDS)
    assert [process.exitcode for process in both] == [0, 0]


def play(barrier: Barrier, move: Move) -> None:
    connection.close()
    for number in range(ROUNDS):
        barrier.wait()
        with suppress(BatchOpsError):
            move(number)
    connection.close()


def open_all() -> list[int]:
    lifecycle.reconcile("LOW_RECORDS", map(finding, KEYS), at=AT, actor="system:test")
    return list(Alert.objects.order_by("id").values_list("id", flat=True))


def verbs(alert_id: int) -> list[str]:
    events = AlertEvent.objects.filter(alert=alert_id).order_by("id")
    return list(events.values_list("verb", flat=True))


class TestExpireBesideAPoll:
    def test_it_waits_for_no_alert_that_a_poll_holds(self) -> None:
        """A poll takes alerts rule by rule, so whoever waits for one may wait for ever."""
        first, second = open_all()[:2]
        for alert_id in (first, second):
            lifecycle.acknowledge(alert_id, at=AT, actor="user:a", until=LATER)
        with closing(connection.copy()) as polling:
            polling.set_autocommit(False)
            polling.cursor().execute(
                "SELECT FROM batch_monitoring_alerts WHERE id = %s FOR NO KEY UPDATE", [first]
            )
            meanwhile = lifecycle.expire_acknowledgements(at=LATER, actor="system:watch")
            polling.rollback()  # a line that is only closed keeps its locks for a moment

        afterwards = lifecycle.expire_acknowledgements(at=LATER, actor="system:watch")

        assert (meanwhile, afterwards) == (1, 1)
        assert [verbs(i)[-1] for i in (first, second)] == ["expired", "expired"]


class TestTwoTicks:
    @pytest.mark.usefixtures("channel", "mail_settings")
    def test_each_rest_ends_once_and_each_step_is_taken_once(self) -> None:
        channel = Channel.objects.get()
        EscalationStep.objects.create(severity="CRITICAL", after_minutes=1, channel=channel)
        for number, key in enumerate(KEYS):
            Silence.objects.create(
                key=key, from_at=AT, until_at=ends_at(number), reason="x", made_by="user:a"
            )
        alerts = open_all()

        race(tick, tick)
        tick(ROUNDS)

        each = ["opened", "muted", "unmuted", "escalated"]
        assert [verbs(alert_id) for alert_id in alerts] == [each] * ROUNDS
        kinds = Delivery.objects.values_list("kind", flat=True)
        assert sorted(kinds) == ["escalated"] * ROUNDS + ["opened"] * ROUNDS


def ends_at(number: int) -> datetime:
    return AT + (number + 1) * timedelta(hours=1)


def tick(number: int) -> None:
    lifecycle.settle_mutes(at=ends_at(number), actor="system:watch")
    lifecycle.escalate(at=ends_at(number), actor="system:watch")


class TestADigestBesideAPoll:
    def test_neither_waits_for_the_other_for_ever(self, settings: Any) -> None:
        """The poll takes the newer alert first; the digest is about both."""
        for rule in ("OUT_OF_ORDER", "NOT_STARTED"):
            lifecycle.reconcile(rule, [finding("k")], at=AT, actor="system:test")
        channel = Channel.objects.create(name="All", recipients="a@example.com")
        owed = [
            Delivery(alert=alert, channel=channel, kind="opened", next_try_at=AT,
                     give_up_at=AT, created_at=AT)
            for alert in Alert.objects.order_by("id")
        ]  # fmt: skip
        Delivery.objects.bulk_create(owed)
        settings.MAIL_LIMIT = 1
        claim = lifecycle.claim_mail(at=LATER)
        assert claim is not None and claim.is_digest
        has_newer, sent = threading.Event(), []
        report = Report(outcome=AttemptOutcome.SENT, sentence="", delivered_to=claim.recipients)

        def send() -> None:
            has_newer.wait(20)
            lifecycle.record_attempt(claim, report, at=LATER, took_s=0)
            sent.append(claim)
            connection.close()

        sender = threading.Thread(target=send)
        sender.start()
        with transaction.atomic():
            lifecycle.reconcile("NOT_STARTED", [finding("k")], at=LATER, actor="system:test")
            has_newer.set()
            wait_for(waits_for_a_lock, 20, "the sender to wait for the poll")
            lifecycle.reconcile("OUT_OF_ORDER", [finding("k")], at=LATER, actor="system:test")
        sender.join(20)

        assert sent == [claim]
        assert Alert.objects.filter(email_sent=True).count() == len(claim.deliveries)


class TestAClaimBesideTheEnd:
    def test_what_is_being_sent_stays_in_the_outbox_and_its_end_is_told(self, channel: Any) -> None:
        """Its hours begin while the alert ends: the one sees it held, the other due."""
        lifecycle.reconcile("FAILED", [finding("k")], at=AT, actor="system:test")
        begins_at = database_now() + timedelta(hours=1)
        held = Delivery.objects.create(
            alert=Alert.objects.get(), channel=channel, kind="opened", next_try_at=begins_at,
            give_up_at=begins_at + timedelta(days=1), created_at=AT,
        )  # fmt: skip

        def end() -> None:
            lifecycle.reconcile("FAILED", [], at=LATER, actor="system:test")
            connection.close()

        ending = threading.Thread(target=end)
        with transaction.atomic():
            claim = lifecycle.claim_mail(at=begins_at)
            ending.start()
            wait_for(waits_for_a_lock, 20, "the end to wait for the claim")
        ending.join(20)

        assert claim is not None and claim.deliveries == (held,)
        kinds = Delivery.objects.order_by("id").values_list("kind", "state")
        assert list(kinds) == [("opened", "sending"), ("resolved", "pending")]


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


class TestTwoProcesses:
    def test_acknowledge_and_acknowledge_end_with_one_after_the_other(self) -> None:
        ids = open_all()

        race(
            lambda n: lifecycle.acknowledge(ids[n], at=LATER, actor="user:a"),
            lambda n: lifecycle.acknowledge(ids[n], at=LATER, actor="user:b"),
        )

        for alert_id in ids:
            assert verbs(alert_id) == ["opened", "acknowledged", "taken over"]

    def test_the_same_person_twice_leaves_one_event(self) -> None:
        ids = open_all()

        race(
            *[lambda n: lifecycle.acknowledge(ids[n], at=LATER, actor="user:a") for _ in "ab"],
        )

        for alert_id in ids:
            assert verbs(alert_id) == ["opened", "acknowledged"]

    def test_acknowledge_and_resolve_never_reopen(self) -> None:
        ids = open_all()

        race(
            lambda n: lifecycle.acknowledge(ids[n], at=LATER, actor="user:a"),
            lambda n: lifecycle.resolve(ids[n], at=LATER, actor="user:b"),
        )

        assert Alert.objects.filter(state="resolved").count() == ROUNDS
        for alert_id in ids:
            assert verbs(alert_id) in (
                ["opened", "resolved"],
                ["opened", "acknowledged", "resolved"],
            )

    def test_acknowledge_and_reconcile_never_reopen(self) -> None:
        ids = open_all()

        race(
            lambda n: lifecycle.acknowledge(ids[n], at=LATER, actor="user:a"),
            lambda n: lifecycle.reconcile(
                "LOW_RECORDS", map(finding, KEYS[n + 1 :]), at=LATER, actor="system:test"
            ),
        )

        assert Alert.objects.filter(state="resolved").count() == ROUNDS
        assert all(verbs(alert_id)[-1] == "resolved" for alert_id in ids)

    def test_reconcile_and_reconcile_open_each_once(self) -> None:
        def find_more(n: int) -> object:
            found = [finding(key) for key in KEYS[: n + 1]]
            return lifecycle.reconcile("FAILED", found, at=LATER, actor="system:test")

        race(find_more, find_more)

        assert Alert.objects.filter(state="open").count() == ROUNDS
        assert Alert.objects.count() == AlertEvent.objects.count() == ROUNDS
