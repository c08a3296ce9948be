"""Addresses, cookies and cursors that nobody sends by accident."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from tests.people import client_of

pytestmark = pytest.mark.django_db

NUL_COOKIE = r'sessionid="\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'


class TestNul:
    @pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/nowhere/"])
    def test_a_cookie_with_one_is_refused_by_a_page(self, path: str) -> None:
        answer = Client().get(path, headers={"cookie": NUL_COOKIE})

        assert answer.status_code == 400
        assert "cannot be read" in answer.content.decode()
        assert "Content-Security-Policy" in answer.headers

    def test_a_cookie_with_one_is_refused_by_the_api_in_json(self) -> None:
        answer = Client().get("/api/batch-jobs", headers={"cookie": NUL_COOKIE})

        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_input"
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", ["/admin/jobs/%00/", "/batch-jobs/%00", "/admin/jobs/?q=%00"])
    def test_an_address_with_one_is_refused(self, path: str) -> None:
        assert client_of("Viewer").get(path).status_code == 400


class TestCursor:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-01-01T00:00:00+23:59|5",
            "0001-01-01T00:00:00+14:00|5",
            "9999-12-31T23:59:59-12:00|5",
        ],
    )
    def test_a_time_that_no_row_can_have_is_refused_or_finds_nothing(self, text: str) -> None:
        cursor = base64.urlsafe_b64encode(text.encode()).decode()

        for path in ("/api/ami-operational/batch-logs", "/admin/runs/"):
            assert client_of("Viewer", path).get(path, {"cursor": cursor}).status_code in {200, 400}


class TestSlash:
    @pytest.mark.parametrize("path", ["/admin", "/admin/jobs", "/admin/runs", "/admin/alerts"])
    def test_an_address_without_its_last_one_leads_on_and_keeps_its_query(self, path: str) -> None:
        answer = client_of("Viewer").get(f"{path}?status=failed")

        assert answer.status_code == 302
        assert answer.headers["Location"] == f"{path}/?status=failed"

    def test_an_address_that_does_not_exist_stays_unknown(self) -> None:
        assert client_of("Viewer").get("/admin/nowhere").status_code == 404


class TestForm:
    PATH = "/admin/alerts/7/acknowledge/"

    @pytest.mark.parametrize(
        ("came_from", "leads_to"),
        [
            ("http://testserver/admin/alerts/alert/?p=2", "/admin/alerts/alert/%3Fp%3D2"),
            ("http://elsewhere.example/", "/admin/"),
            ("", "/admin/"),
        ],
    )
    def test_sent_after_the_session_ended_leads_back_to_its_page(
        self, came_from: str, leads_to: str
    ) -> None:
        answer = Client().post(self.PATH, headers={"referer": came_from})

        assert answer.headers["Location"] == f"/admin/login/?next={leads_to}"

    def test_opened_as_a_page_says_what_to_do(self) -> None:
        answer = client_of("Operator").get(self.PATH)

        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert "Go back." in answer.content.decode()
