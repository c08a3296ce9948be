from datetime import timedelta

from django.apps import AppConfig


class BatchOpsConfig(AppConfig):
    name = "batchops"
    verbose_name = "People and machines"

    def ready(self) -> None:
        from batchops import (
            checks,  # noqa: F401  (registers the system checks)
            tallies,
        )
        from batchops.cluster import ticks
        from batchops.cluster.ticks import Tick
        from batchops.cluster.topics import HEALTH
        from batchops.live.topics import register

        register(HEALTH)
        # Who starts jobs by schedule counts what it was refused; web servers keep their own notes.
        ticks.register(Tick("batchops.tallies", "watch", timedelta(seconds=10), tallies.keep))
