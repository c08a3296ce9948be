"""Give delivery tests a mail server that the settings point to, and the default channel."""

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from cryptography.fernet import Fernet

from alerts.lifecycle import seed_default_channel
from alerts.models import Channel
from tests.alerts.mailbox import Mailbox, serving
from tests.alerts.receivers import Receiver, receiving


@pytest.fixture
def mail_settings(settings: Any) -> Any:
    """Configure mail, with short times; the port is the test's to set."""
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 1
    settings.DEFAULT_FROM_EMAIL = "batchops@example.com"
    settings.ALERT_EMAILS = ["ops@example.com", "lead@example.com"]
    settings.PUBLIC_URL = "https://console.example"
    settings.MAIL_DEADLINE = timedelta(seconds=1.5)
    settings.MAIL_LEASE = timedelta(seconds=5)
    return settings


@pytest.fixture
def mailbox(mail_settings: Any) -> Iterator[Mailbox]:
    box = Mailbox()
    with serving(box) as port:
        mail_settings.EMAIL_PORT = port
        yield box


@pytest.fixture
def channel(db: None) -> Channel:
    return seed_default_channel()


@pytest.fixture
def hook_settings(settings: Any) -> Any:
    """Seal secrets, and let webhooks reach loopback."""
    settings.BATCHOPS_SECRETS_KEYS = [Fernet.generate_key().decode()]
    settings.WEBHOOK_INSIDE = [ip_network("127.0.0.1/32")]
    settings.PUBLIC_URL = "https://console.example"
    return settings


@pytest.fixture
def receiver(hook_settings: Any) -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
