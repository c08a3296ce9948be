"""Every page as axe-core judges it: names, roles, contrast, sizes, landmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from alerts.lifecycle import reconcile
from alerts.models import Alert
from alerts.states import Finding, Severity
from batchops.models import User
from jobs import lifecycle
from jobs.models import Job
from jobs.start import Order, checked
from tests.browser.conftest import Visit
from tests.browser.test_pages import PAGES
from tests.browser.visitor import Visitor

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# The label of the lists' search is an icon with a text of its own, which that rule does not see.
RUN = """axe.run(document, {
  resultTypes: ['violations'], preload: false, runOnly: %s,
  rules: {'label-title-only': {enabled: false}},
})"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def job(people: Callable[..., User]) -> Iterator[Job]:
    order = Order(type="drill", params={"items": 3, "ms": 1})
    yield lifecycle.create(checked(order, actor="user:axe"))
    empty(Job)


@pytest.fixture
def alert(people: Callable[..., User]) -> Iterator[Alert]:
    finding = Finding(
        key="CM-DMRU 1/0",
        severity=Severity.CRITICAL,
        message="Batch CM-DMRU failed",
        batch_code="CM-DMRU",
        business_date=date(2026, 3, 11),
    )
    reconcile("FAILED", [finding], at=timezone.now(), actor="system:test")
    yield Alert.objects.get()
    empty(Alert)


def empty(model: type[Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'TRUNCATE "{model._meta.db_table}" CASCADE')


def violations(visitor: Visitor) -> list[str]:
    """Return what axe-core finds wrong: the rule and where."""
    visitor.page.wait_for_selector("[data-live-status=live]", state="attached")
    visitor.page.evaluate(AXE)
    found: dict[str, Any] = visitor.page.evaluate(RUN % RULES)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


class TestEveryPage:
    @pytest.mark.parametrize("path", PAGES)
    def test_it_has_no_violation(self, visit: Visit, path: str) -> None:
        visitor = visit(bypass_csp=True)  # axe-core measures by inline styles
        visitor.go(path)

        assert violations(visitor) == []

    def test_a_job_has_none_and_its_lists_neither(self, visit: Visit, job: Job) -> None:
        visitor = visit(bypass_csp=True)  # axe-core measures by inline styles
        found = {}
        for path in ("", "jobs/", f"jobs/{job.pk}/", f"jobs/{job.pk}/cancel/"):
            visitor.go(f"/admin/{path}")
            found[path] = violations(visitor)

        assert not any(found.values()), found

    def test_an_alert_has_none_and_its_lists_neither(self, visit: Visit, alert: Alert) -> None:
        visitor = visit(bypass_csp=True)  # axe-core measures by inline styles
        found = {}
        for path in ("", "alerts/alert/", f"alerts/alert/{alert.pk}/change/"):
            visitor.go(f"/admin/{path}")
            found[path] = violations(visitor)

        assert not any(found.values()), found
