"""The two routes of alerts, as old clients call them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from alerts import lifecycle, queries
from alerts.models import Alert
from alerts.queries import OpenCounts, count_open
from alerts.states import RULES, Severity
from tests.alerts.findings import AT, finding, opened
from tests.people import client_of

pytestmark = pytest.mark.django_db
ACTIVE = "/api/ami-operational/active-alerts"


def acknowledge(client: Client, alert_id: int, body: object = None, slash: str = "") -> Any:
    return client.post(
        f"/api/ami-operational/acknowledge-alert/{alert_id}{slash}",
        body or {},
        content_type="application/json",
    )


class TestActiveAlerts:
    @pytest.mark.django_db(transaction=True)
    def test_list_and_counts_are_of_one_moment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def counted_then_one_more() -> OpenCounts:
            counts = count_open()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(elsewhere).result()
            return counts

        def elsewhere() -> None:
            opened("FAILED", key="later")
            connections.close_all()

        monkeypatch.setattr(queries, "count_open", counted_then_one_more)
        client = client_of("Viewer")

        first, second = (client.get(ACTIVE).json()["data"] for _ in "ab")

        assert (first["total"], first["alerts"]) == (0, [])
        assert (second["total"], len(second["alerts"])) == (1, 1)

    @pytest.mark.parametrize("slash", ["", "/"])
    def test_they_come_worst_first_then_newest_with_counts(self, slash: str) -> None:
        opened("LONG_RUNNING", key="w", severity=Severity.WARNING)
        opened("FAILED", key="c")
        taken = opened("STUCK", key="s")
        lifecycle.acknowledge(taken.pk, at=AT, actor="user:a")

        answer = client_of("Viewer").get(ACTIVE + slash)

        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert body["success"] is True
        data = body["data"]
        assert [a["alert_type"] for a in data["alerts"]] == ["FAILED", "LONG_RUNNING"]
        assert data["total"] == 2
        assert data["counts"] == {"CRITICAL": 1, "WARNING": 1, "INFO": 0}
        assert data["countsByType"] == {**dict.fromkeys(RULES, 0), "FAILED": 1, "LONG_RUNNING": 1}
        assert set(data["alerts"][0]) == {
            "id",
            "batch_code",
            "alert_type",
            "alert_severity",
            "alert_message",
            "business_date",
            "created_at",
            "email_sent",
        }
        assert data["alerts"][0]["email_sent"] is False

    def test_counts_are_of_all_even_when_the_list_is_cut(self) -> None:
        found = [finding(f"k{n}") for n in range(501)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")

        data = client_of("Viewer").get(ACTIVE).json()["data"]

        assert (len(data["alerts"]), data["total"]) == (500, 501)

    def test_a_stranger_is_told_to_log_in(self) -> None:
        answer = Client().get(ACTIVE)

        assert answer.status_code == 401
        assert answer.json()["success"] is False


class TestAcknowledgeAlert:
    @pytest.mark.parametrize("slash", ["", "/"])
    def test_it_answers_and_the_alert_is_no_longer_active(self, slash: str) -> None:
        alert, client = opened(), client_of("Operator")

        answer = acknowledge(client, alert.pk, {"note": "mine"}, slash)

        assert answer.status_code == 200
        assert set(answer.json()) == {"success", "message"}
        assert client.get(ACTIVE).json()["data"]["total"] == 0
        assert Alert.objects.get().acknowledged_by == "user:operator"

    def test_twice_is_fine_and_changes_nothing(self) -> None:
        alert, client = opened(), client_of("Operator")
        acknowledge(client, alert.pk)

        answer = acknowledge(client, alert.pk)

        assert answer.status_code == 200
        assert alert.events.count() == 2

    def test_a_body_without_until_keeps_it_and_null_takes_it_away(self) -> None:
        alert, client = opened(), client_of("Operator")
        until = timezone.now() + timedelta(hours=2)
        acknowledge(client, alert.pk, {"until": until.isoformat()})

        acknowledge(client, alert.pk)
        assert Alert.objects.get().acknowledged_until == until
        acknowledge(client, alert.pk, {"until": None})

        assert Alert.objects.get().acknowledged_until is None

    def test_a_resolved_one_is_a_conflict(self) -> None:
        alert = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")

        answer = acknowledge(client_of("Operator"), alert.pk)

        assert (answer.status_code, answer.json()["error"]) == (409, "alert_resolved")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"until": "soon"}, "until"),
            ({"unntil": "2026-01-01T00:00:00Z"}, "unntil"),
            ({"until": "2020-01-01T00:00:00Z"}, "until"),
            ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
            ({"until": "9999-12-31T23:59:59Z"}, "until"),
            ({"note": "x" * 2001}, "note"),
            ({"note": "\x00"}, "note"),
        ],
    )
    def test_bad_input_names_the_field(self, body: dict[str, str], field: str) -> None:
        answer = acknowledge(client_of("Operator"), opened().pk, body)

        assert answer.status_code == 400
        assert field in answer.json()["errors"]

    def test_an_unknown_one_is_not_found(self) -> None:
        assert acknowledge(client_of("Operator"), 10**17).status_code == 404

    def test_a_viewer_may_not(self) -> None:
        alert = opened()

        assert acknowledge(client_of("Viewer"), alert.pk).status_code == 403
        assert Alert.objects.get().state == "open"

    def test_until_is_kept(self) -> None:
        until = timezone.now() + timedelta(hours=2)

        acknowledge(client_of("Operator"), opened().pk, {"until": until.isoformat()})

        assert Alert.objects.get().acknowledged_until == until
