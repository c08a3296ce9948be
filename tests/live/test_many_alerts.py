"""Ten thousand alerts that open in one transaction: on screens, and in one mail."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from alerts import deliver
from alerts.lifecycle import reconcile
from alerts.models import Alert, Delivery
from batchops.models import User
from tests.alerts.conftest import mail_settings, mailbox
from tests.alerts.findings import finding
from tests.alerts.mailbox import Mailbox
from tests.live.conftest import Screen
from tests.people import logged_in, person
from tests.unguarded import unguarded

__all__ = ["mail_settings", "mailbox"]

pytestmark = [pytest.mark.django_db, pytest.mark.processes]
ALERTS = 10_000


@pytest.fixture
def viewer(_django_db_helper: None) -> Iterator[User]:
    user = person("Viewer", "banner viewer")
    yield user
    with unguarded():
        Alert.objects.all().delete()
        user.delete()


def test_the_banner_counts_them_at_once_and_one_mail_tells_them(
    viewer: User,
    open_screen: Callable[..., Screen],
    mailbox: Mailbox,
    record_property: Callable[..., None],
) -> None:
    screen = open_screen(logged_in(viewer))
    screen.watch("alerts")

    found = [
        finding(f"k{n}", message="\u0995" * (900 if n >= ALERTS - 50 else 9)) for n in range(ALERTS)
    ]
    reconcile("FAILED", found, at=timezone.now(), actor="system:test")
    committed = time.monotonic()
    frame = screen.frames_until(lambda f: f["data"]["total"] > 0)[-1]

    record_property("commit_to_frame_s", round(time.monotonic() - committed, 3))
    assert frame["data"]["total"] == ALERTS
    counts = frame["data"]["countsByType"]
    assert {rule: count for rule, count in counts.items() if count} == {"FAILED": ALERTS}
    assert len(frame["data"]["alerts"]) == 50

    assert deliver.deliver_due() == 1
    assert mailbox.subjects == [f"Batch Alert: {ALERTS} alerts"]
    text = mailbox.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"failed: {ALERTS}" in text
    assert f"and {ALERTS - 20} more" in text
    assert Alert.objects.filter(email_sent=True).count() == ALERTS
    assert Delivery.objects.filter(state="sent").count() == ALERTS
