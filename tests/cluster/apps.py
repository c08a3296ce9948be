"""Two ticks for the tests: one that tells of itself, one that fails each time."""

import os
from datetime import timedelta
from pathlib import Path

from django.apps import AppConfig

from batchops.cluster.ticks import Tick, register


class TellingTicks(AppConfig):
    name = "tests.cluster"
    label = "telling_ticks"

    def ready(self) -> None:
        every = timedelta(seconds=0.2)
        register(Tick(name="a-fails", cluster="jobs", every=every, run=fail))
        register(Tick(name="b-tells", cluster="jobs", every=every, run=tell))


def fail() -> None:
    raise ValueError("this tick always fails")


def tell() -> None:
    with Path(os.environ["ANSWERS"]).open("a") as file:
        file.write(f"tick {os.getpid()}\n")
