"""The list of alerts in the admin: what it shows, how it follows, moves on many."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from alerts import lifecycle
from alerts.admin import alerts as admin_alerts
from alerts.admin.alerts import AlertAdmin, AlertPaginator
from alerts.models import Alert
from alerts.states import Severity
from tests.alerts.findings import AT, finding, opened
from tests.alerts.test_pages import LIST, text_of
from tests.people import client_of

pytestmark = pytest.mark.django_db


class TestLiveList:
    def test_the_fragment_is_the_list_as_it_is_asked_for(self) -> None:
        opened(key="a", message="disk full")
        opened("LOW_RECORDS", key="b", severity=Severity.WARNING, message="too few")
        client = client_of("Operator")
        page = text_of(client, f"{LIST}?severity__exact=WARNING")
        address = page.partition('data-live-fragment="/admin/alerts/alert/fragment/')[2]

        query = address.partition('"')[0]
        fragment = text_of(client, f"{LIST}fragment/{query}")

        assert "too few" in fragment
        assert "disk full" not in fragment
        assert fragment.startswith('<div id="alert-results" data-live-topic="alerts"')

    def test_each_row_is_known_by_its_alert(self) -> None:
        alert = opened()

        fragment = text_of(client_of("Operator"), f"{LIST}fragment/")

        assert f'<tr id="alert-{alert.pk}">' in fragment
        assert f'id="select-{alert.pk}"' in fragment

    def test_what_it_cannot_be_narrowed_by_is_refused(self) -> None:
        assert client_of("Viewer").get(f"{LIST}fragment/?nothing=1").status_code == 400


class TestPages:
    @pytest.fixture
    def client(self, monkeypatch: pytest.MonkeyPatch) -> Client:
        monkeypatch.setattr(AlertAdmin, "list_per_page", 1)
        for key in "abc":
            opened(key=key, message=f"message {key}")
        return client_of("Viewer")

    def test_one_that_is_no_more_shows_the_last(self, client: Client) -> None:
        address = f"{LIST}fragment/?p=3"
        assert "message a" in text_of(client, address)
        resolved = finding("b", message="message b"), finding("c", message="message c")
        lifecycle.reconcile("FAILED", resolved, at=AT, actor="system:test")

        page = text_of(client, f"{address}&state__exact=open")

        assert "message b" in page
        assert "2 alerts" in page

    def test_a_count_that_stopped_is_not_told_as_one(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AlertPaginator, "counted", 2)

        page = text_of(client, LIST)

        assert "more than 1 alerts" in page

    @pytest.mark.parametrize(
        ("narrowed", "offered"), [("", False), ("?q=message", True), ("?state__exact=open", True)]
    )
    def test_all_is_offered_where_the_list_was_narrowed(
        self, client: Client, narrowed: str, *, offered: bool
    ) -> None:
        assert ("Show all" in text_of(client, f"{LIST}{narrowed}")) is offered


class TestDrillDown:
    @pytest.fixture
    def client(self) -> Client:
        for at in (AT, AT + timedelta(days=1), AT + timedelta(days=40), AT + timedelta(days=400)):
            lifecycle.reconcile("FAILED", [finding(f"{at}")], at=at, actor="system:test")
        return client_of("Viewer")

    @pytest.mark.parametrize(
        ("asked", "offered"),
        [
            ("", ["2026", "2027"]),
            ("opened_at__year=2026", ["All dates", "Mar 2026", "Apr 2026"]),
            (
                "opened_at__year=2026&opened_at__month=3",
                ["2026", "11 Mar", "12 Mar"],
            ),
            ("opened_at__year=2026&opened_at__month=3&opened_at__day=12", ["Mar 2026"]),
            ("opened_at__year=1999", ["All dates"]),
        ],
    )
    def test_it_offers_what_has_alerts(
        self, client: Client, asked: str, offered: list[str]
    ) -> None:
        page = text_of(client, f"{LIST}?{asked}")

        links = page.partition('class="toplinks"')[2].partition("</nav>")[0]
        assert re.findall(r"<a [^>]*>(?:&lsaquo; )?([^<]*)</a>", links) == offered

    @pytest.mark.parametrize(
        "asked",
        ["opened_at__year=9999", "opened_at__year=2026&opened_at__day=31", "opened_at__month=0"],
    )
    def test_what_no_calendar_has_is_refused(self, client: Client, asked: str) -> None:
        assert client.get(f"{LIST}?{asked}").headers["Location"] == f"{LIST}?e=1"
        assert client.get(f"{LIST}fragment/?{asked}").status_code == 400

    def test_a_day_shows_its_alerts_alone(self, client: Client) -> None:
        asked = "opened_at__year=2026&opened_at__month=3&opened_at__day=12"

        assert "1 alert" in text_of(client, f"{LIST}?{asked}")


class TestFilters:
    def test_they_tell_who_has_it_and_which_batch(self) -> None:
        mine, other = opened(key="a", message="mine"), opened(key="b", message="theirs")
        opened(key="c", message="free", batch_code="D1-IMD")
        client = client_of("Operator")
        lifecycle.acknowledge(mine.pk, at=AT, actor="user:operator")
        lifecycle.acknowledge(other.pk, at=AT, actor="user:rahim")

        def shown(asked: str) -> set[str]:
            page = text_of(client, f"{LIST}fragment/?{asked}")
            return {word for word in ("mine", "theirs", "free") if f">{word}<" in page}

        assert shown("holder=me") == {"mine"}
        assert shown("holder=user:rahim") == {"theirs"}
        assert shown("holder=nobody") == {"free"}
        assert shown("batch_code=D1-IMD") == {"free"}
        assert "holder=user%3Arahim" in text_of(client, LIST)

    def test_what_is_no_alert_is_refused(self) -> None:
        body = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: "x"}

        assert client_of("Operator").post(LIST, body).status_code == 400


class TestManyAtOnce:
    def test_only_those_that_were_shown_move(self) -> None:
        first = opened(key="a")
        client = client_of("Operator")
        body = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: [first.pk]}
        asked = client.post(LIST, {**body, "select_across": "1"}).content.decode()
        opened(key="b")

        assert f'name="_selected_action" value="{first.pk}"' in asked
        client.post(LIST, {**body, "confirmed": "1", "note": "mine"})

        assert set(Alert.objects.values_list("key", "state")) == {
            ("a", "acknowledged"),
            ("b", "open"),
        }

    def test_more_than_are_moved_at_once_are_refused_and_none_is_passed_over(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admin_alerts, "AT_ONCE", 2)
        chosen = [opened(key=key).pk for key in "abc"]
        body = {"action": "acknowledge_selected", "confirmed": "1"}
        client = client_of("Operator")

        refused = client.post(LIST, {**body, ACTION_CHECKBOX_NAME: chosen})
        once = client.post(LIST, {**body, ACTION_CHECKBOX_NAME: chosen[:1] * 2})

        assert "more than 2 alerts" in refused.content.decode()
        assert "Acknowledged: 1 of 1" in once.content.decode()
        assert Alert.objects.filter(state="acknowledged").count() == 1

    def test_one_that_left_the_list_meanwhile_is_told_of(self) -> None:
        alert = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        body = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: [alert.pk]}

        answer = client_of("Operator").post(f"{LIST}?state__exact=open", {**body, "confirmed": "1"})

        page = answer.content.decode()
        assert "Acknowledged: 0 of 1" in page
        assert "was resolved meanwhile" in page
