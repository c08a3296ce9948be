"""What an open page shows when nothing tells it that CC&B is no longer read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitoring import queries
from monitoring.models import Poll, Run
from tests.browser.conftest import Visit


@pytest.fixture
def soon_stale(web: Any, django_db_blocker: Any) -> Iterator[None]:
    """A running step whose picture becomes stale a few seconds from now."""
    with django_db_blocker.unblock():
        now = timezone.now()
        seen_at = now + timedelta(seconds=6) - queries.freshness(now).stale_after
        poll = Poll.objects.create(
            started_at=seen_at, took_s=1, asked_by="test", succeeded=True, source_at=seen_at
        )
        run = Run.objects.create(
            batch_code="CM-DMRU",
            source_batch_cd="CM-DMRU",
            batch_nbr=1,
            state="running",
            started_at=seen_at,
            business_date=queries.freshness(now).today,
            created_at=seen_at,
        )
        yield
        run.delete()
        poll.delete()


class TestStaleWhileOpen:
    @pytest.mark.usefixtures("soon_stale")
    def test_what_runs_becomes_unknown_though_nothing_arrives(self, visit: Visit) -> None:
        visitor = visit("Viewer")
        visitor.go("/admin/")
        step = visitor.page.locator('[data-step="CM-DMRU"]')
        assert step.get_attribute("data-state") == "running"

        visitor.page.wait_for_selector(
            '[data-step="CM-DMRU"][data-state="unknown"]', timeout=15_000
        )
