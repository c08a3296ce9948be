"""Silences and maintenance windows: they mute delivery, never the record, and end once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts import lifecycle
from alerts.models import Alert, Delivery, MaintenanceWindow, Silence
from alerts.mutes import Mutes
from alerts.states import Severity
from tests.alerts.findings import AT, finding, opened

WHO = "user:rahim"
HOUR = timedelta(hours=1)
with_channel = [pytest.mark.django_db, pytest.mark.usefixtures("channel", "mail_settings")]


def silenced(*, begins: datetime = AT, **scope: Any) -> Silence:
    kept = Silence(from_at=begins, until_at=begins + HOUR, reason="new disks", **scope)
    lifecycle.keep_silence(kept, at=begins, actor=WHO)
    return kept


def settle(at: datetime) -> int:
    return lifecycle.settle_mutes(at=at, actor="system:test")


def told(kind: str = "") -> list[str]:
    kinds = Delivery.objects.order_by("id").values_list("kind", flat=True)
    return [each for each in kinds if kind in ("", each)]


def verbs(alert: Alert) -> list[str]:
    return [event.verb for event in alert.events.order_by("id")]


def resolve_all(at: datetime) -> None:
    lifecycle.reconcile("FAILED", [], at=at, actor="system:test")


class TestScope:
    pytestmark = with_channel

    @pytest.mark.parametrize(
        ("scope", "muted"),
        [
            ({}, True),
            ({"rule": "FAILED", "batch_code": "CM-DMRU", "severity": "CRITICAL"}, True),
            ({"rule": "STUCK"}, False),
            ({"batch_code": "D1-IMD"}, False),
            ({"severity": "WARNING"}, False),
            ({"key": "CM-DMRU 1/0"}, True),
            ({"key": "CM-DMRU 2/0"}, False),
        ],
        ids=str,
    )
    def test_all_that_is_said_must_fit(self, scope: dict[str, Any], muted: bool) -> None:
        silenced(**scope)

        alert = opened()

        assert bool(alert.muted_until) is muted
        assert bool(told()) is not muted


class TestSilence:
    pytestmark = with_channel

    def test_what_opens_inside_and_is_open_at_its_end_is_told_then_once(self) -> None:
        silence = silenced()
        alert = opened()
        assert (alert.state, alert.muted_until, told()) == ("open", silence.until_at, [])

        for at in (AT, AT + 0.99 * HOUR, AT + HOUR, AT + 2 * HOUR):
            settle(at)

        assert told() == ["opened"]
        assert verbs(alert) == ["opened", "muted", "unmuted"]
        assert "silence of rahim: new disks" in alert.events.get(verb="muted").note

    def test_what_is_over_before_its_end_is_told_to_nobody(self) -> None:
        silenced()
        alert = opened()

        resolve_all(AT + HOUR / 2)
        settle(AT + HOUR)

        assert told() == []
        assert verbs(alert) == ["opened", "muted", "resolved"]

    def test_that_something_told_is_over_is_told_at_its_end(self) -> None:
        opened()
        silenced()

        resolve_all(AT + HOUR / 2)
        assert told() == ["opened"]
        settle(AT + HOUR)

        assert told() == ["opened", "resolved"]

    def test_what_got_worse_inside_is_told_at_its_end(self, channel: Any) -> None:
        channel.minimum_severity = Severity.WARNING
        channel.save()
        opened("DEADLINE_AT_RISK", severity=Severity.WARNING)
        silenced()

        worse = finding(severity=Severity.CRITICAL)
        lifecycle.reconcile("DEADLINE_AT_RISK", [worse], at=AT + HOUR / 2, actor="system:test")
        assert told() == ["opened"]
        settle(AT + HOUR)

        assert told() == ["opened", "raised"]

    def test_what_opens_and_gets_worse_inside_is_owed_as_an_opening(self) -> None:
        silenced()
        opened("DEADLINE_AT_RISK", severity=Severity.WARNING)

        lifecycle.reconcile("DEADLINE_AT_RISK", [finding()], at=AT + HOUR / 2, actor="system:test")
        assert Alert.objects.get().withheld == "opened"
        settle(AT + HOUR)

        assert told() == ["opened"]

    def test_one_severity_mutes_no_worse_one(self) -> None:
        silenced(severity="WARNING")
        opened("DEADLINE_AT_RISK", severity=Severity.WARNING)

        lifecycle.reconcile("DEADLINE_AT_RISK", [finding()], at=AT + HOUR / 2, actor="system:test")
        settle(AT + HOUR / 2)

        assert told() == ["opened"]

    def test_ended_early_it_tells_at_once(self) -> None:
        silence = silenced()
        opened()

        lifecycle.end_silence(silence.pk, at=AT + HOUR / 4, actor=WHO)

        assert told() == ["opened"]

    def test_those_that_meet_are_one_rest(self) -> None:
        first = silenced()
        second = silenced(begins=first.until_at)

        alert = opened()
        settle(first.until_at)

        assert (alert.muted_until, told()) == (second.until_at, [])

    def test_an_end_that_nobody_saw_is_made_up_for_though_another_has_begun(self) -> None:
        silenced()
        alert = opened()
        silenced(begins=AT + 5 * HOUR)
        Alert.objects.filter(pk=alert.pk).update(muted_until=AT + HOUR)  # nothing ran since then

        settle(AT + 5.5 * HOUR)

        assert told() == ["opened"]
        alert.refresh_from_db()
        assert alert.muted_until == AT + 6 * HOUR

    def test_one_that_was_prolonged_while_nothing_ran_is_over_all_the_same(self) -> None:
        first = silenced()
        opened()
        Silence.objects.create(
            from_at=first.until_at, until_at=AT + 2 * HOUR, reason="longer", made_by=WHO
        )

        settle(AT + 3 * HOUR)

        assert told() == ["opened"]

    def test_what_somebody_took_is_told_when_that_runs_out(self) -> None:
        silenced()
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor=WHO, until=AT + 3 * HOUR)

        settle(AT + HOUR)
        assert told() == []
        lifecycle.expire_acknowledgements(at=AT + 3 * HOUR, actor="system:test")

        assert told() == ["opened"]

    def test_a_snooze_of_one_alert_returns_it_as_a_reminder(self) -> None:
        alert = opened()
        silenced(rule="FAILED", key=alert.key)

        settle(AT + HOUR)
        assert told() == ["opened", "reminder"]
        Delivery.objects.update(state="sent", sent_at=AT)
        lifecycle.acknowledge(alert.pk, at=AT + HOUR, actor=WHO, until=AT + 2 * HOUR)
        lifecycle.expire_acknowledgements(at=AT + 2 * HOUR, actor="system:test")

        assert told() == ["opened", "reminder"]  # it is owed no more

    def test_hundreds_are_muted_and_told_in_few_statements(
        self, django_assert_max_num_queries: Any
    ) -> None:
        silenced()
        found = [finding(f"k{n}") for n in range(300)]

        with django_assert_max_num_queries(30):
            lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")
        with django_assert_max_num_queries(30):
            settle(AT + HOUR)

        assert Delivery.objects.filter(kind="opened").count() == 300


NEW_YORK, DHAKA = "America/New_York", "Asia/Dhaka"


def window(cron: str, minutes: int, zone: str = NEW_YORK) -> MaintenanceWindow:
    return MaintenanceWindow(name="night", cron=cron, minutes=minutes, zone=zone)


def local(day: int, hour: int, minute: int = 0, *, month: int) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(NEW_YORK))


class TestWindows:
    def test_each_holds_from_its_beginning_until_just_before_its_end(self) -> None:
        night = window("0 22 * * SAT", 480, DHAKA)
        begins = datetime(2026, 3, 14, 16, tzinfo=UTC)  # Saturday 22:00 in Dhaka
        ends = begins + timedelta(hours=8)

        moments = [begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends]

        assert [night.until(moment) for moment in moments] == [None, ends, ends, None]

    def test_it_lasts_as_long_in_the_night_that_clocks_go_forward(self) -> None:
        night = window("0 22 * * *", 480)

        ends = night.until(local(8, 1, month=3))

        assert ends == local(7, 22, month=3).astimezone(UTC) + timedelta(hours=8)
        assert ends == local(8, 7, month=3)  # not at six: that night has no hour after two

    def test_one_that_begins_in_the_hour_left_out_begins_after_it(self) -> None:
        night = window("30 2 * * *", 60)

        assert night.until(local(8, 1, 59, month=3)) is None
        assert night.until(local(8, 3, month=3)) == local(8, 4, month=3)

    def test_one_in_the_hour_that_comes_twice_comes_once(self) -> None:
        night = window("30 1 * * *", 45)
        first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 in summer time

        moments = [first + timedelta(minutes=n) for n in (-1, 0, 44, 45, 60, 104)]

        ends = first + timedelta(minutes=45)
        assert [night.until(moment) for moment in moments] == [None, ends, ends, None, None, None]

    @pytest.mark.django_db
    @pytest.mark.usefixtures("channel", "mail_settings")
    @pytest.mark.parametrize(
        ("evening", "hours"), [(local(7, 22, month=3), 8), (local(31, 22, month=10), 8)], ids=str
    )
    def test_nights_of_a_clock_change_tell_once_at_the_end(
        self, evening: datetime, hours: int
    ) -> None:
        window("0 22 * * *", 60 * hours).save()

        lifecycle.reconcile("FAILED", [finding()], at=evening + HOUR / 60, actor="system:test")
        alert = Alert.objects.get()
        ends = evening.astimezone(UTC) + timedelta(hours=hours)
        for minutes in range(0, 12 * 60, 20):
            at = evening.astimezone(UTC) + timedelta(minutes=minutes + 1)
            settle(at)
            assert told() == ([] if at < ends else ["opened"])
        assert verbs(alert) == ["opened", "muted", "unmuted"]

    def test_one_that_flaps_rests_by_itself(self) -> None:
        alert = Alert(rule="FAILED", damped_until=AT + HOUR)

        assert Mutes([]).until(alert, AT) == AT + HOUR
        assert Mutes([]).until(alert, AT + HOUR) is None
