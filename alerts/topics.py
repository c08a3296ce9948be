"""Say what alerts push: the open ones with their counts, and which reports were mailed."""

from alerts.bodies import active_alerts_frame, bulletins_frame
from batchops.live.topics import Topic

TOPICS = [
    Topic(
        name="alerts",
        permission="alerts.view_alert",
        read=lambda _key: active_alerts_frame(),
    ),
    Topic(
        name="bulletins",
        permission="alerts.view_report",
        read=lambda _key: bulletins_frame(),
    ),
]
