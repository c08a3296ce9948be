from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from batchops.cluster import ticks
        from batchops.live.topics import register
        from monitoring import tasks, topics

        for topic in topics.TOPICS:
            register(topic)
        for tick in tasks.TICKS:
            ticks.register(tick)
