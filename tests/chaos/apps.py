"""Make each process of the site impatient, and let its clock be shifted."""

from django.apps import AppConfig
from django.conf import settings

from tests.chaos import clock


class Broken(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from alerts import backoff

        backoff.FIRST_WAIT_S, backoff.LONGEST_WAIT_S = 0.5, 4.0
        clock.follow(settings.DATA_DIR / clock.FILE_NAME)
