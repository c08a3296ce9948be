"""Alerts of a rule on trial: kept and shown, and nobody is told until the trial is over."""

import pytest

from alerts import bodies, lifecycle
from alerts.models import Alert, Delivery
from tests.alerts.findings import AT, finding, opened
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channel", "mail_settings")]


class TestRecordOnly:
    def test_it_is_shown_and_mailed_to_nobody(self) -> None:
        alert = opened(record_only=True)

        viewer = client_of("Viewer")
        page = viewer.get(f"/admin/alerts/alert/{alert.pk}/change/").content.decode()
        listed = viewer.get("/admin/alerts/alert/").content.decode()
        body = viewer.get(f"/api/alerts/{alert.pk}/").json()["data"]

        assert "Recorded only: its rule is on trial" in page
        assert "recorded only" in listed
        assert body["record_only"] is True
        assert not Delivery.objects.exists()

    def test_screens_count_it_and_say_nothing_of_it(self) -> None:
        opened(record_only=True)

        frame = bodies.active_alerts_frame()

        assert (frame["total"], frame["alerts"]) == (1, [])

    def test_its_end_is_mailed_to_nobody_either(self) -> None:
        opened(record_only=True)

        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        assert Alert.objects.get().state == "resolved"
        assert not Delivery.objects.exists()

    def test_it_is_told_once_when_the_trial_is_over_and_it_stands(self) -> None:
        opened(record_only=True)

        for _ in "ab":
            lifecycle.reconcile("FAILED", [finding()], at=AT, actor="system:test")

        alert = Alert.objects.get()
        assert (alert.state, alert.record_only) == ("open", False)
        assert [event.verb for event in alert.events.order_by("id")] == ["opened", "told"]
        assert Delivery.objects.get().kind == "opened"

    def test_a_trial_that_begins_takes_nothing_back(self) -> None:
        opened()

        lifecycle.reconcile("FAILED", [finding(record_only=True)], at=AT, actor="system:test")

        assert Alert.objects.get().record_only is False
        assert Delivery.objects.get().kind == "opened"
