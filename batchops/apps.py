from datetime import timedelta

from django.apps import AppConfig


class BatchOpsConfig(AppConfig):
    name = "batchops"
    verbose_name = "People and machines"

    def ready(self) -> None:
        from batchops import checks  # noqa: F401  (registers the system checks)
        from batchops.registry import fill

        fill("batchops.cluster.ticks", _register_ticks)
        fill("batchops.live.topics", _register_topics)


def _register_ticks() -> None:
    from batchops import tallies
    from batchops.cluster import ticks

    # Who starts jobs by schedule counts what it was refused; web servers keep their own notes.
    ticks.register(ticks.Tick("batchops.tallies", "watch", timedelta(seconds=10), tallies.keep))


def _register_topics() -> None:
    from batchops.cluster.topics import HEALTH
    from batchops.live.topics import register

    register(HEALTH)
