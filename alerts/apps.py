from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import checks, tasks, topics  # noqa: F401 - checks register themselves
        from batchops.cluster import ticks
        from batchops.live.topics import register

        for topic in topics.TOPICS:
            register(topic)
        for tick in tasks.TICKS:
            ticks.register(tick)
