from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import checks  # noqa: F401  (registers the system checks)
        from batchops.registry import fill

        fill("batchops.cluster.ticks", _register_ticks)
        fill("batchops.live.topics", _register_topics)


def _register_ticks() -> None:
    from alerts.tasks import TICKS
    from batchops.cluster.ticks import register

    for tick in TICKS:
        register(tick)


def _register_topics() -> None:
    from alerts.topics import TOPICS
    from batchops.live.topics import register

    for topic in TOPICS:
        register(topic)
