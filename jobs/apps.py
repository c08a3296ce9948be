from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from batchops.registry import fill
        from jobs import checks  # noqa: F401  (registers the system checks)
        from jobs.types.bill_stop import models  # noqa: F401  (a type with tables of its own)

        fill("jobs.registry", _register_types)
        fill("batchops.cluster.ticks", _register_ticks)
        fill("batchops.cluster.ends", _register_ends)
        fill("batchops.live.topics", _register_topics)


def _register_types() -> None:
    # Importing them registers the types.
    from jobs.types import document, drill, enrich, external, file_batch  # noqa: F401
    from jobs.types.bill_stop import job_type  # noqa: F401


def _register_ticks() -> None:
    from jobs import judge, missed, retention, sampling, scheduling, statistics, sweep
    from jobs.types import document

    for module in (sweep, judge, scheduling, missed, retention, sampling, statistics, document):
        module.register_ticks()


def _register_ends() -> None:
    from jobs import sweep

    sweep.register_ends()


def _register_topics() -> None:
    from jobs import topics
    from jobs.types.bill_stop import topic

    topics.register_topics()
    topic.register_topic()
