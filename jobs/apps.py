from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs import judge, missed, retention, scheduling, statistics
        from jobs.sweep import register_duties
        from jobs.topics import register_topics

        # Importing them registers the types.
        from jobs.types import bill_stop, document, drill, enrich, external, file_batch  # noqa: F401

        register_duties()
        judge.register_duties()
        scheduling.register_duties()
        missed.register_duties()
        retention.register_duties()
        statistics.register_duties()
        document.register_duties()
        register_topics()
        bill_stop.register_topic()
