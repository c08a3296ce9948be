"""Say how the site is, and what to do."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from batchops.doctor.examination import examine
from batchops.doctor.findings import Found, Mark


class Command(BaseCommand):
    help = "Look at everything an operator would ask about; exit code 0 well, 1 warnings, 2 bad."
    # What they find is part of the answer.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine()
        worst = max(each.mark for each in found)
        if options["json"]:
            lines = [asdict(each) | {"mark": each.mark.name} for each in found]
            self.stdout.write(json.dumps({"mark": worst.name, "checks": lines}, indent=2))
        else:
            self._tell(found)
        if worst:
            sys.exit(int(worst))

    def _tell(self, found: list[Found]) -> None:
        colours = {
            Mark.OK: self.style.SUCCESS,
            Mark.WARN: self.style.WARNING,
            Mark.FAIL: self.style.ERROR,
        }
        for each in found:
            mark = colours[each.mark](f"{each.mark.name:<4}")
            self.stdout.write(f"{mark}  {each.subject}: {each.seen}")
            if each.remedy:
                self.stdout.write(f"      -> {each.remedy}")
        counts = {mark: sum(each.mark is mark for each in found) for mark in Mark}
        self.stdout.write(", ".join(f"{n} {mark.name}" for mark, n in counts.items()))
