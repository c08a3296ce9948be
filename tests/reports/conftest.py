"""Give tests of reports a CC&B that can be put to any moment, and readers."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from alerts.models import Bulletin
from monitoring.models import Poll
from tests.alerts.conftest import mail_settings, mailbox
from tests.monitoring.conftest import ccb, poll
from tests.monitoring.source import TODAY, FakeCcb

__all__ = ["ccb", "mail_settings", "mailbox", "poll"]

ZONE = ZoneInfo("Asia/Dhaka")
MoveClock = Callable[..., Poll]


def wall(clock: time, *, day: date = TODAY) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZONE)


@pytest.fixture
def clock(ccb: FakeCcb, poll: Callable[[], Poll]) -> MoveClock:
    """Move the site's clock: CC&B is read then, and its clock is what business days go by."""

    def move(hour: int, minute: int = 0, *, day: date = TODAY) -> Poll:
        ccb.clock = wall(time(hour, minute, 30), day=day)
        return poll()

    return move


@pytest.fixture
def bulletin(db: None, mail_settings: Any) -> Callable[..., Bulletin]:
    """Switch a bulletin on that was set long ago."""

    def on(kind: str = "daily_report", **given: Any) -> Bulletin:
        values = {
            "name": kind,
            "recipients": "chief@example.com\nlead@example.com",
            "enabled": True,
            "set_at": timezone.now() - timedelta(days=40),
            **given,
        }
        found: Bulletin = Bulletin.objects.update_or_create(
            kind=kind, name=values.pop("name"), defaults=values
        )[0]
        return found

    return on
