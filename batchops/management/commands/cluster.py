"""Run one of the two clusters until it is asked to stop."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_q.conf import Conf

from batchops.cluster.ticks import CLUSTERS
from batchops.cluster.wrapper import Wrapper


class Command(BaseCommand):
    help = "Run the workers of one cluster: 'jobs' does items, 'watch' polls and delivers."
    requires_system_checks = ["batchops"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=CLUSTERS)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if name != Conf.CLUSTER_NAME:
            self._start_again_as(name)
        raise SystemExit(Wrapper(name).run())

    def _start_again_as(self, name: str) -> None:
        """Replace this process: django-q2 reads the cluster's name once, while Django starts."""
        if os.environ.get("Q_CLUSTER_NAME") == name:
            raise CommandError(f"Q_CLUSTER in settings.py describes no cluster named '{name}'.")
        os.environ["Q_CLUSTER_NAME"] = name
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (no input)
