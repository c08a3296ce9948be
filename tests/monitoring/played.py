"""Play a simulated day poll by poll: real tables, a real connection, no waiting and no process."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from alerts.states import Finding
from batchops.ccb import client
from batchops.ccb.simulator import Simulator
from monitoring import poll as polling
from monitoring.errors import SnapshotOutdated
from monitoring.lifecycle import Asked
from monitoring.models import Poll, Run
from monitoring.rules import judging
from monitoring.rules.facts import Picture
from tests.ccb.conftest import ZONE, CcbDatabase
from tests.ccb.here import read_here

DAY = date(2026, 11, 18)  # a Wednesday, and no month's end


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@dataclass
class PlayedSite:
    """A simulated CC&B and the console that watches it, both by the simulated clock."""

    database: CcbDatabase
    simulator: Simulator
    patch: pytest.MonkeyPatch
    now: datetime = field(default=at(5))

    def __post_init__(self) -> None:
        self.patch.setattr(client, "read_lines", read_here)
        self.patch.setattr(polling, "database_now", lambda: self.now)
        self.patch.setattr(settings, "CCB_URL", self.database.reader_url)
        self.patch.setattr(settings, "CCB_CLOCK_SPEED", 1)

    def begin(self, scenario: str, *, seed: int = 1) -> None:
        self.now = at(5)
        self.simulator.begin(day=DAY, scenario=scenario, seed=seed)

    def poll_at(self, moment: datetime) -> Poll:
        self.now = moment
        self.simulator.advance(to=moment)
        return polling.poll_now(actor="system:test")

    def be_killed_at(self, moment: datetime) -> None:
        """Make a poll whose process is ended after the runs are stored and judged in part."""
        self.now = moment
        self.simulator.advance(to=moment)
        asked = Asked(None, "system:test", moment)
        snapshot, before = polling.read(asked), _stored()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(judging, "judge", _die)
            with suppress(Killed):
                polling.store(snapshot, asked)
        assert _stored() == before

    def store_outdated(self, began_at: datetime) -> None:
        """Store a reading that began before the last stored one: it is put aside."""
        asked = Asked(None, "system:test", began_at)
        with pytest.raises(SnapshotOutdated):
            polling.store(polling.read(asked), asked)


class Killed(BaseException):
    """What ends a process in the middle."""


def _die(picture: Picture) -> dict[str, list[Finding]]:
    raise Killed


def _stored() -> list[tuple[Any, ...]]:
    runs = Run.objects.filter(business_date=DAY).order_by("id")
    return [*runs.values_list("id", "state", "heartbeat"), (Poll.objects.count(),)]


class Undo(Exception):
    """What takes back a block."""


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block stores."""
    with suppress(Undo), transaction.atomic():
        yield
        raise Undo
