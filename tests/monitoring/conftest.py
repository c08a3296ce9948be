from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from alerts.models import Alert
from monitoring import poll as polling
from monitoring.models import Poll
from tests.monitoring.source import FakeCcb


@pytest.fixture
def ccb(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> FakeCcb:
    fake = FakeCcb()
    settings.CCB_URL = "postgresql://reader@nowhere/ccb"
    settings.CCB_CLOCK_SPEED = 1
    monkeypatch.setattr(polling, "read_snapshot", fake.read_snapshot)
    return fake


@pytest.fixture
def poll(db: None, ccb: FakeCcb) -> Callable[[], Poll]:
    return lambda: polling.poll_now(actor="system:test")


@pytest.fixture
def open_rules(db: None) -> Callable[[], list[str]]:
    return lambda: list(Alert.objects.active().order_by("rule").values_list("rule", flat=True))


@pytest.fixture
def made_stale() -> Iterator[Callable[[], None]]:
    """Move every poll so far back that the picture is stale."""

    def move() -> None:
        for made in Poll.objects.all():
            Poll.objects.filter(pk=made.pk).update(started_at=made.started_at - timedelta(hours=2))

    yield move
