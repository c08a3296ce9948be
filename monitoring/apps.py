from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from batchops.calendar import tell_day_start
        from batchops.cluster import ticks
        from batchops.live.topics import register
        from monitoring import queries, tasks, topics

        tell_day_start(lambda: queries.monitoring_config().day_start)
        for topic in topics.TOPICS:
            register(topic)
        for tick in tasks.TICKS:
            ticks.register(tick)
