"""`manage.py bench`: list the benches; `manage.py bench NAME --json`: run one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from batchops.errors import BatchOpsError
from batchops.management import benches

ALL = "all"


class Command(BaseCommand):
    help = "Measure the product on this machine. Without a name it lists what can be measured."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="which bench to run; `all` runs every one")
        parser.add_argument("--json", action="store_true", help="print one JSON object a bench")

    def handle(self, *args: Any, **options: Any) -> None:
        known, name = benches.registered(), options["name"]
        if name is None:
            for bench in known.values():
                self.stdout.write(f"{bench.name:12} {bench.what}")
            return
        if name not in {*known, ALL}:
            raise CommandError(f"No bench '{name}'. Known are: {', '.join([*known, ALL])}.")
        for bench in known.values() if name == ALL else [known[name]]:
            self._run(bench, as_json=options["json"])

    def _run(self, bench: benches.Bench, *, as_json: bool) -> None:
        try:
            figures = bench.run()
        except BatchOpsError as error:
            raise CommandError(error.message) from error
        if as_json:
            self.stdout.write(json.dumps({"bench": bench.name, **figures}))
            return
        self.stdout.write(bench.name)
        for label, figure in figures.items():
            self.stdout.write(f"  {label:24} {figure}")
