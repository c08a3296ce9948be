from datetime import time

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from batchops.calendar import tell_day_start
        from batchops.registry import fill

        tell_day_start(_day_start)
        fill("batchops.cluster.ticks", _register_ticks)
        fill("batchops.live.topics", _register_topics)


def _day_start() -> time:
    from monitoring.queries import monitoring_config

    return monitoring_config().day_start


def _register_ticks() -> None:
    from batchops.cluster.ticks import register
    from monitoring.tasks import TICKS

    for tick in TICKS:
        register(tick)


def _register_topics() -> None:
    from batchops.live.topics import register
    from monitoring.topics import TOPICS

    for topic in TOPICS:
        register(topic)
