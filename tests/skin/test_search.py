"""Search everything: what leads where, who finds what, and what it says when there is nothing."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batchops.models import User
from jobs.models import Job
from monitoring.models import Run
from tests.alerts.findings import opened
from tests.monitoring.stored import stored_run
from tests.people import client_of, logged_in

pytestmark = pytest.mark.django_db


def run_of(code: str, number: int, *, rerun: int = 0) -> Run:
    now = timezone.now()
    return stored_run(code, number, began_at=now, ended_at=now, rerun_nbr=rerun)


def job(title: str, *, external_id: str = "") -> Job:
    return Job.objects.create(
        type="sample", title=title, external_id=external_id, created_by="user:x"
    )


def found(client: Client, text: str) -> str:
    answer = client.get(f"/admin/search/?q={quote(text)}")
    assert answer.status_code == 200, answer.headers.get("Location")
    return answer.content.decode()


def led_to(client: Client, text: str) -> str:
    answer = client.get(f"/admin/search/?q={quote(text)}")
    assert answer.status_code == 302, "it led nowhere"
    return answer.headers["Location"]


class TestWhatIsExactlyMeant:
    def test_it_leads_on_directly(self) -> None:
        client, one = client_of("Viewer"), job("Letters of May", external_id="CRM-2026-7")
        run = run_of("CM-DMRU", 4711, rerun=1)
        alert = opened(key="CM-DMRU 4711/1")
        run_of("CM-DMRU", 4711)

        assert led_to(client, one.pk) == f"/admin/jobs/{one.pk}/"
        assert led_to(client, " CRM-2026-7 ") == f"/admin/jobs/{one.pk}/"
        assert led_to(client, f"#{alert.pk}") == f"/admin/alerts/alert/{alert.pk}/change/"
        assert led_to(client, "4711/1") == f"/admin/runs/{run.pk}/"
        assert led_to(client, "cm-dmru 4711/1") == f"/admin/runs/{run.pk}/"

    def test_of_a_number_that_several_things_have_it_shows_each(self) -> None:
        client = client_of("Viewer")
        alert = opened(key="CM-DMRU")
        number = alert.pk
        runs = [run_of(code, number) for code in ("CM-DMRU", "D1-IMD")]

        page = found(client, str(number))

        assert all(f"/admin/runs/{run.pk}/" in page for run in runs)
        assert f"/admin/alerts/alert/{alert.pk}/change/" in page
        assert page.count("exactly this") == 3


class TestWords:
    def test_they_find_titles_rules_codes_steps_and_pages(self) -> None:
        client, one = client_of("Viewer"), job("Letters of May")
        run, alert = run_of("CM-DMRU", 5), opened(key="CM-DMRU 5/0")

        assert f"/admin/jobs/{one.pk}/" in found(client, "letters may")
        assert f"/admin/alerts/alert/{alert.pk}/change/" in found(client, "failed")
        page = found(client, "cm-dmru")
        assert f"/admin/runs/{run.pk}/" in page
        assert "/admin/runs/steps/CM-DMRU/" in page
        assert 'class="btn" href="/admin/accuracy/"' in found(client, "accur")

    def test_what_is_more_than_a_page_holds_is_behind_a_link(self) -> None:
        client = client_of("Viewer")
        for number in range(11):
            run_of("CM-DMRU", number)

        page = found(client, "CM-DMRU")

        assert "/admin/runs/?batchCode=CM-DMRU" in page
        assert page.count(">CM-DMRU ") == 10

    def test_that_link_leads_to_what_was_meant(self) -> None:
        client = client_of("Viewer")
        runs = [run_of("CM-DMRU", 4711, rerun=rerun) for rerun in range(11)]
        other = run_of("CM-DMRU", 4712)

        assert 'href="/admin/runs/?batchCode=CM-DMRU&amp;search=4711"' in found(
            client, "cm-dmru 4711"
        )
        listed = client.get("/admin/runs/?batchCode=CM-DMRU&search=4711").content.decode()
        assert all(f"/admin/runs/{run.pk}/" in listed for run in runs)
        assert f"/admin/runs/{other.pk}/" not in listed


class TestLive:
    def test_each_kind_is_fetched_anew_by_itself(self) -> None:
        client, one = client_of("Viewer"), job("Letters of May")

        fragment = client.get("/admin/search/jobs/fragment/?q=letters").content.decode()

        assert 'data-live-topic="jobs"' in fragment
        assert one.pk in fragment
        assert "<html" not in fragment
        assert client.get("/admin/search/x/fragment/?q=letters").status_code == 404

    def test_it_asks_as_often_for_many_as_for_few(self) -> None:
        client, asked = client_of("Viewer"), []
        for number in range(4):
            run_of("CM-DMRU", number)
            job(f"CM-DMRU {number}")
            opened(key=f"CM-DMRU {number}/0")
            with CaptureQueriesContext(connection) as queries:
                found(client, "CM-DMRU")
            asked.append(len(queries))

        assert asked[1] == asked[3]


class TestNothing:
    def test_it_says_what_to_do(self) -> None:
        client = client_of("Viewer")

        assert "What do you look for?" in found(client, "")
        assert "try fewer words" in found(client, "no such thing <b>")
        too_long = client.get("/admin/search/", {"q": "x" * 201})
        assert too_long.status_code == 400
        assert "at most 200" in too_long.content.decode()


class TestPermissions:
    def test_one_finds_only_what_one_may_see(self) -> None:
        user = User.objects.create_user("narrow", password="x", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_run"))
        client = logged_in(user)
        one = job("CM-DMRU letters")
        opened(key="CM-DMRU 5/0")
        run = run_of("CM-DMRU", 5)

        page = found(client, "CM-DMRU")

        assert f"/admin/runs/{run.pk}/" in page
        assert one.pk not in page
        assert 'id="found-alerts"' not in page
        assert client.get("/admin/search/alerts/fragment/?q=CM-DMRU").status_code == 404
        assert found(client, one.pk).count("Nothing is called") == 1
