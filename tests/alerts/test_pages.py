"""Alerts in the admin and in the frame of every page."""

from datetime import timedelta

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.utils import timezone

from alerts import lifecycle
from alerts.models import Alert
from alerts.states import Severity
from batchops.templatetags.batchops import moment
from tests.alerts.findings import AT, finding, opened
from tests.people import client_of
from tests.pseudo import pseudo_language, untranslated

pytestmark = pytest.mark.django_db
LIST = "/admin/alerts/alert/"


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return " ".join(answer.content.decode().split())


class TestBanner:
    def test_it_counts_by_type_what_is_open(self) -> None:
        opened("FAILED", key="a")
        opened("LONG_RUNNING", key="b", severity=Severity.WARNING)
        opened("LONG_RUNNING", key="c", severity=Severity.WARNING)

        page = text_of(client_of("Viewer"), "/admin/alerts/banner/fragment/")

        assert "3 active alerts" in page
        assert "1 critical" in page
        assert "?state__exact=open&amp;severity__exact=WARNING" in page
        assert "1 failed" in page
        assert "2 long running" in page
        assert "View all alerts" in page

    def test_the_names_of_rules_and_severities_are_translated(self) -> None:
        alert, client = opened("FAILED", message="It."), client_of("Viewer")

        with pseudo_language():
            banner = text_of(client, "/admin/alerts/banner/fragment/")
            page = text_of(client, f"{LIST}{alert.pk}/change/")

        assert untranslated(banner) == set()
        assert not untranslated(page) & {"Failed", "failed", "critical"}

    def test_it_is_empty_when_nothing_waits_but_stands_to_be_filled(self) -> None:
        alert = opened()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a")

        page = text_of(client_of("Viewer"), "/admin/alerts/banner/fragment/")

        assert 'id="alert-banner"' in page
        assert " hidden>" not in page
        assert 'class="banner' not in page
        assert "active alert" not in page

    def test_a_message_is_shown_as_text(self) -> None:
        opened(message="<script>alert(1)</script>")

        page = text_of(client_of("Operator"), "/admin/alerts/active/fragment/")

        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestAddress:
    def test_alerts_lead_to_the_list(self) -> None:
        answer = client_of("Viewer").get("/admin/alerts/")

        assert answer.status_code == 302
        assert answer["Location"] == LIST


class TestActiveList:
    def test_only_who_may_sees_the_button(self) -> None:
        opened()

        assert "Acknowledge alert" not in text_of(
            client_of("Viewer"), "/admin/alerts/active/fragment/"
        )
        assert "Acknowledge alert" in text_of(
            client_of("Operator"), "/admin/alerts/active/fragment/"
        )

    def test_its_form_acknowledges_and_leads_back(self) -> None:
        alert = opened()

        answer = client_of("Operator").post(
            f"/admin/alerts/{alert.pk}/acknowledge/", {"next": "/admin/"}
        )

        assert answer["Location"] == "/admin/"
        assert Alert.objects.get().acknowledged_by == "user:operator"

    def test_it_leads_nowhere_else(self) -> None:
        alert = opened()

        answer = client_of("Operator").post(
            f"/admin/alerts/{alert.pk}/acknowledge/", {"next": "https://elsewhere.example/"}
        )

        assert answer["Location"] == f"{LIST}{alert.pk}/change/"

    def test_brackets_in_what_an_alert_says_stay_what_they_are(self) -> None:
        opened(message="{key} <b>{0}</b>", subject="{{view}}")

        page = text_of(client_of("Operator"), "/admin/")

        assert "{key} &lt;b&gt;{0}&lt;/b&gt;" in page
        assert "{{view}}" in page
        assert "<b>{0}" not in page

    def test_a_viewer_may_not(self) -> None:
        alert = opened()

        answer = client_of("Viewer").post(f"/admin/alerts/{alert.pk}/acknowledge/")

        assert answer.status_code == 403
        assert Alert.objects.get().state == "open"


class TestUntil:
    @pytest.mark.parametrize("year", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
    def test_a_moment_out_of_reach_is_refused_and_the_alert_stays_readable(self, year: str) -> None:
        alert, client = opened(), client_of("Operator")

        answer = client.post(f"/admin/alerts/{alert.pk}/acknowledge/", {"until": year})

        assert answer.status_code == 400
        assert "choose" in answer.content.decode()
        assert Alert.objects.get().state == "open"
        text_of(client, f"{LIST}{alert.pk}/change/")

    def test_the_limit_is_named(self) -> None:
        until = timezone.now() + timedelta(days=367)

        answer = client_of("Operator").post(
            f"/admin/alerts/{opened().pk}/acknowledge/", {"until": until.isoformat()}
        )

        assert answer.status_code == 400
        assert "at most 365 days" in answer.content.decode()

    def test_it_is_shown_to_its_holder_and_kept_by_saving_the_form(self) -> None:
        alert, client = opened(), client_of("Operator")
        until = timezone.now() + timedelta(hours=2)
        lifecycle.acknowledge(alert.pk, at=timezone.now(), actor="user:operator", until=until)
        shown = timezone.localtime(until).strftime("%Y-%m-%dT%H:%M")
        assert f'value="{shown}"' in text_of(client, f"{LIST}{alert.pk}/change/")

        for form in ({"until": shown, "note": "on it"}, {"note": "still on it"}):
            client.post(f"/admin/alerts/{alert.pk}/acknowledge/", form)

        assert Alert.objects.get().acknowledged_until == until
        assert alert.events.filter(verb="noted").count() == 2

    def test_taken_away_its_history_says_so(self) -> None:
        alert, client = opened(), client_of("Operator")
        until = timezone.now() + timedelta(hours=2)
        lifecycle.acknowledge(alert.pk, at=timezone.now(), actor="user:operator", until=until)

        client.post(f"/admin/alerts/{alert.pk}/acknowledge/", {"until": ""})

        assert Alert.objects.get().acknowledged_until is None
        assert "no longer until" in text_of(client, f"{LIST}{alert.pk}/change/")

    def test_nobody_sees_anothers_in_the_form(self) -> None:
        alert = opened()
        until = timezone.now() + timedelta(hours=2)
        lifecycle.acknowledge(alert.pk, at=timezone.now(), actor="user:b", until=until)

        page = text_of(client_of("Operator"), f"{LIST}{alert.pk}/change/")

        assert timezone.localtime(until).strftime("%Y-%m-%dT%H:%M") not in page


class TestList:
    def test_it_shows_filters_and_finds(self) -> None:
        opened(key="a", message="ORA-12545 Connection timeout")
        opened("LOW_RECORDS", key="b", severity=Severity.WARNING, message="too few")
        client = client_of("Viewer")

        assert "ORA-12545" in text_of(client, LIST)
        assert "ORA-12545" not in text_of(client, f"{LIST}?severity__exact=WARNING")
        assert "too few" not in text_of(client, f"{LIST}?q=ora-12545")

    @pytest.mark.parametrize(
        "asked",
        [
            "state__exact=%00",
            "q=%00",
            "opened_at__year=9999&opened_at__month=12&opened_at__day=31",
        ],
    )
    @pytest.mark.parametrize("address", [LIST, "/admin/monitoring/poll/"])
    def test_what_no_database_can_hold_is_refused(self, address: str, asked: str) -> None:
        asked = asked.replace("opened", "opened" if address == LIST else "started")

        answer = client_of("Viewer" if address == LIST else "Administrator").get(
            f"{address}?{asked}"
        )

        assert answer.status_code == 400
        assert "cannot be" in answer.content.decode()

    @pytest.mark.parametrize("address", [LIST, f"{LIST}fragment/", f"{LIST}export/csv/"])
    @pytest.mark.parametrize("asked", ["message__regex=(a*)*b", "key__contains=a", "id__gt=1"])
    def test_it_takes_no_question_that_reads_every_alert(self, address: str, asked: str) -> None:
        answer = client_of("Viewer").get(f"{address}?{asked}")

        assert answer.status_code in (302, 400)

    @pytest.mark.parametrize(
        "asked",
        [
            "state__exact=open",
            "rule__exact=FAILED&severity__exact=CRITICAL",
            "resolved_by_hand__exact=0",
            "business_date__isnull=True",
            "business_date__gte=2026-03-01&business_date__lt=2026-04-01",
            "opened_at__year=2026&opened_at__month=3&opened_at__day=11",
            "holder=me",
            "batch_code=CM-DMRU",
        ],
    )
    def test_each_filter_answers(self, asked: str) -> None:
        assert "No alert is like this" in text_of(client_of("Viewer"), f"{LIST}?{asked}")

    def test_what_django_calls_history_leads_to_the_alert(self) -> None:
        alert = opened()

        answer = client_of("Viewer").get(f"{LIST}{alert.pk}/history/")

        assert answer["Location"] == f"{LIST}{alert.pk}/change/"

    @pytest.mark.parametrize(
        ("n", "words"), [(1000, "1000 alerts"), (1001, "more than 1000 alerts")]
    )
    def test_it_says_more_than_a_thousand_of_more_than_a_thousand(self, n: int, words: str) -> None:
        lifecycle.reconcile(
            "FAILED", [finding(f"k{i}") for i in range(n)], at=AT, actor="system:test"
        )

        assert words in text_of(client_of("Viewer"), f"{LIST}fragment/")

    def test_nobody_adds_deletes_or_edits(self) -> None:
        alert, client = opened(), client_of("Administrator")

        assert client.get(f"{LIST}add/").status_code == 403
        assert client.get(f"{LIST}{alert.pk}/delete/").status_code == 403
        assert client.post(f"{LIST}{alert.pk}/change/", {"state": "resolved"}).status_code == 403

    def test_many_are_acknowledged_with_a_note(self) -> None:
        ids = [opened(key=key).pk for key in "abc"]
        client = client_of("Operator")
        chosen = {"action": "acknowledge_selected", ACTION_CHECKBOX_NAME: ids}

        asked = client.post(LIST, chosen)
        client.post(LIST, {**chosen, "confirmed": "1", "note": "one cause"})

        assert "What is being done" in asked.content.decode()
        assert Alert.objects.filter(acknowledged_note="one cause").count() == 3

    def test_resolving_many_says_what_could_not(self) -> None:
        ids = [opened("FAILED").pk, opened("LOW_RECORDS").pk]
        body = {"action": "resolve_selected", ACTION_CHECKBOX_NAME: ids, "confirmed": "1"}

        answer = client_of("Supervisor").post(LIST, {**body, "note": "holiday"}, follow=True)

        page = answer.content.decode()
        assert "Resolved: 1 of 2" in page
        assert "closes by itself when its cause is gone" in page
        assert set(Alert.objects.values_list("rule", "state")) == {
            ("FAILED", "open"),
            ("LOW_RECORDS", "resolved"),
        }

    def test_an_operator_is_not_offered_to_resolve(self) -> None:
        opened()
        client = client_of("Operator")

        assert "resolve_selected" not in text_of(client, LIST)
        assert "acknowledge_selected" in text_of(client, LIST)


class TestAlertPage:
    def test_it_tells_the_evidence_in_words_and_what_happened(self) -> None:
        alert = opened(
            evidence={
                "expected": {"status_code": "40"},
                "seen": {"status_code": "30", "ended_at": AT.isoformat(), "elapsed_s": 3900},
            }
        )
        until = timezone.now() + timedelta(days=1)
        lifecycle.acknowledge(
            alert.pk, at=timezone.now(), actor="user:rahim", note="restarting", until=until
        )

        page = text_of(client_of("Operator"), f"{LIST}{alert.pk}/change/")

        for words in ("Expected", "Status code", "1h 5m", "by rahim", "restarting", "opened"):
            assert words in page
        assert "Take over or extend" in page
        assert f"until {moment(until)}" in page

    def test_it_leads_to_the_alert_before(self) -> None:
        first = opened()
        lifecycle.reconcile("FAILED", [], at=AT, actor="system:test")
        second = opened()

        page = text_of(client_of("Viewer"), f"{LIST}{second.pk}/change/")

        assert f"{LIST}{first.pk}/change/" in page
        assert 'name="note"' not in page


class TestResolving:
    def test_it_asks_first_and_keeps_the_note(self) -> None:
        alert = opened("LOW_RECORDS", severity=Severity.WARNING)
        client, address = client_of("Supervisor"), f"/admin/alerts/{alert.pk}/resolve/"

        asked = client.post(address, {"note": "Seen <it>"}).content.decode()

        alert.refresh_from_db()
        assert alert.state == "open"
        assert "another alert opens" in asked
        assert 'name="note" value="Seen &lt;it&gt;"' in asked
        client.post(address, {"note": "Seen <it>", "confirmed": "1"})
        alert.refresh_from_db()
        assert alert.state == "resolved"


class TestManyAlerts:
    def test_the_list_counts_no_further_than_it_must(
        self, django_assert_max_num_queries: object
    ) -> None:
        found = [finding(f"k{n}") for n in range(120)]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")
        client = client_of("Viewer")
        client.get(LIST)

        with django_assert_max_num_queries(20):  # type: ignore[operator]
            page = text_of(client, LIST)

        assert "120 alerts" in page
