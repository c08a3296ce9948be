"""The list of alerts in the admin: what it shows, how it follows, moves on many."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client

from alerts import lifecycle
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

    def test_one_that_left_the_list_meanwhile_is_told_of(self) -> None:
        alert = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        body = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: [alert.pk]}

        answer = client_of("Operator").post(f"{LIST}?state__exact=open", {**body, "confirmed": "1"})

        page = answer.content.decode()
        assert "Acknowledged: 0 of 1" in page
        assert "was resolved meanwhile" in page
