"""Logins, sessions, cookies and headers: who comes in, for how long, and what browsers are told."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.hashers import check_password, get_hashers
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from pytest_django import Settings

from batchops.live.callers import count_as_use, identify, permissions_of
from batchops.models import AdminRecord, User
from batchops.sessions import SessionStore
from tests.api.test_document import api_routes, methods_of
from tests.api.test_every_route import VALUES
from tests.embedded import ROOT, address_of
from tests.people import client_of, person
from tests.test_routes import ROUTES

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "a long and silly password", "canary-of-a-wrong-password"
LOGIN, PAGE = "/admin/login/", "/admin/password_change/"


@pytest.fixture
def user() -> User:
    user = person("Viewer", "somebody")
    user.set_password(RIGHT)
    user.save()
    return user


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as traveller:
        yield traveller


def log_in(client: Client, name: str, password: str, *, address: str = "127.0.0.1") -> Any:
    form = {"username": name, "password": password}
    return client.post(LOGIN, form, REMOTE_ADDR=address)


def cookie_of(client: Client) -> dict[str, str]:
    return {"cookie": f"sessionid={client.cookies['sessionid'].value}"}


def is_in(client: Client) -> bool:
    """Tell whether the browser's session lives, which is a use of it."""
    status: int = client.get(PAGE).status_code
    assert status in (200, 302)
    return status == 200


class TestGuessing:
    def test_ten_wrong_passwords_lock_a_name_from_one_address_for_a_quarter_of_an_hour(
        self, clock: time_machine.Traveller, user: User
    ) -> None:
        answers = [log_in(Client(), "somebody", WRONG) for _ in range(10)]

        assert [answer.status_code for answer in answers] == [200] * 9 + [429]
        assert "Too many failed logins</h1>" in answers[-1].content.decode()
        assert "after 10 wrong passwords" in answers[-1].content.decode()
        assert log_in(Client(), "somebody", RIGHT).status_code == 429
        assert log_in(Client(), "somebody", RIGHT, address="192.0.2.7").status_code == 302
        clock.shift(timedelta(minutes=15, seconds=1))
        assert log_in(Client(), "somebody", RIGHT).status_code == 302

    def test_a_name_that_nobody_has_is_answered_and_locked_alike(self, user: User) -> None:
        def answers(name: str) -> list[tuple[int, str]]:
            told = [log_in(Client(), name, WRONG) for _ in range(10)]
            return [(one.status_code, one.content.decode().replace(name, "")) for one in told]

        ours, nobodys = answers("somebody"), answers("nobody-at-all")

        assert [status for status, _ in ours] == [status for status, _ in nobodys]
        assert "Please enter the correct" in ours[0][1]
        assert "Please enter the correct" in nobodys[0][1]
        assert ours[-1][1] == nobodys[-1][1]

    def test_each_login_is_on_record_and_no_password(
        self, user: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            log_in(Client(), "somebody", WRONG)
            log_in(Client(), "somebody", RIGHT)

        assert AccessFailureLog.objects.get().username == "somebody"
        assert AccessLog.objects.get().username == "somebody"
        kept = [
            str(row)
            for model in (AccessAttempt, AccessFailureLog, AccessLog)
            for row in model.objects.values()
        ]
        for secret in (RIGHT, WRONG):
            assert secret not in caplog.text + "".join(kept)


class TestPasswords:
    def test_they_are_stored_by_a_slow_hash_that_needs_memory(self, settings: Settings) -> None:
        from batchops import settings_security

        settings.PASSWORD_HASHERS = settings_security.PASSWORD_HASHERS
        names = [hasher.algorithm for hasher in get_hashers()]
        user = User(username="x")
        user.set_password(RIGHT)

        assert names == ["scrypt", "pbkdf2_sha256"]
        assert user.password.startswith("scrypt$16384$")
        assert check_password(RIGHT, user.password)


class TestASession:
    @pytest.fixture
    def browser(self, user: User) -> Client:
        client = Client()
        client.get(LOGIN)
        log_in(client, "somebody", RIGHT)
        return client

    def test_unused_it_ends_after_an_hour(
        self, clock: time_machine.Traveller, browser: Client
    ) -> None:
        for _ in range(3):
            clock.shift(timedelta(minutes=59))
            assert is_in(browser)
        clock.shift(timedelta(minutes=61))
        assert not is_in(browser)

    def test_used_it_goes_on_where_only_a_minute_is_allowed(
        self, clock: time_machine.Traveller, browser: Client, settings: Settings
    ) -> None:
        settings.SESSION_COOKIE_AGE = 60
        for _ in range(3):
            clock.shift(timedelta(seconds=50))
            assert is_in(browser)

    def test_used_all_the_time_it_ends_after_twelve_hours(
        self, clock: time_machine.Traveller, browser: Client
    ) -> None:
        for _ in range(14):
            clock.shift(timedelta(minutes=50))
            assert is_in(browser)
        caller = identify(cookie_of(browser))
        assert caller is not None
        assert caller in permissions_of([caller])
        clock.shift(timedelta(minutes=21))
        assert caller not in permissions_of([caller])
        assert identify(cookie_of(browser)) is None
        assert not is_in(browser)

    def test_a_page_that_watches_keeps_it_in_use(
        self, clock: time_machine.Traveller, browser: Client
    ) -> None:
        caller = identify(cookie_of(browser))
        assert caller is not None
        for _ in range(3):
            clock.shift(timedelta(minutes=59))
            assert caller in permissions_of([caller])
            count_as_use([caller])
        assert is_in(browser)

    def test_it_is_a_new_one_after_the_login_and_gone_after_the_logout(self, user: User) -> None:
        planted = SessionStore()
        planted.create()
        client = Client(headers={"cookie": f"sessionid={planted.session_key}"})
        key = log_in(client, "somebody", RIGHT).cookies["sessionid"].value
        assert key != planted.session_key
        assert not is_in(client)
        ours = Client(headers={"cookie": f"sessionid={key}"})
        assert is_in(ours)
        ours.post("/admin/logout/")

        assert not is_in(ours)

    def test_it_ends_with_a_new_password_elsewhere(self, browser: Client) -> None:
        other, new = Client(), "another long and silly password"
        log_in(other, "somebody", RIGHT)
        form = {"old_password": RIGHT, "new_password1": new, "new_password2": new}
        other.post(PAGE, form)

        assert is_in(other)
        assert not is_in(browser)

    def test_it_ends_with_the_persons_access(self, browser: Client, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)

        assert not is_in(browser)

    def test_an_administrator_ends_those_of_a_person_and_it_is_on_record(
        self, browser: Client, user: User
    ) -> None:
        bystander = client_of("Operator")
        administrator = client_of("Administrator")
        chosen = {"action": "log_out_selected", "_selected_action": [user.pk]}

        page = administrator.post("/admin/batchops/user/", chosen, follow=True)

        assert "1 session is ended." in page.content.decode()
        assert not is_in(browser)
        assert is_in(bystander)
        assert AdminRecord.objects.get(object_id=str(user.pk)).change_message == "Sessions ended."

    def test_no_script_reads_its_cookie_and_no_other_site_sends_it(self, browser: Client) -> None:
        cookie = browser.cookies["sessionid"]

        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert cookie["max-age"] == ""  # it goes with the browser


class TestRoles:
    def test_who_gave_which_role_is_on_record(self, user: User) -> None:
        form = {
            "username": user.username,
            "is_active": "on",
            "is_staff": "on",
            "groups": [Group.objects.get(name="Operator").pk],
        }
        client_of("Administrator").post(f"/admin/batchops/user/{user.pk}/change/", form)

        kept = AdminRecord.objects.filter(object_id=str(user.pk), user__username="administrator")
        assert "Role: Viewer -> Operator" in kept.values_list("change_message", flat=True)


class TestForgery:
    def test_no_page_of_ours_does_without_the_token(self) -> None:
        exempt = [
            route.path
            for route in ROUTES
            if getattr(route.callback, "csrf_exempt", False) and not route.path.startswith("/api/")
        ]

        assert exempt == []

    def test_every_call_of_the_api_that_changes_something_asks_a_browser_for_it(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(
            person("Administrator"), backend="django.contrib.auth.backends.ModelBackend"
        )
        taken = [
            (method, path)
            for path, _, view in api_routes()
            for method in sorted(methods_of(view) & {"POST", "PUT", "PATCH", "DELETE"})
            if client.generic(method, path.format(**VALUES)).status_code != 403
        ]

        assert taken == []


class TestDjangoQ:
    def test_nobody_reaches_its_pages(self) -> None:
        assert [m for m in admin.site._registry if m._meta.app_label == "django_q"] == []


ASK = """
import json, sys
import django
from django.conf import settings
plain = "django.contrib.staticfiles.storage.StaticFilesStorage"  # nobody has collected any
settings.STORAGES["staticfiles"]["BACKEND"] = plain
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", deploy=True, fail_level="WARNING", stdout=sys.stderr)
client = Client(headers={"host": "console.example", "x-forwarded-proto": "https"})
client.raise_request_exception = False
told = {}
for path in json.loads(sys.argv[-1]):
    answer = client.get(path)
    told[path] = [answer.status_code, {k.lower(): v for k, v in answer.headers.items()}]
for name, headers in {
    "another host": {"host": "evil.example"}, "plain": {"x-forwarded-proto": "http"}
}.items():
    answer = client.get("/admin/login/", headers=headers)
    told[name] = [answer.status_code, {k.lower(): v for k, v in answer.headers.items()}]
told["cookie"] = settings.SESSION_COOKIE_NAME
told["secure"] = [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE]
print(json.dumps(told))
"""


PATHS = ("/admin/login/", "/healthz", "/nowhere", "/admin/", "/api/batch-jobs", "/api/x")


@pytest.fixture(scope="module")
def told(django_db_setup: None) -> dict[str, Any]:
    """Ask the site as docs/deploy.md sets it up, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(PATHS)],
        cwd=ROOT,
        env={
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": address_of(connection.settings_dict["NAME"]),
            "ALLOWED_HOSTS": "console.example",
            "PUBLIC_URL": "https://console.example",
            "BATCHOPS_HTTPS": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


class TestProduction:
    def test_djangos_own_list_for_deployment_has_no_complaint(self, told: dict[str, Any]) -> None:
        assert told["cookie"] == "__Host-sessionid"
        assert told["secure"] == [True, True]

    @pytest.mark.parametrize("path", [*PATHS, "another host"])
    def test_every_answer_tells_browsers_what_to_refuse(
        self, told: dict[str, Any], path: str
    ) -> None:
        status, headers = told[path]

        assert status in (200, 302, 400, 401, 404)
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in headers

    def test_another_host_and_plain_http_are_turned_away(self, told: dict[str, Any]) -> None:
        assert told["another host"][0] == 400
        assert told["plain"][0] == 301
        assert told["plain"][1]["location"] == "https://console.example/admin/login/"
