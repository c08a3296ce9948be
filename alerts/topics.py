"""Say what alerts push: the open ones, with their counts."""

from alerts.bodies import active_alerts_body
from batchops.live.topics import Topic

TOPICS = [
    Topic(
        name="alerts",
        permission="alerts.view_alert",
        read=lambda _key: dict(active_alerts_body()),
    ),
]
