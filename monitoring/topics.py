"""Say what monitoring pushes: today's timeline, tests of forecasts, how far a replay is."""

from typing import Any

from django.utils import timezone

from batchops.live.topics import Topic
from monitoring import accuracy, timeline
from monitoring.models import Replay


def read_workflow(_key: str) -> dict[str, Any]:
    return dict(timeline.facts([None], at=timezone.now(), brief=True))


def read_accuracy(_key: str) -> dict[str, Any]:
    tested_at = accuracy.last_tested_at()
    return {"lastTested": tested_at and tested_at.isoformat()}


def read_replay(key: str) -> dict[str, Any] | None:
    """Return how far a replay is, None when there is none."""
    found = Replay.objects.filter(pk=int(key)).first() if key.isdecimal() else None
    if found is None:
        return None
    return {
        "state": found.state,
        "daysDone": found.days_done,
        "days": found.days,
        "applied": found.applied_at is not None,
    }


TOPICS = [
    Topic(name="workflow", permission="monitoring.view_run", read=read_workflow),
    Topic("accuracy", "monitoring.view_run", read_accuracy),
    Topic("replay", "monitoring.view_rulesetting", read_replay, keyed=True),
]
