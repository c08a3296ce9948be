"""Prove that the backup of this site can be restored."""

import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError

from batchops.errors import BatchOpsError
from batchops.management.restore import drill


class Command(BaseCommand):
    help = (
        "Dump the database (or take a dump of your own), restore it into an empty one, compare "
        "every table and check what must always hold. Nothing is changed in the site's database."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--into", required=True, help="postgres://... of an empty database, left as restored"
        )
        parser.add_argument("--dump", type=Path, help="a dump made by pg_dump --format=custom")

    def handle(self, *args: Any, **options: Any) -> None:
        source = os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL", "")
        if not source and not options["dump"]:
            raise CommandError("Set DATABASE_OWNER_URL to the database to dump, or give --dump.")
        began = time.monotonic()
        try:
            outcome = drill(source, into=options["into"], dump=options["dump"])
        except (BatchOpsError, psycopg.Error, OSError) as error:
            raise CommandError(f"The drill did not end. {error}") from error
        for problem in outcome.problems:
            self.stderr.write(f"  {problem}")
        if outcome.problems:
            raise CommandError("What was restored is not what was. Do not trust this backup.")
        self.stdout.write(
            f"Restored {outcome.rows:,} rows of {outcome.tables} tables from a dump of "
            f"{outcome.dump_bytes:,} bytes in {time.monotonic() - began:.1f} s; all as it was, and "
            "everything holds that must."
        )
