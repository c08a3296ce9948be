"""Let a real cluster know the job types that misbehave on purpose."""

from django.apps import AppConfig


class Misbehaving(AppConfig):
    name = "tests.jobs.harness"
    label = "misbehaving"

    def ready(self) -> None:
        from tests.jobs import files  # noqa: F401  (registers its types)
        from tests.jobs.harness import crash, types  # noqa: F401

        crash.arm()
