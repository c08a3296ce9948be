"""Read CC&B now, and say what was seen."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime

from alerts.queries import count_open
from batchops.db import database_now
from batchops.errors import BatchOpsError
from monitoring import lifecycle, poll

ACTOR = "system:poll_ccb"


class Command(BaseCommand):
    help = "Read CC&B now and print what was seen; exit code 1 with a sentence when it fails."
    requires_system_checks = ["batchops"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--try-again",
            action="store_true",
            help="log in even though CC&B refused our login before",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["try_again"]:
            lifecycle.try_again(at=database_now(), actor=ACTOR)
        try:
            made = poll.poll_now(actor=ACTOR)
        except BatchOpsError as error:
            raise CommandError(error.message) from error
        if not made.succeeded:
            raise CommandError(made.error_message)
        counts = count_open()
        clock = f"{localtime(made.source_at):%Y-%m-%d %H:%M}"
        self.stdout.write(
            f"CC&B read in {made.took_s:.1f} s (its clock: {clock}): "
            f"{made.runs_read} runs seen, {made.runs_changed} changed, "
            f"{made.pending_imd} IMDs pending. Open alerts: {counts.total}."
        )
