"""The resource of all alerts, for programs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts import lifecycle
from alerts.models import Alert, AlertEvent
from alerts.states import Severity
from tests.alerts.findings import AT, finding, opened
from tests.people import client_of

pytestmark = pytest.mark.django_db
ALERTS = "/api/alerts"


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{ALERTS}/?{query}")
    assert answer.status_code == 200, answer.json()
    return [alert["key"] for alert in answer.json()["data"]["alerts"]]


def move(client: Client, alert: Alert, verb: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{ALERTS}/{alert.pk}/{verb}", body or {}, content_type="application/json")


class TestList:
    @pytest.fixture
    def client(self) -> Client:
        lifecycle.reconcile(
            "FAILED",
            [finding("one", message="ORA-12545 connection timeout", batch_code="CM-DMRU")],
            at=AT,
            actor="system:test",
        )
        two = finding("two", severity=Severity.WARNING, message="slow", batch_code="D1-IMD")
        lifecycle.reconcile("STUCK", [two], at=AT + timedelta(days=1), actor="system:test")
        lifecycle.acknowledge(Alert.objects.get(key="two").pk, at=AT, actor="user:a", note="disk")
        three = finding("three", severity=Severity.INFO, message="quick", batch_code="D1-IMD")
        lifecycle.reconcile("TOO_FAST", [three], at=AT + timedelta(days=2), actor="system:test")
        lifecycle.resolve(Alert.objects.get(key="three").pk, at=AT + timedelta(days=3), actor="u:a")
        return client_of("Viewer")

    @pytest.mark.parametrize(
        ("query", "keys"),
        [
            ("", ["three", "two", "one"]),
            ("severity=CRITICAL", ["one"]),
            ("state=active", ["two", "one"]),
            ("state=resolved", ["three"]),
            ("type=STUCK", ["two"]),
            ("batchCode=D1-IMD", ["three", "two"]),
            ("from=2026-03-12&to=2026-03-12", ["two"]),
            ("search=12545", ["one"]),
            ("search=Connection+time", ["one"]),
            ("search=dmru", ["one"]),
            ("search=disk", ["two"]),
            ("search=zebra", []),
            ("search=%25%27%3A%26%7C%21%28", []),
            ("state=active&batchCode=D1-IMD", ["two"]),
        ],
    )
    def test_it_is_narrowed_down(self, client: Client, query: str, keys: list[str]) -> None:
        assert listed(client, query) == keys

    def test_pages_join_without_gap_or_double(self, client: Client) -> None:
        first = client.get(f"{ALERTS}?limit=2").json()["data"]
        second = client.get(f"{ALERTS}?limit=2&cursor={first['nextCursor']}").json()["data"]

        keys = [alert["key"] for alert in first["alerts"] + second["alerts"]]
        assert keys == ["three", "two", "one"]
        assert second["nextCursor"] is None

    def test_a_number_finds_the_alert_that_bears_it(self, client: Client) -> None:
        alert = Alert.objects.get(key="two")

        assert "two" in listed(client, f"search={alert.pk}")

    def test_what_many_hold_is_found_too(self) -> None:
        found = [finding(f"k{n}", message="disk full") for n in range(1_050)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")

        answer = client_of("Viewer").get(f"{ALERTS}?search=disk&limit=500").json()["data"]

        assert len(answer["alerts"]) == 500
        assert answer["nextCursor"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("severity=BAD", "severity"),
            ("state=closed", "state"),
            ("type=x", "type"),
            ("limit=501", "limit"),
            ("cursor=x", "cursor"),
            ("from=2026-13-01", "from"),
            ("from=9999-12-31", "from"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("search=" + "x" * 201, "search"),
            ("serverity=INFO", "serverity"),
        ],
    )
    def test_bad_input_names_the_field(self, query: str, field: str) -> None:
        answer = client_of("Viewer").get(f"{ALERTS}?{query}")

        assert answer.status_code == 400
        assert field in answer.json()["errors"]


class TestOne:
    def test_it_holds_evidence_in_words_events_and_what_came_after(self) -> None:
        alert = opened(evidence={"seen": {"elapsed_s": 3900}})
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test", reasons={alert.key: "done"})
        after = opened()

        data = client_of("Operator").get(f"{ALERTS}/{alert.pk}").json()["data"]

        assert data["evidence_in_words"] == [
            {"heading": "Seen", "facts": [{"name": "Elapsed", "words": "1h 5m"}]}
        ]
        assert [(e["verb"], e["note"]) for e in data["events"]] == [
            ("resolved", "done"),
            ("opened", ""),
        ]
        assert data["next_id"] == after.pk
        assert data["deliveries"] == []

    def test_what_is_not_known_has_a_dash_not_nothing(self) -> None:
        alert = opened(evidence={"seen": {"ended_at": None, "last_error": ""}})

        data = client_of("Viewer").get(f"{ALERTS}/{alert.pk}").json()["data"]

        (part,) = data["evidence_in_words"]
        assert part["facts"] == [
            {"name": "Ended", "words": "-"},
            {"name": "Last error", "words": "-"},
        ]

    def test_mails_are_for_those_who_may_see_them(self) -> None:
        data = client_of("Viewer").get(f"{ALERTS}/{opened().pk}").json()["data"]

        assert data["deliveries"] is None

    def test_an_unknown_one_is_not_found(self) -> None:
        assert client_of("Viewer").get(f"{ALERTS}/{10**17}").status_code == 404


class TestMoves:
    def test_each_answers_with_the_alert_as_it_is_now(self) -> None:
        alert, client = opened("LOW_RECORDS"), client_of("Supervisor")

        answers = [
            move(client, alert, "acknowledge", {"note": "mine"}),
            move(client, alert, "comment", {"note": "a holiday"}),
            move(client, alert, "resolve", {"note": "nothing was due"}),
        ]

        assert [a.json()["data"]["state"] for a in answers] == [
            "acknowledged",
            "acknowledged",
            "resolved",
        ]
        verbs = AlertEvent.objects.order_by("id").values_list("verb", flat=True)
        assert list(verbs) == ["opened", "acknowledged", "commented", "resolved"]

    def test_what_cannot_be_is_refused_with_a_word(self) -> None:
        alert, client = opened("FAILED"), client_of("Supervisor")

        early = move(client, alert, "resolve", {"note": "x"})
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        late = move(client, alert, "acknowledge")

        assert (early.status_code, early.json()["error"]) == (409, "not_by_hand")
        assert (late.status_code, late.json()["error"]) == (409, "alert_resolved")

    @pytest.mark.parametrize("verb", ["comment", "resolve"])
    def test_they_ask_for_a_note(self, verb: str) -> None:
        answer = move(client_of("Supervisor"), opened("LOW_RECORDS"), verb)

        assert answer.status_code == 400
        assert "note" in answer.json()["errors"]

    @pytest.mark.parametrize(
        ("role", "verb"),
        [("Viewer", "comment"), ("Viewer", "acknowledge"), ("Operator", "resolve")],
    )
    def test_who_may_not_is_refused(self, role: str, verb: str) -> None:
        alert = opened("LOW_RECORDS")

        answer = move(client_of(role), alert, verb, {"note": "x"})

        assert answer.status_code == 403
        assert alert.events.count() == 1
