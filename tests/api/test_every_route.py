"""Meet every route as strangers, other origins and odd methods do; each answers in JSON."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.throttling import SimpleRateThrottle

from batchops.throttles import StatusThrottle
from tests.api.test_document import api_routes, methods_of
from tests.people import client_of

pytestmark = pytest.mark.django_db
ORIGIN = "https://console.example"
VALUES = {
    "name": "nosuch", "token": "x", "action": "x", "alert_id": "1", "schedule_id": "1",
    "upload_id": "0" * 16, "number": "1", "position": "1"
}  # fmt: skip
ROUTES = [(path, view) for path, _, view in api_routes()]
ADDRESSES = [path.format(**VALUES) for path, _ in ROUTES]
ABOUT_IT = ["/api/schema", "/api/docs"]
NOWHERE = ["/api/", "/api/nothing", "/api/batch-jobs/a b", "/api/batch-jobs/x/y/z", "/api/alerts/x"]
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "ODD"]
TABLE = Path(__file__).parents[2] / "docs" / "api.md"
ROW = re.compile(r"^\| `([A-Z]+)` \| `(/api/[^`]*)` \| `([a-z_.]+)` \| (\S+) \|", re.MULTILINE)


def is_told_in_json(answer: Any) -> bool:
    kept_by_nobody = answer["Cache-Control"] in ("no-store", "private, no-cache")
    bodiless = answer.status_code in (204, 304)
    return kept_by_nobody and (bodiless or answer["Content-Type"] == "application/json")


class TestAnyMethod:
    @pytest.mark.parametrize("path", [*ADDRESSES, *NOWHERE])
    def test_of_somebody_known_is_answered_in_json_that_nothing_keeps(self, path: str) -> None:
        client = client_of("Viewer")
        answers: dict[str, Any] = {method: client.generic(method, path) for method in METHODS}

        odd = {
            method: (answer.status_code, answer.headers)
            for method, answer in answers.items()
            if not (is_told_in_json(answer) or answer.streaming)
        }

        for answer in answers.values():
            for let_go in answer._resource_closers:
                let_go()  # nobody reads it; close() would close the test's connection too
        assert odd == {}
        assert {answer.status_code for answer in answers.values()} <= {
            200,
            203,
            400,
            403,
            404,
            405,
            503,
        }

    @pytest.mark.parametrize("path", [*ADDRESSES, *ABOUT_IT])
    def test_of_a_stranger_is_answered_in_json_that_says_to_log_in(self, path: str) -> None:
        for method in METHODS:
            answer = Client().generic(method, path)

            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token"), method
            assert is_told_in_json(answer)

    @pytest.mark.parametrize("accepted", ["text/html", "application/xml", "odd"])
    def test_is_answered_in_json_whatever_is_accepted(self, accepted: str) -> None:
        answer = client_of("Viewer").get("/api/batch-jobs", headers={"Accept": accepted})

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")

    def test_with_a_form_that_nobody_knows_is_told_so(self) -> None:
        answer = client_of("Viewer").get("/api/batch-jobs?format=xml")

        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["format"])


@pytest.fixture
def listed(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


@pytest.mark.usefixtures("listed")
class TestAnotherOrigin:
    @pytest.mark.parametrize(("path", "view"), ROUTES, ids=ADDRESSES)
    def test_that_is_listed_may_ask_with_a_token_and_a_key(self, path: str, view: Any) -> None:
        for method in methods_of(view):
            answer = Client().options(path.format(**VALUES), headers=preflight(method))

            assert answer.status_code == 200
            assert answer["Access-Control-Allow-Origin"] == ORIGIN
            assert method in answer["Access-Control-Allow-Methods"]
            allowed = answer["Access-Control-Allow-Headers"]
            assert {"authorization", "idempotency-key", "content-type"} <= set(allowed.split(", "))

    @pytest.mark.parametrize("path", ["/api/batch-jobs?search=%00", "/api/nothing", *ADDRESSES])
    def test_that_is_listed_can_read_refusals(self, path: str) -> None:
        answer = Client().get(path, headers={"Origin": ORIGIN})

        assert answer.status_code >= 400
        assert answer["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer["Access-Control-Expose-Headers"].split(", ")
        assert {"Retry-After", "ETag", "Content-Disposition"} <= set(exposed)

    @pytest.mark.parametrize(
        "origin", ["https://console.example.evil", "null", "http://console.example"]
    )
    def test_that_is_not_listed_is_not_let_in(self, origin: str) -> None:
        asked = {**preflight("POST"), "Origin": origin}

        answer = Client().options("/api/batch-jobs", headers=asked)

        assert "Access-Control-Allow-Origin" not in answer

    def test_has_nothing_to_do_with_pages(self) -> None:
        answer = Client().get("/admin/login/", headers={"Origin": ORIGIN})

        assert "Access-Control-Allow-Origin" not in answer

    def test_is_let_in_by_the_list_alone(self, settings: Settings) -> None:
        settings.CORS_ALLOWED_ORIGINS = []

        answer = Client().options("/api/batch-jobs", headers=preflight("GET"))

        assert "Access-Control-Allow-Origin" not in answer


def preflight(method: str) -> dict[str, str]:
    return {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,idempotency-key,content-type",
    }


class TestTheTableOfRoutes:
    def test_has_every_route_with_its_permission_and_rate(self) -> None:
        rates = SimpleRateThrottle.THROTTLE_RATES

        there = {
            (method, path, view.cls.required_permissions[method], rates[scope_of(view)])
            for path, _, view in api_routes()
            for method in methods_of(view)
        }

        assert {
            (m, p, who, f"{rate}/minute") for m, p, who, rate in ROW.findall(TABLE.read_text())
        } == there


def scope_of(view: Any) -> str:
    return "status" if StatusThrottle in view.cls.throttle_classes else "user"


class TestASlashAtTheEnd:
    @pytest.mark.parametrize("path", ADDRESSES)
    def test_makes_no_difference(self, path: str) -> None:
        client = client_of("Administrator")

        codes = [client.options(f"{path}{slash}").status_code for slash in ("", "/")]

        assert codes == [200, 200]
