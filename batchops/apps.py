from django.apps import AppConfig


class BatchOpsConfig(AppConfig):
    name = "batchops"
    verbose_name = "People and machines"

    def ready(self) -> None:
        from batchops import checks  # noqa: F401  (registers the system checks)
        from batchops.cluster.topics import HEALTH
        from batchops.live.topics import register

        register(HEALTH)
