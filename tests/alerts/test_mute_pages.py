"""Silences, windows, escalation and reminders in the console: who may, what is checked."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from alerts import bodies, lifecycle
from alerts.models import (
    Alert,
    Channel,
    Delivery,
    EscalationStep,
    MaintenanceWindow,
    Reminder,
    Silence,
)
from tests.alerts.findings import finding
from tests.people import client_of, logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channel", "mail_settings")]
ADMIN = "/admin/alerts/"
SHAPE = "%Y-%m-%dT%H:%M"


def fresh(key: str = "CM-DMRU 1/0") -> Alert:
    """Return an alert that opened just now."""
    found = [finding(each) for each in {key, *Alert.objects.values_list("key", flat=True)}]
    lifecycle.reconcile("FAILED", found, at=timezone.now(), actor="system:test")
    return Alert.objects.get(key=key)


def page_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def form(**given: str) -> dict[str, str]:
    now = timezone.localtime()
    until = now + timedelta(hours=8)
    return {
        "from_at": now.strftime("%Y-%m-%dT%H:%M"),
        "until_at": until.strftime("%Y-%m-%dT%H:%M"),
        "reason": "new disks",
        **given,
    }


class TestSilences:
    def test_a_silence_is_kept_with_who_made_it_and_mutes_at_once(self) -> None:
        alert = fresh()
        client = client_of("Operator")

        client.post(f"{ADMIN}silence/add/", form(rule="FAILED", batch_code="CM-DMRU"))

        silence = Silence.objects.get()
        alert.refresh_from_db()
        assert silence.made_by.startswith("user:")
        assert alert.muted_until == silence.until_at
        history = page_of(client, f"{ADMIN}silence/{silence.pk}/history/")
        assert "Created" in history
        listed = page_of(client, f"{ADMIN}silence/")
        assert "In effect" in listed
        assert "FAILED, CM-DMRU" in listed

    def test_nobody_deletes_one(self) -> None:
        fresh()
        client_of("Operator").post(f"{ADMIN}silence/add/", form(rule="FAILED"))
        chief = logged_in(get_user_model().objects.create_superuser("chief"))

        answer = chief.post(f"{ADMIN}silence/{Silence.objects.get().pk}/delete/", {"post": "yes"})

        assert answer.status_code == 403
        assert Silence.objects.exists()

    def test_it_is_ended_from_the_list(self) -> None:
        client = client_of("Operator")
        client.post(f"{ADMIN}silence/add/", form())
        alert = fresh()
        chosen = {"action": "end_selected", "_selected_action": Silence.objects.get().pk}

        client.post(f"{ADMIN}silence/", chosen)

        alert.refresh_from_db()
        assert alert.muted_until is None
        assert Delivery.objects.get().kind == "opened"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (
                {"until_at": "2020-01-01T08:00"},
                "Must be later than its beginning, and in the future.",
            ),
            ({"until_at": "2090-01-01T08:00"}, "At most 365 days"),
            ({"reason": ""}, "This field is required."),
            ({"rule": "NONE"}, "is not one of the available choices"),
        ],
        ids=str,
    )
    def test_bad_input_is_refused_with_a_remedy(self, given: dict[str, str], said: str) -> None:
        answer = client_of("Operator").post(f"{ADMIN}silence/add/", form(**given))

        assert said in answer.content.decode()
        assert not Silence.objects.exists()

    def test_a_code_that_no_alert_bore_is_kept_and_questioned(self) -> None:
        client = client_of("Operator")

        answer = client.post(f"{ADMIN}silence/add/", form(batch_code="CM-DMRV"), follow=True)

        assert "no alert was ever about &#x27;CM-DMRV&#x27;" in answer.content.decode()


class TestAlertPage:
    def test_one_alert_is_silenced_for_the_night_and_everything_says_so(self) -> None:
        alert, other = fresh(), fresh("CM-DMRU 2/0")
        client = client_of("Operator")
        path = f"{ADMIN}alert/{alert.pk}/change/"
        page = page_of(client, path)
        assert "Silence for the night" in page
        assert page.count("the site&#x27;s clock") == 2  # there, and where it is acknowledged
        assert page_of(client, f"{ADMIN}silence/add/").count("On the site's clock") == 2
        until = (timezone.localtime() + timedelta(hours=9)).strftime(SHAPE)

        said = client.post(
            f"/admin/alerts/{alert.pk}/silence/",
            {"until": until, "reason": "vendor is at it"},
            follow=True,
        ).content.decode()

        assert f"Nobody is told of alert {alert.pk} until" in said
        page = page_of(client, path)
        assert "vendor is at it" in page
        assert "Silenced until" in page
        assert "data-muted" in page
        assert "1 silenced" in page
        assert (
            page_of(client, f"{ADMIN}alert/?muted_until__isnull=False").count("silenced until") == 1
        )
        body = client.get(f"/api/alerts/{alert.pk}/").json()["data"]
        assert body["muted_until"]
        frame = bodies.active_alerts_frame()
        assert (frame["total"], frame["muted"]) == (2, 1)
        assert [each["id"] for each in frame["alerts"]] == [other.pk]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"until": "2020-01-01T10:00", "reason": "x"}, "in the future"),
            ({"until": "soon", "reason": "x"}, "Enter a valid date/time."),
            ({"until": "2020-01-01T10:00"}, "Reason: This field is required."),
        ],
        ids=str,
    )
    def test_bad_input_is_refused(self, given: dict[str, str], said: str) -> None:
        answer = client_of("Operator").post(f"/admin/alerts/{fresh().pk}/silence/", given)

        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert not Silence.objects.exists()

    def test_one_that_is_over_keeps_the_next_of_its_kind_heard(self) -> None:
        alert = fresh()
        lifecycle.reconcile("FAILED", [], at=timezone.now(), actor="system:test")
        until = (timezone.localtime() + timedelta(hours=9)).strftime(SHAPE)

        given = {"until": until, "reason": "x"}
        answer = client_of("Operator").post(f"/admin/alerts/{alert.pk}/silence/", given)

        assert answer.status_code == 409
        assert "resolved meanwhile" in answer.content.decode()
        assert not Silence.objects.exists()

    def test_every_type_on_the_same_subject_may_rest_with_it(self) -> None:
        alert = fresh()
        until = (timezone.localtime() + timedelta(hours=9)).strftime(SHAPE)

        given = {"until": until, "reason": "x", "every_type": "on"}
        client_of("Operator").post(f"/admin/alerts/{alert.pk}/silence/", given)

        assert Silence.objects.get().scope == {"key": alert.key}


class TestWindows:
    GOOD = {"name": "Sunday", "cron": "0 22 * * SUN", "zone": "Asia/Dhaka", "minutes": "480"}

    def test_one_is_kept_and_says_when_it_comes_next(self) -> None:
        client = client_of("Supervisor")

        client.post(f"{ADMIN}maintenancewindow/add/", {**self.GOOD, "enabled": "on"})

        page = page_of(client, f"{ADMIN}maintenancewindow/")
        assert "At 22:00 on Sunday, Asia/Dhaka" in page
        assert "Created" in page_of(
            client, f"{ADMIN}maintenancewindow/{MaintenanceWindow.objects.get().pk}/history/"
        )

    def test_switched_off_it_lets_go_of_what_it_muted(self) -> None:
        client = client_of("Supervisor")
        window = MaintenanceWindow.objects.create(
            name="always", cron="0 0 * * *", zone="UTC", minutes=24 * 60 * 2
        )
        alert = fresh()
        assert alert.muted_until

        client.post(f"{ADMIN}maintenancewindow/{window.pk}/change/", {**self.GOOD, "name": "off"})

        alert.refresh_from_db()
        assert alert.muted_until is None

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"cron": "0 25 * * *"}, "The hour must be 0 to 23"),
            ({"cron": "nightly"}, "This is no cron text."),
            ({"zone": "Dhaka"}, "is no time zone. Write it as Asia/Dhaka or UTC."),
            ({"minutes": "0"}, "greater than or equal to 1"),
            ({"cron": "0 22 1 1 *", "minutes": "20000"}, "less than or equal to 10080"),
            ({"cron": "0 * * * *", "minutes": "60"}, "It begins again after 60 min"),
        ],
        ids=str,
    )
    def test_bad_input_is_refused_with_a_remedy(self, given: dict[str, str], said: str) -> None:
        answer = client_of("Supervisor").post(
            f"{ADMIN}maintenancewindow/add/", {**self.GOOD, **given}
        )

        assert said in answer.content.decode()
        assert not MaintenanceWindow.objects.exists()


class TestPolicy:
    def test_an_administrator_says_who_is_next_and_it_is_kept_who_did(self, channel: Any) -> None:
        client = client_of("Administrator")
        given = {"severity": "CRITICAL", "after_minutes": "15", "channel": str(channel.pk)}

        client.post(f"{ADMIN}escalationstep/add/", {**given, "enabled": "on"})
        again = client.post(f"{ADMIN}escalationstep/add/", given).content.decode()
        late = client.post(
            f"{ADMIN}escalationstep/add/", {**given, "after_minutes": "99999"}
        ).content.decode()

        step = EscalationStep.objects.get()
        assert "already exists" in again
        assert "less than or equal to 10080" in late
        assert "Created" in page_of(client, f"{ADMIN}escalationstep/{step.pk}/history/")

    def test_reminders_are_set_by_severity(self) -> None:
        reminder = Reminder.objects.get()
        client = client_of("Administrator")

        client.post(
            f"{ADMIN}reminder/{reminder.pk}/change/",
            {"severity": "CRITICAL", "every_minutes": "30", "enabled": "on"},
        )

        assert Reminder.objects.get().every_minutes == 30
        assert "60" in page_of(client, f"{ADMIN}reminder/{reminder.pk}/history/")
        assert client_of("Supervisor").get(f"{ADMIN}reminder/").status_code == 200
        assert Channel.objects.count() == 1
