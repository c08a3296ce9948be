"""The variables of mail, read as they are on a site."""

import runpy
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

Read = Callable[..., dict[str, Any]]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return a function that gives the settings as they are with these variables."""

    def read_with(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "batchops/settings.py"))

    return read_with


class TestSecurity:
    @pytest.mark.parametrize(
        ("variables", "starttls_and_tls"),
        [
            ({}, (True, False)),
            ({"SMTP_PORT": "465"}, (False, True)),
            ({"SMTP_PORT": "25"}, (False, False)),
            ({"SMTP_PORT": "25", "SMTP_USER": "batchops"}, (True, False)),
            ({"SMTP_SECURITY": "none"}, (False, False)),
        ],
    )
    def test_it_follows_from_port_and_login(
        self, read: Read, variables: dict[str, str], starttls_and_tls: tuple[bool, bool]
    ) -> None:
        found = read(**variables)

        assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == starttls_and_tls


class TestValues:
    def test_a_password_is_taken_as_it_is_and_addresses_are_a_list(self, read: Read) -> None:
        found = read(SMTP_PASS="$HOME, sweet", ALERT_EMAILS="a@example.com, b@example.com,")

        assert found["EMAIL_HOST_PASSWORD"] == "$HOME, sweet"
        assert found["ALERT_EMAILS"] == ["a@example.com", "b@example.com"]
