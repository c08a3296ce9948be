"""Alerts that open while a page is open, and the hands of who has only a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone
from playwright.sync_api import Locator, Page

from alerts.lifecycle import reconcile
from alerts.models import Alert
from alerts.states import Finding, Severity
from tests.unguarded import unguarded

FOCUS_RING = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}"""


def find(rule: str, *keys: str, severity: Severity = Severity.CRITICAL) -> None:
    """Let a rule find exactly these: what is new opens, what is missing resolves."""
    findings = [
        Finding(key=key, severity=severity, message=f"{key} is in trouble", batch_code=key)
        for key in keys
    ]
    reconcile(rule, findings, at=timezone.now(), actor="system:test")


@contextmanager
def no_alerts_left() -> Iterator[None]:
    yield
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(f'TRUNCATE "{Alert._meta.db_table}" CASCADE')


def tab_to(page: Page, wanted: Locator, *, presses: int = 60) -> None:
    """Press Tab until the focus is there, and see that one sees it."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            break
    else:
        raise AssertionError(f"{presses} presses of Tab never reached {wanted}")
    assert page.evaluate(FOCUS_RING), f"{wanted} has the focus, but nobody sees it"
