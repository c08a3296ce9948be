"""`manage.py bench`: list the benches; `manage.py bench NAME --json`: run one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batchops.management import benches


class Command(BaseCommand):
    help = "Measure the product on this machine. Without a name it lists what can be measured."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="which bench to run")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        known = benches.registered()
        name = options["name"]
        if name is None:
            for bench in known.values():
                self.stdout.write(f"{bench.name:12} {bench.what}")
            return
        if name not in known:
            raise CommandError(f"No bench '{name}'. Known are: {', '.join(known)}.")
        figures = known[name].run()
        if options["json"]:
            self.stdout.write(json.dumps({"bench": name, **figures}))
            return
        for label, figure in figures.items():
            self.stdout.write(f"{label:24} {figure}")
