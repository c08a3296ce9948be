"""The variables of mail, read as they are on a site."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

READ = """
import json
from django.conf import settings as s
print(json.dumps([s.EMAIL_USE_TLS, s.EMAIL_USE_SSL, s.EMAIL_HOST_PASSWORD, s.ALERT_EMAILS]))
"""


def read(**variables: str) -> tuple[bool, bool, str, list[str]]:
    """Return whether STARTTLS and TLS are used, the password and the addresses."""
    answer = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=settings.BASE_DIR,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    starttls, tls, password, addresses = json.loads(answer.stdout)
    return starttls, tls, password, addresses


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
        self, variables: dict[str, str], starttls_and_tls: tuple[bool, bool]
    ) -> None:
        assert read(**variables)[:2] == starttls_and_tls


class TestValues:
    def test_a_password_is_taken_as_it_is_and_addresses_are_a_list(self) -> None:
        found = read(SMTP_PASS="$HOME, sweet", ALERT_EMAILS="a@example.com, b@example.com,")

        assert found[2:] == ("$HOME, sweet", ["a@example.com", "b@example.com"])
