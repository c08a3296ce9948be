"""Meet the API as a careless or unlucky program does: every answer is JSON and says what to do."""

from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.throttling import SimpleRateThrottle

from batchops.access import create_token
from batchops.models import User
from batchops.web import urls
from tests.people import client_of, person

JOBS = "/api/batch-jobs"


def refusal(answer: Any) -> dict[str, Any]:
    """Return the body of a refusal, having seen that it has the shape all of them have."""
    assert answer["Content-Type"] == "application/json", answer.content[:200]
    assert answer["Cache-Control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert body["success"] is False
    assert isinstance(body["message"], str)
    assert isinstance(body["error"], str)
    return body


@pytest.mark.django_db
class TestAStranger:
    def test_is_told_how_to_log_in(self) -> None:
        answer = Client().get(JOBS)

        assert refusal(answer)["error"] == "not_authenticated"
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")

    def test_with_a_token_nobody_knows_is_told_so(self) -> None:
        answer = Client().get(JOBS, headers={"Authorization": "Token nonsense"})

        assert "Make a new one" in refusal(answer)["message"]
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")

    def test_who_is_known_but_not_permitted_is_forbidden(self) -> None:
        key = create_token(user=User.objects.create_user("nobody-s-program"), name="x")

        answer = Client().get(JOBS, headers={"Authorization": f"Token {key}"})

        assert answer.status_code == 403
        assert refusal(answer)["error"] == "permission_denied"


@pytest.mark.django_db
class TestBadInput:
    @pytest.mark.parametrize("body", ["[]", "null", '"text"', "5"])
    def test_a_body_that_is_no_object_is_told_what_it_must_be(self, body: str) -> None:
        answer = client_of("Operator").post(JOBS, body, content_type="application/json")

        assert answer.status_code == 400
        assert "must be a JSON object" in refusal(answer)["message"]

    def test_too_many_fields_are_refused_with_the_limit(self) -> None:
        fields = {f"field{number}": "1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)}

        answer = client_of("Operator").post(JOBS, fields | {"one": "more"})

        assert answer.status_code == 400
        assert "2000" in refusal(answer)["message"].replace(",", "")

    def test_a_host_name_that_is_not_ours_is_refused(self) -> None:
        answer = Client().get(JOBS, headers={"Host": "somebody.else"})

        assert answer.status_code == 400
        assert refusal(answer)["error"] == "bad_request"

    def test_an_address_that_does_not_exist_is_not_found(self) -> None:
        answer = client_of("Operator").get("/api/nothing")

        assert answer.status_code == 404
        assert refusal(answer)["error"] == "not_found"

    def test_a_method_that_does_not_exist_is_refused(self) -> None:
        answer = client_of("Operator").delete(JOBS)

        assert answer.status_code == 405
        assert refusal(answer)["error"] == "method_not_allowed"

    def test_a_session_without_its_csrf_token_is_refused(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(person("Operator"), backend=settings.AUTHENTICATION_BACKENDS[1])

        answer = client.post(JOBS, "{}", content_type="application/json")

        assert answer.status_code == 403
        assert "CSRF" in refusal(answer)["message"]

    def test_a_page_that_does_not_exist_is_still_a_page(self) -> None:
        answer = client_of("Operator").get("/nothing")

        assert answer.status_code == 404
        assert answer["Content-Type"].startswith("text/html")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of the inside")


# The site's addresses, and one below each part that always breaks.
urlpatterns = [path("api/broken", broken), path("broken", broken), *urls.urlpatterns]
handler500 = urls.handler500


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestADefectOfOurs:
    def test_is_told_as_json_without_its_inside(self) -> None:
        answer = Client(raise_request_exception=False).get("/api/broken")

        assert answer.status_code == 500
        assert refusal(answer)["error"] == "server_error"
        assert b"secret" not in answer.content

    def test_is_a_page_elsewhere(self) -> None:
        answer = Client(raise_request_exception=False).get("/broken")

        assert answer.status_code == 500
        assert b"Something broke on our side" in answer.content


@pytest.mark.django_db
class TestAnotherOrigin:
    ORIGIN = "https://console.example"

    @override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN])
    def test_may_send_an_idempotency_key(self) -> None:
        asked = {
            "Origin": self.ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        }

        answer = Client().options(JOBS, headers=asked)

        assert "idempotency-key" in answer["Access-Control-Allow-Headers"]

    @override_settings(CORS_ALLOWED_ORIGINS=[ORIGIN])
    def test_may_read_when_to_try_again(self) -> None:
        answer = client_of("Viewer").get(JOBS, headers={"Origin": self.ORIGIN})

        assert "Retry-After" in answer["Access-Control-Expose-Headers"]


@pytest.mark.django_db
class TestTooManyCalls:
    def test_are_told_to_wait_for_whole_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SimpleRateThrottle, "allow_request", lambda *_: False)
        monkeypatch.setattr(SimpleRateThrottle, "wait", lambda _: 0.2)

        answer = client_of("Viewer").get(JOBS)

        assert (answer.status_code, answer["Retry-After"]) == (429, "1")
        assert refusal(answer)["error"] == "throttled"
