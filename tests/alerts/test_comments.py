"""Comments on alerts, from the console's list, the alert's page and the API."""

import pytest

from alerts import lifecycle
from alerts.errors import AlertNotFound
from alerts.models import Alert
from batchops.errors import InvalidInput
from tests.alerts.findings import AT, finding, opened
from tests.people import client_of

pytestmark = pytest.mark.django_db
ACTIVE = "/admin/alerts/active/fragment/"


def page_of(alert: Alert) -> str:
    return f"/admin/alerts/alert/{alert.pk}/change/"


def last_event(alert: Alert) -> tuple[str, str, str]:
    event = alert.events.latest("id")
    return event.verb, event.actor, event.note


class TestComment:
    def test_it_is_kept_and_changes_nothing_else(self) -> None:
        alert = opened()

        lifecycle.comment(alert.pk, at=AT, actor="user:a", note="disk was full")

        alert.refresh_from_db()
        assert last_event(alert) == ("commented", "user:a", "disk was full")
        assert (alert.state, alert.acknowledged_by) == ("open", "")

    def test_a_resolved_one_takes_it_and_stays_resolved(self) -> None:
        alert = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        lifecycle.comment(alert.pk, at=AT, actor="user:a", note="the cause was the index")

        alert.refresh_from_db()
        assert alert.state == "resolved"
        assert last_event(alert)[0] == "commented"

    @pytest.mark.parametrize("note", ["", "  \n ", "\x1b\x00"])
    def test_it_refuses_one_that_says_nothing(self, note: str) -> None:
        with pytest.raises(InvalidInput):
            lifecycle.comment(opened().pk, at=AT, actor="user:a", note=note)

    def test_it_refuses_what_does_not_exist(self) -> None:
        with pytest.raises(AlertNotFound):
            lifecycle.comment(999_999, at=AT, actor="user:a", note="x")


class TestPages:
    def test_the_list_of_active_alerts_takes_it_and_leads_back(self) -> None:
        alert, client = opened(), client_of("Operator")
        assert f"/admin/alerts/{alert.pk}/comment/" in client.get(ACTIVE).content.decode()

        answer = client.post(
            f"/admin/alerts/{alert.pk}/comment/", {"note": "seen", "next": "/admin/"}
        )

        assert answer["Location"] == "/admin/"
        assert last_event(alert) == ("commented", "user:operator", "seen")

    def test_the_page_of_a_resolved_one_offers_only_to_comment(self) -> None:
        alert, client = opened(), client_of("Supervisor")
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        page = client.get(page_of(alert)).content.decode()

        assert 'id="alert-comment"' in page
        assert 'id="alert-acknowledge"' not in page
        assert 'name="until"' not in page

    def test_a_viewer_may_not(self) -> None:
        alert, client = opened(), client_of("Viewer")

        answer = client.post(f"/admin/alerts/{alert.pk}/comment/", {"note": "x"})

        assert answer.status_code == 403
        assert alert.events.count() == 1
        assert 'name="note"' not in client.get(page_of(alert)).content.decode()

    def test_an_empty_one_names_the_field(self) -> None:
        alert = opened()

        answer = client_of("Operator").post(f"/admin/alerts/{alert.pk}/comment/", {"note": " "})

        assert answer.status_code == 400
        assert "Note" in answer.content.decode()


class TestHistory:
    def test_it_says_who_had_it_and_how_severity_rose(self) -> None:
        alert = opened("DEADLINE_AT_RISK", severity="WARNING")
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:karim")
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:rahim")
        worse = finding(severity="CRITICAL", message="85 %")
        lifecycle.reconcile("DEADLINE_AT_RISK", [worse], at=AT, actor="system:poll")

        page = client_of("Viewer").get(page_of(alert)).content.decode()

        assert "before, karim had it" in page
        assert "from Warning to Critical, so it is open again; before, rahim had it; 85 %" in page

    def test_it_leads_to_the_alert_after(self) -> None:
        first = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        second = opened()

        page = client_of("Viewer").get(page_of(first)).content.decode()

        assert page_of(second) in page
