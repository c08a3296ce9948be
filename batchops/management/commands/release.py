"""Prepare the database and the static files for this version of the code."""

import json
import os
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from batchops.errors import Unavailable
from batchops.house import release
from batchops.web.first_data import load_first_data


class Command(BaseCommand):
    help = (
        "Waits for the database, migrates it as its owner (DATABASE_OWNER_URL), collects static "
        "files, loads the first data, makes the user admin if there is nobody yet and "
        "BATCHOPS_ADMIN_PASSWORD is set, and checks the settings. Safe to repeat, also at once."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with release.as_owner():
                release.wait_for_database()
                with release.alone():
                    admin_created = self._prepare()
        except Unavailable as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps({"admin_created": admin_created}))

    def _prepare(self) -> bool:
        self._say("Checking the settings")
        call_command("check", stdout=self.stderr)
        self._say("Migrating the database")
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stderr)
        collected = release.collect_static_files()
        self._say("Collected the static files" if collected else "Static files are as they were")
        load_first_data()
        self._say("First data is in place")
        return release.make_first_user(os.environ.get("BATCHOPS_ADMIN_PASSWORD", ""))

    def _say(self, text: str) -> None:
        # Standard output carries nothing but the JSON.
        self.stderr.write(text, self.style.SUCCESS)
