"""Say what alerts push: the open ones, with their counts."""

from alerts.bodies import active_alerts_frame
from batchops.live.topics import Topic

TOPICS = [
    Topic(
        name="alerts",
        permission="alerts.view_alert",
        read=lambda _key: active_alerts_frame(),
    ),
]
