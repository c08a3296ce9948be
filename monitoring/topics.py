"""Say what monitoring pushes: today's timeline."""

from typing import Any

from django.utils import timezone

from batchops.live.topics import Topic
from monitoring import timeline


def read_workflow(_key: str) -> dict[str, Any]:
    return dict(timeline.facts([None], at=timezone.now(), brief=True))


TOPICS = [Topic(name="workflow", permission="monitoring.view_run", read=read_workflow)]
